import type { SilentResult } from '../../../shared/contract/models.ts';
import { reaches } from '../../../shared/domain/flag-when.ts';
import { StudyId } from '../../../shared/domain/ids.ts';
import type { Permission } from '../../../shared/domain/permissions.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import type { InstalledModel } from './models.ts';
import { aboutModel } from './move-exposure.ts';
import { flagWhenOf, thresholdsFor } from './operating-point-rows.ts';
import { scoresOf } from './run-scores.ts';
import { type ReadingFacts, truthOf } from './truths.ts';

/** Walks runs_said_silently backwards from the key, and no row beside it. */
export const LIST_BEFORE = `
  SELECT run_id AS runId, study_id AS studyId, queued_at_ms AS queuedAtMs, finished_at_ms AS finishedAtMs FROM runs
   WHERE site_id = @siteId AND model_digest = @digest AND (queued_at_ms, run_id) < (@atMs, @runId)
     AND stage = 'silent' AND state = 'finished'
   ORDER BY queued_at_ms DESC, run_id DESC LIMIT @limit
`;
const NOTE_VIEW = `
  INSERT INTO silent_views (study_id, user_id, digest, shown_at_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING
`;
/** So many rows are read together, however few are asked for, and more each time: most may be left out, or all. */
const AT_ONCE = { first: 100, most: 3200 } as const;
type SilentRow = {
  readonly runId: string;
  readonly studyId: string;
  readonly queuedAtMs: number;
  readonly finishedAtMs: number;
};
const FIRST = { atMs: Number.MAX_SAFE_INTEGER, runId: '' };

/** True of whoever may report a study, or say what is in it: what silent models said is not theirs to see before its report is final. */
export function mayReport(permissions: readonly Permission[]): boolean {
  return permissions.includes('study.open') || permissions.includes('truth.record');
}

/** A window of what a version said silently, newest first, for one who may see it: of what they may report, only what is final. */
export type ResultsQuestion = {
  readonly siteId: string;
  readonly model: InstalledModel;
  readonly after: string | undefined;
  readonly limit: number;
  readonly permissions: readonly Permission[];
};

/** Reads silent results; `next` is where the following window begins. Nothing is told of those that are left out. */
export function listSilentResults(
  db: ReadableDb,
  { siteId, model, after, limit, permissions }: ResultsQuestion,
  facts: ReadingFacts,
): { readonly results: SilentResult[]; readonly next: string | null } {
  const { flagFrom } = thresholdsFor(db, siteId, model);
  const hides = mayReport(permissions);
  const shown: SilentRow[] = [];
  let key = keyOf(after);
  let isWhole = false;
  let atOnce: number = AT_ONCE.first;
  // Read on until the window is full and one result beyond it: neither its length nor its key tells of what was left out.
  while (shown.length <= limit && !isWhole) {
    const rows = prepared<SilentRow>(db, LIST_BEFORE).all({ siteId, digest: model.digest, limit: atOnce, ...key });
    shown.push(...rows.filter(({ studyId }) => !hides || facts.isFinal(studyId)));
    const last = rows.at(-1);
    isWhole = rows.length < atOnce || last === undefined;
    atOnce = Math.min(2 * atOnce, AT_ONCE.most);
    if (last !== undefined) key = { atMs: last.queuedAtMs, runId: last.runId };
  }
  const window = shown.slice(0, limit);
  const last = shown.length > limit ? window.at(-1) : undefined;
  return {
    results: window.map(({ runId, studyId, finishedAtMs }) => ({
      ...{ runId, studyId: StudyId.parse(studyId), finishedAtMs },
      labels: [...scoresOf(db, runId)].map(([label, score]) => {
        const truth = truthOf(db, studyId, model, label, facts);
        const threshold = flagFrom[label] ?? null;
        return {
          ...{ label, score, isFlagged: reaches(score, threshold, flagWhenOf(model.manifest, label)) },
          truth: truth.state === 'known' ? truth.isPresent : null,
        };
      }),
    })),
    next: last === undefined ? null : `${last.queuedAtMs}~${last.runId}`,
  };
}

/** Keeps who is shown which silent results, before they are: their word on those studies is no truth any more. */
export function noteResultsShown(
  db: WritableDb,
  input: {
    readonly siteId: string;
    readonly digest: string;
    readonly studyIds: readonly string[];
    readonly userId: string;
    readonly atMs: number;
  },
): void {
  const { siteId, digest, studyIds, userId, atMs } = input;
  inTransaction(db, () => {
    for (const studyId of studyIds) prepared(db, NOTE_VIEW).run(studyId, userId, digest, atMs);
    appendEvent(db, {
      kind: 'silent-results-read',
      payload: { digest, results: studyIds.length },
      ...aboutModel(siteId, { kind: 'user', id: userId }, atMs),
    });
  });
}

function keyOf(after: string | undefined): { readonly atMs: number; readonly runId: string } {
  const [, atMs, runId] = /^(\d+)~(.+)$/.exec(after ?? '') ?? [];
  return atMs === undefined || runId === undefined ? FIRST : { atMs: Number(atMs), runId };
}
