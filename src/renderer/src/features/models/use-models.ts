import { keepPreviousData, skipToken, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import type {
  CoverageLimits,
  ModelDrift,
  ModelFigures,
  ModelOverview,
  ModelRun,
  Verification,
} from '../../../../shared/contract/model-figures.ts';
import type {
  AcceptanceCard,
  AcceptanceReport,
  Discordance,
  ExposureRecord,
  ModelCard,
  ModelDetail,
  ModelReader,
  PilotPreview,
  RefusedPackage,
  SilentResult,
  VersionComparison,
} from '../../../../shared/contract/models.ts';
import type { PilotScope } from '../../../../shared/domain/exposure.ts';
import { type Answer, answerOf } from '../../bridge/answer.ts';
import { failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';

const LOOK_EVERY_MS = 15_000;

/** A model with its figures; none where nothing of it was measured yet. */
export type ListedModel = { readonly card: ModelCard; readonly figures: ModelOverview | null };

/** As people count: 2 before 10. */
const byName = (one: string, other: string): number => one.localeCompare(other, 'en', { numeric: true });

/** Every model that the caller may know of, and the limits its coverage is held against. */
export function useModels(): Answer<{ readonly models: readonly ListedModel[]; readonly limits: CoverageLimits }> {
  const cards: Answer<ModelCard[]> = answerOf(
    useQuery({ ...station.models.list.queryOptions(), refetchInterval: LOOK_EVERY_MS }),
  );
  const figures: Answer<{ models: ModelOverview[]; limits: CoverageLimits }> = answerOf(
    useQuery({ ...station.modelFigures.overview.queryOptions(), refetchInterval: LOOK_EVERY_MS }),
  );
  if (cards.state !== 'ready') return cards;
  if (figures.state !== 'ready') return figures;
  const byDigest = new Map(figures.data.models.map((one) => [one.digest, one]));
  const models = cards.data
    .map((card) => ({ card, figures: byDigest.get(card.digest) ?? null }))
    .toSorted(({ card: a }, { card: b }) => byName(a.name, b.name) || byName(b.version, a.version));
  return { state: 'ready', data: { models, limits: figures.data.limits } };
}

/** One model, with the steps that its caller may take. */
export function useModel(digest: string): Answer<ModelDetail> {
  return answerOf(
    useQuery({ ...station.models.get.queryOptions({ input: { digest } }), refetchInterval: LOOK_EVERY_MS }),
  );
}

/** What a model came to in the last days. */
export function useFigures(digest: string, days: number): Answer<ModelFigures> {
  return answerOf(
    useQuery({
      ...station.modelFigures.figures.queryOptions({ input: { digest, days } }),
      refetchInterval: LOOK_EVERY_MS,
    }),
  );
}

export function useDrift(digest: string): Answer<ModelDrift> {
  return answerOf(useQuery(station.modelFigures.drift.queryOptions({ input: { digest } })));
}

export function useGolden(digest: string): Answer<Verification[]> {
  return answerOf(useQuery(station.modelFigures.golden.queryOptions({ input: { digest } })));
}

export function useCard(digest: string): Answer<{ text: string | null }> {
  return answerOf(useQuery(station.modelFigures.card.queryOptions({ input: { digest } })));
}

export function useHistory(digest: string): Answer<ExposureRecord[]> {
  return answerOf(useQuery(station.models.history.queryOptions({ input: { digest } })));
}

export function useAcceptances(digest: string): Answer<AcceptanceCard[]> {
  return answerOf(useQuery(station.models.acceptances.queryOptions({ input: { digest } })));
}

/** Counted anew at each look, which stands on record: so it is asked for once, and by a person. */
export function useReport(digest: string, acceptanceId: string): Answer<AcceptanceReport> {
  return answerOf(
    useQuery({
      ...station.models.acceptanceReport.queryOptions({ input: { digest, acceptanceId } }),
      staleTime: Number.POSITIVE_INFINITY,
    }),
  );
}

/** Two versions of a model on the studies that both read. */
export function useComparison(digest: string, otherDigest: string): Answer<VersionComparison> {
  return answerOf(useQuery(station.models.comparison.queryOptions({ input: { digest, otherDigest } })));
}

/** Who may report at the site. */
export function useReaders(): Answer<ModelReader[]> {
  return answerOf(useQuery(station.models.readers.queryOptions()));
}

/** Which of the last studies a pilot of this scope would have shown; asked for while the scope can be one. */
export function usePilotPreview(digest: string, pilot: PilotScope | null): Answer<PilotPreview> {
  return answerOf(
    useQuery(
      station.models.pilotPreview.queryOptions({
        input: pilot === null ? skipToken : { digest, pilot, limit: 50 },
        placeholderData: keepPreviousData,
      }),
    ),
  );
}

/** Packages that cannot be used here; asked for by those alone who may know. */
export function useRefusedPackages(mayKnow: boolean): Answer<RefusedPackage[]> {
  return answerOf(
    useQuery({
      ...station.models.refusedPackages.queryOptions({ enabled: mayKnow }),
      refetchInterval: LOOK_EVERY_MS,
    }),
  );
}

/** Rows as far as they were asked for, page by page. */
export type Paged<Row> = Answer<readonly Row[]> & { readonly fetchMore: (() => void) | null };

export function useRuns(digest: string, which: RunsAsked): Paged<ModelRun> {
  const query = useInfiniteQuery(
    station.modelFigures.runs.infiniteOptions({
      input: (after) => ({ digest, ...which, after }),
      initialPageParam: undefined as string | undefined,
      getNextPageParam: (last) => last.next ?? undefined,
    }),
  );
  return pagedOf(query, ({ runs }) => runs);
}

/** Of all runs, those without a result, or those that ended for one reason. */
export type RunsAsked = { readonly only?: 'not-run'; readonly because?: string };

/** Seen once and kept: each look at them stands on record. */
const SEEN_ONCE = { staleTime: Number.POSITIVE_INFINITY } as const;

export function useSilentResults(digest: string): Paged<SilentResult> {
  const query = useInfiniteQuery(
    station.models.silentResults.infiniteOptions({
      input: (after) => ({ digest, after }),
      initialPageParam: undefined as string | undefined,
      getNextPageParam: (last) => last.next ?? undefined,
      ...SEEN_ONCE,
    }),
  );
  return pagedOf(query, ({ results }) => results);
}

export function useDiscordances(digest: string, otherDigest: string): Paged<Discordance> {
  const query = useInfiniteQuery(
    station.models.discordances.infiniteOptions({
      input: (after) => ({ digest, otherDigest, after }),
      initialPageParam: undefined as string | undefined,
      getNextPageParam: (last) => last.next ?? undefined,
      ...SEEN_ONCE,
    }),
  );
  return pagedOf(query, ({ discordances }) => discordances);
}

type PagedQuery<Page> = {
  readonly data: { readonly pages: readonly Page[] } | undefined;
  readonly isError: boolean;
  readonly error: unknown;
  readonly isFetching: boolean;
  readonly hasNextPage: boolean;
  readonly fetchNextPage: () => unknown;
  readonly refetch: () => unknown;
};

function pagedOf<Page, Row>(query: PagedQuery<Page>, rowsOf: (page: Page) => readonly Row[]): Paged<Row> {
  const fetchMore = query.hasNextPage && !query.isFetching ? () => void query.fetchNextPage() : null;
  if (query.data !== undefined) return { state: 'ready', data: query.data.pages.flatMap(rowsOf), fetchMore };
  if (!query.isError) return { state: 'loading', fetchMore: null };
  return {
    ...{ state: 'failed', failure: failureOf(query.error), retry: () => void query.refetch(), fetchMore: null },
  };
}
