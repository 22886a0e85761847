import type { Discordance, VersionComparison } from '../../../shared/contract/models.ts';
import { reaches } from '../../../shared/domain/flag-when.ts';
import { StudyId } from '../../../shared/domain/ids.ts';
import { prepared, type ReadableDb } from '../platform/store/database.ts';
import type { InstalledModel } from './models.ts';
import { flagWhenOf, thresholdsFor } from './operating-point-rows.ts';
import { rateOf } from './performance.ts';
import { type ReadingFacts, truthOf } from './truths.ts';

/** Walks runs_by_model, and runs_by_study for the other: what both read of each study, at the same revision. */
export const LIST_PAIRS = `
  SELECT a.study_id AS studyId, a.study_revision AS revision, a.round + b.round AS rounds, a.run_id AS runId, b.run_id AS otherRunId,
         max(a.queued_at_ms, b.queued_at_ms) AS atMs, s.label, s.score, t.score AS otherScore
    FROM runs a JOIN runs b ON b.study_id = a.study_id AND b.study_revision = a.study_revision AND b.model_digest = @otherDigest
    JOIN run_scores s ON s.run_id = a.run_id JOIN run_scores t ON t.run_id = b.run_id AND t.label = s.label
   WHERE a.site_id = @siteId AND a.model_digest = @digest AND a.state IN ('finished', 'superseded')
     AND b.state IN ('finished', 'superseded')
`;

/** Two versions of a model at a site, and whether only studies whose report is final may be told of. */
export type ComparisonQuestion = {
  readonly siteId: string;
  readonly model: InstalledModel;
  readonly other: InstalledModel;
  readonly finalOnly: boolean;
};

type Pair = {
  readonly studyId: string;
  readonly revision: number;
  /** How often both were owed it anew at that revision, because the patient is another. */
  readonly rounds: number;
  readonly runId: string;
  readonly otherRunId: string;
  /** When the later of both was owed. */
  readonly atMs: number;
  readonly label: string;
  readonly score: number;
  readonly otherScore: number;
};
/** With what each flags at its own operating point. */
type Judged = Pair & { readonly isFlagged: boolean; readonly otherIsFlagged: boolean };

/** Holds a version against another of its model on the studies that both read: how often they flag alike, and how far their scores lie apart. */
export function compareVersions(
  db: ReadableDb,
  question: ComparisonQuestion,
  facts: Pick<ReadingFacts, 'isFinal'>,
): VersionComparison {
  const { model, other } = question;
  const pairs = judgePairs(db, question, facts);
  return {
    ...{ digest: model.digest, otherDigest: other.digest, studies: new Set(pairs.map(({ studyId }) => studyId)).size },
    labels: [...Map.groupBy(pairs, ({ label }) => label)]
      .map(([label, of]) => {
        const count = (one: boolean, two: boolean) =>
          of.filter(({ isFlagged, otherIsFlagged }) => isFlagged === one && otherIsFlagged === two).length;
        const table = {
          ...{ both: count(true, true), onlyThis: count(true, false) },
          ...{ onlyOther: count(false, true), neither: count(false, false) },
        };
        return {
          ...{ label, ...table, agreement: rateOf(table.both + table.neither, of.length), kappa: kappaOf(table) },
          flagged: rateOf(table.both + table.onlyThis, of.length),
          otherFlagged: rateOf(table.both + table.onlyOther, of.length),
          difference: spreadOf(of.map(({ score, otherScore }) => score - otherScore)),
        };
      })
      .toSorted((a, b) => (a.label < b.label ? -1 : 1)),
  };
}

/** A window of the studies in which one version flags what the other does not, the newest first; `next` is where the following one begins. */
export function listDiscordances(
  db: ReadableDb,
  question: ComparisonQuestion & { readonly after: string | undefined; readonly limit: number },
  facts: ReadingFacts,
): { readonly discordances: Discordance[]; readonly next: string | null } {
  const { model, after, limit } = question;
  const key = (pair: Pair) => `${String(pair.atMs).padStart(16, '0')}~${pair.studyId}~${pair.label}`;
  const left = judgePairs(db, question, facts)
    .filter(({ isFlagged, otherIsFlagged }) => isFlagged !== otherIsFlagged)
    .map((pair) => ({ key: key(pair), pair }))
    .filter((one) => after === undefined || one.key < after)
    .toSorted((a, b) => (a.key < b.key ? 1 : -1));
  const shown = left.slice(0, limit);
  return {
    discordances: shown.map(({ pair: { revision: _revision, rounds: _rounds, ...pair } }) => {
      const truth = truthOf(db, pair.studyId, model, pair.label, facts);
      return {
        ...pair,
        studyId: StudyId.parse(pair.studyId),
        truth: truth.state === 'known' ? truth.isPresent : null,
      };
    }),
    next: left.length > limit ? (shown.at(-1)?.key ?? null) : null,
  };
}

function judgePairs(
  db: ReadableDb,
  { siteId, model, other, finalOnly }: ComparisonQuestion,
  facts: Pick<ReadingFacts, 'isFinal'>,
): readonly Judged[] {
  const newest = new Map<string, Pair>();
  for (const pair of prepared<Pair>(db, LIST_PAIRS).all({ siteId, digest: model.digest, otherDigest: other.digest })) {
    const key = `${pair.studyId} ${pair.label}`;
    const known = newest.get(key);
    const isNewer =
      known === undefined ||
      known.revision < pair.revision ||
      (known.revision === pair.revision && known.rounds < pair.rounds);
    if (isNewer) newest.set(key, pair);
  }
  const flagsOf = (one: InstalledModel) => {
    const { flagFrom } = thresholdsFor(db, siteId, one);
    return (label: string, score: number) => reaches(score, flagFrom[label] ?? null, flagWhenOf(one.manifest, label));
  };
  const [mine, theirs] = [flagsOf(model), flagsOf(other)];
  return [...newest.values()]
    .filter(({ studyId }) => !finalOnly || facts.isFinal(studyId))
    .map((pair) => ({
      ...pair,
      isFlagged: mine(pair.label, pair.score),
      otherIsFlagged: theirs(pair.label, pair.otherScore),
    }));
}

type Table = { readonly both: number; readonly onlyThis: number; readonly onlyOther: number; readonly neither: number };

/** Cohen's κ: the agreement beyond what two that flag as often would have by chance; null where chance alone agrees always. */
export function kappaOf({ both, onlyThis, onlyOther, neither }: Table): number | null {
  const n = both + onlyThis + onlyOther + neither;
  const [mine, theirs] = [(both + onlyThis) / n, (both + onlyOther) / n];
  const chance = mine * theirs + (1 - mine) * (1 - theirs);
  return n === 0 || chance === 1 ? null : ((both + neither) / n - chance) / (1 - chance);
}

function spreadOf(values: readonly number[]): VersionComparison['labels'][number]['difference'] {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  /** The nearest rank. */
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return {
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
    ...{ p5: at(0.05), p50: at(0.5), p95: at(0.95) },
    largest: sorted.reduce((far, value) => (Math.abs(value) > Math.abs(far) ? value : far), 0),
  };
}
