import type { RunAttempt } from '../../../shared/domain/receipt.ts';
import { canonicalPayload } from '../platform/ledger/event.ts';
import { listEvents } from '../platform/ledger/queries.ts';
import { prepared, type ReadableDb } from '../platform/store/database.ts';
import type { ExposureStage } from './models.ts';
import { IS_SHOWN } from './shown-runs.ts';
import { listAttempts } from './run-attempts.ts';
import { type SealedReceipt, sealReceipt } from './run-receipt.ts';

/** One run with the receipt it left; `receipt` is null until it ended. */
export type RunWithReceipt = {
  readonly runId: string;
  readonly siteId: string;
  readonly studyId: string;
  readonly revision: number;
  readonly modelDigest: string;
  readonly model: {
    readonly id: string;
    readonly name: string;
    readonly version: string;
    readonly clinicalUse: string;
  };
  readonly stage: ExposureStage;
  readonly state: 'queued' | 'running' | 'finished' | 'failed' | 'superseded';
  readonly reason: string | null;
  readonly provider: string | null;
  readonly queuedAtMs: number;
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
  readonly attempts: readonly RunAttempt[];
  readonly receipt: SealedReceipt | null;
};

/** One of the runs of a model on a study, whatever package and revision: what late images and newer versions made of it. */
export type RunOfChain = Pick<
  RunWithReceipt,
  'runId' | 'revision' | 'state' | 'reason' | 'queuedAtMs' | 'finishedAtMs'
> & { readonly version: string };

/**
 * Whether a stored receipt is the one the ledger holds the digest of. `not-in-ledger`: its event's payload was erased by
 * policy, or it is of a build before receipts of failed runs.
 */
export type ReceiptCheck = {
  readonly state: 'unchanged' | 'changed' | 'not-in-ledger';
  readonly digest: string;
  readonly ledgerDigest: string | null;
  /** Where in the ledger. */
  readonly seq: number | null;
};

/** Walks the primary keys. The newest receipt of a run that failed stands with its last attempt. */
const COLUMNS = `
  r.run_id AS runId, r.site_id AS siteId, r.study_id AS studyId, r.study_revision AS revision, r.model_digest AS modelDigest,
  m.model_id AS modelId, m.version, m.clinical_use AS clinicalUse, m.manifest ->> 'name' AS name, r.stage, r.state, r.reason,
  r.provider, r.queued_at_ms AS queuedAtMs, r.started_at_ms AS startedAtMs, r.finished_at_ms AS finishedAtMs,
  coalesce(r.receipt, (SELECT a.receipt FROM run_attempts a WHERE a.run_id = r.run_id AND a.receipt IS NOT NULL
                        ORDER BY a.ordinal DESC LIMIT 1)) AS receipt
`;
const FIND = `SELECT ${COLUMNS} FROM runs r JOIN models m ON m.digest = r.model_digest WHERE r.run_id = ?`;
const FIND_SHOWN = `${FIND.replace('?', '@runId')} AND (@seesSilent = 1 OR ${IS_SHOWN})`;
/** Walks runs_by_study. */
export const LIST_CHAIN = `
  SELECT r.run_id AS runId, r.study_revision AS revision, r.state, r.reason, r.queued_at_ms AS queuedAtMs,
         r.finished_at_ms AS finishedAtMs, m.version
    FROM runs r JOIN models m ON m.digest = r.model_digest
   WHERE r.study_id = @studyId AND m.model_id = @modelId AND (@seesSilent = 1 OR ${IS_SHOWN}) ORDER BY r.study_revision, r.queued_at_ms
`;
/** A study is run so often at most before only its newest events are looked through. */
const MOST_EVENTS = 2000;

type Row = Omit<RunWithReceipt, 'attempts' | 'receipt' | 'model'> & {
  readonly modelId: string;
  readonly version: string;
  readonly clinicalUse: string;
  readonly name: string;
  readonly receipt: string | null;
};

/** Who is shown a run: readers what is theirs to see; whoever answers for models and reports no studies, silent runs too. */
export type RunViewer = { readonly userId: string | null; readonly seesSilent: boolean };

/** A run that the viewer may be shown, with its receipt. */
export function findShownRun(db: ReadableDb, runId: string, viewer: RunViewer): RunWithReceipt | null {
  return parseRow(db, prepared<Row>(db, FIND_SHOWN).get({ runId, ...named(viewer) }));
}

function named({ userId, seesSilent }: RunViewer): Readonly<Record<'viewer' | 'seesSilent', string | number | null>> {
  return { viewer: userId, seesSilent: seesSilent ? 1 : 0 };
}

/** Any run, for the station's own work: of what it gives nothing may be shown that `findShownRun` would not. */
export function findRunWithReceipt(db: ReadableDb, runId: string): RunWithReceipt | null {
  return parseRow(db, prepared<Row>(db, FIND).get(runId));
}

function parseRow(db: ReadableDb, row: Row | undefined): RunWithReceipt | null {
  if (row === undefined) return null;
  const { modelId, version, clinicalUse, name, receipt, ...run } = row;
  return {
    ...run,
    model: { id: modelId, name, version, clinicalUse },
    attempts: listAttempts(db, run.runId),
    receipt: receipt === null ? null : sealReceipt(receipt),
  };
}

/** Every run of the same model on the same study that the viewer may be shown, by revision: what superseded what. */
export function listChain(
  db: ReadableDb,
  { studyId, model }: Pick<RunWithReceipt, 'studyId' | 'model'>,
  viewer: RunViewer,
): RunOfChain[] {
  return prepared<RunOfChain>(db, LIST_CHAIN).all({ studyId, modelId: model.id, ...named(viewer) });
}

/** Holds a stored receipt against the ledger: its digest there, and that it still is in the one form that the digest is taken over. */
export function checkReceipt(db: ReadableDb, run: RunWithReceipt): ReceiptCheck | null {
  if (run.receipt === null) return null;
  const { text, digest } = run.receipt;
  const told = findToldDigest(db, run);
  if (told === null) return { state: 'not-in-ledger', digest, ledgerDigest: null, seq: null };
  const isCanonical = text === canonicalPayload(JSON.parse(text));
  const state = told.digest === digest && isCanonical ? 'unchanged' : 'changed';
  return { state, digest, ledgerDigest: told.digest, seq: told.seq };
}

/** What the ledger says of the newest receipt of a run. */
function findToldDigest(
  db: ReadableDb,
  { runId, studyId, siteId }: RunWithReceipt,
): { readonly digest: string; readonly seq: number } | null {
  const told = (['run-finished', 'run-failed'] as const).flatMap((kind) =>
    listEvents(db, { siteId, studyId, kind, limit: MOST_EVENTS }).flatMap(({ event: { payload, seq } }) => {
      if (payload === null || !('runId' in payload) || payload.runId !== runId) return [];
      const digest = 'receiptDigest' in payload ? payload.receiptDigest : undefined;
      return digest === undefined ? [] : [{ digest, seq }];
    }),
  );
  return told.toSorted((a, b) => b.seq - a.seq)[0] ?? null;
}
