import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import type {
  CoverageLimits,
  FeatureDrift,
  ModelFigures,
  ModelOverview,
  ModelRun,
  Verification,
} from '../../../../shared/contract/model-figures.ts';
import type {
  AcceptanceCard,
  AcceptanceReport,
  ExposureRecord,
  ModelCard,
  ModelDetail,
} from '../../../../shared/contract/models.ts';
import { type Answer, answerOf } from '../../bridge/answer.ts';
import { failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';

const LOOK_EVERY_MS = 15_000;

/** A model with its figures; none where nothing of it was measured yet. */
export type ListedModel = { readonly card: ModelCard; readonly figures: ModelOverview | null };

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
  const models = cards.data.map((card) => ({ card, figures: byDigest.get(card.digest) ?? null }));
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

export function useDrift(digest: string): Answer<FeatureDrift[]> {
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

/** A model's runs, as far as they were asked for. */
export type Runs = Answer<readonly ModelRun[]> & { readonly fetchMore: (() => void) | null };

export function useRuns(digest: string, only: 'not-run' | undefined): Runs {
  const query = useInfiniteQuery(
    station.modelFigures.runs.infiniteOptions({
      input: (after) => ({ digest, only, after }),
      initialPageParam: undefined as string | undefined,
      getNextPageParam: (last) => last.next ?? undefined,
    }),
  );
  const fetchMore = query.hasNextPage && !query.isFetching ? () => void query.fetchNextPage() : null;
  if (query.data !== undefined)
    return { state: 'ready', data: query.data.pages.flatMap(({ runs }) => runs), fetchMore };
  if (query.isError)
    return {
      ...{ state: 'failed', failure: failureOf(query.error), retry: () => void query.refetch(), fetchMore: null },
    };
  return { state: 'loading', fetchMore: null };
}
