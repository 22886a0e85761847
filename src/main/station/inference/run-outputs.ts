import { createHash } from 'node:crypto';
import { DAY_MS } from '../../../shared/domain/durations.ts';
import type { RawOutputPolicy } from '../../../shared/domain/receipt.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { canonicalPayload, serviceActor } from '../platform/ledger/event.ts';
import { freshRowId } from '../platform/ids.ts';
import { findObject, type ObjectRecord, recordEvicted, recordObject } from '../platform/objects/records.ts';
import { SEALED } from '../platform/objects/object-store.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import type { RunFinished } from './runner-protocol.ts';

/** What a site keeps of raw outputs, and for how long: days, and MiB in all; what is over goes, oldest first. */
export type RawOutputSetting = {
  readonly keep: RawOutputPolicy;
  readonly keepDays: number;
  readonly mostMb: number;
};

export const KEEP_NUMBERS: RawOutputSetting = { keep: 'numbers', keepDays: 365, mostMb: 1024 };

/** A tensor as the model gave it, kept as a file: gzip over its little-endian values. */
export type RawTensor = { readonly tensor: string; readonly digest: string; readonly sizeBytes: number };

/** What the runner gave, as it is compared and kept: numbers and masks, without what differs from run to run anyway. */
export type GivenOutputs = { readonly digest: string; readonly text: string; readonly numbers: number };

const PUT = `
  INSERT INTO run_outputs (run_id, site_id, outputs, size_bytes, kept_at_ms)
  VALUES (@runId, @siteId, @outputs, @sizeBytes, @atMs) ON CONFLICT (run_id) DO NOTHING
`;
const PUT_TENSOR =
  'INSERT INTO run_tensors (run_id, tensor, digest, size_bytes) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING';
const FIND = 'SELECT outputs FROM run_outputs WHERE run_id = ?';
const HAS = 'SELECT 1 FROM run_outputs WHERE run_id = ?';
const LIST_TENSORS = 'SELECT tensor, digest, size_bytes AS sizeBytes FROM run_tensors WHERE run_id = ? ORDER BY tensor';
const SUM = 'SELECT coalesce(sum(size_bytes), 0) AS bytes FROM run_outputs';
/** Walks run_outputs_by_age. */
export const LIST_OLDEST = `
  SELECT run_id AS runId, site_id AS siteId, size_bytes AS sizeBytes, kept_at_ms AS keptAtMs
    FROM run_outputs ORDER BY kept_at_ms LIMIT ?
`;
const REMOVE = 'DELETE FROM run_outputs WHERE run_id = ?';
const IS_NAMED = 'SELECT 1 FROM run_tensors WHERE digest = ? LIMIT 1';
const AT_ONCE = 64;

/** The outputs of an answer in RFC 8785 form, with their digest: whatever arrays and values the runner gives beside what tells of the run itself. */
export function givenOutputs(result: RunFinished): GivenOutputs {
  const said = Object.fromEntries(Object.entries(result).filter(([name]) => !OF_THE_RUN.has(name)));
  const text = canonicalPayload(said);
  return { text, digest: createHash('sha256').update(text).digest('hex'), numbers: countNumbers(said) };
}

/** What the message says of the run and not of the images; raw tensors are files. */
const OF_THE_RUN: ReadonlySet<string> = new Set([
  ...['type', 'runId', 'modelDigest', 'manifestDigest', 'preprocessing', 'postprocessing', 'provider'],
  ...[
    'onnxruntimeVersion',
    'timings',
    'geometry',
    'rawTensors',
    'device',
    'spans',
    'memoryMb',
    'peakMemoryMb',
    'warnings',
  ],
]);

function countNumbers(value: unknown): number {
  if (typeof value === 'number') return 1;
  if (value === null || typeof value !== 'object') return 0;
  return Object.values(value).reduce((sum: number, one) => sum + countNumbers(one), 0);
}

/** Keeps what the policy says of a finished run's outputs, in its transaction; the files of raw tensors are in the object store by then. */
export function keepOutputs(
  db: WritableDb,
  run: { readonly runId: string; readonly siteId: string },
  given: GivenOutputs,
  tensors: readonly RawTensor[],
  policy: RawOutputPolicy,
  atMs: number,
): void {
  if (policy === 'none') return;
  const files = policy === 'all' ? tensors : [];
  const sizeBytes = given.text.length + files.reduce((sum, file) => sum + file.sizeBytes, 0);
  prepared(db, PUT).run({ runId: run.runId, siteId: run.siteId, outputs: given.text, sizeBytes, atMs });
  for (const { tensor, digest, sizeBytes: fileBytes } of files) {
    recordObject(db, { digest, encoding: SEALED, sizeBytes: fileBytes, bodyOffset: 0 }, atMs);
    prepared(db, PUT_TENSOR).run(run.runId, tensor, digest, fileBytes);
  }
}

/** The kept outputs of a run in RFC 8785 form; null where the policy kept none, or they have been let go since. */
export function findOutputs(db: ReadableDb, runId: string): string | null {
  return prepared<{ outputs: string }>(db, FIND).get(runId)?.outputs ?? null;
}

/** Whether the numbers of a run are kept. */
export function hasKeptOutputs(db: ReadableDb, runId: string): boolean {
  return prepared(db, HAS).get(runId) !== undefined;
}

/** The raw tensors of a run that are kept as files. */
export function listTensors(db: ReadableDb, runId: string): RawTensor[] {
  return prepared<RawTensor>(db, LIST_TENSORS).all(runId);
}

/**
 * Lets go of raw outputs that are too old, or too much in all, a few at a time. Gives the files that are nobody's any more;
 * the caller removes them once this is committed.
 */
export function letOutputsGo(
  db: WritableDb,
  setting: RawOutputSetting,
  atMs: number,
): { readonly runs: number; readonly files: readonly ObjectRecord[] } {
  const going = listGoing(db, setting, atMs);
  if (going.length === 0) return { runs: 0, files: [] };
  return inTransaction(db, () => {
    const digests = new Set(going.flatMap(({ runId }) => listTensors(db, runId)).map(({ digest }) => digest));
    for (const { runId } of going) prepared(db, REMOVE).run(runId);
    for (const [siteId, runs] of Map.groupBy(going, (one) => one.siteId))
      appendEvent(db, {
        kind: 'raw-outputs-let-go',
        payload: { runs: runs.length, bytes: runs.reduce((sum, one) => sum + one.sizeBytes, 0) },
        ...{ siteId, actor: serviceActor('inference'), correlationId: freshRowId(), atMs },
      });
    const files = [...digests].flatMap((digest) => {
      const object = prepared(db, IS_NAMED).get(digest) === undefined ? findObject(db, digest) : null;
      return object !== null && recordEvicted(db, digest, atMs) ? [object] : [];
    });
    return { runs: going.length, files };
  });
}

function listGoing(db: ReadableDb, { mostMb, keepDays }: RawOutputSetting, atMs: number) {
  type Kept = {
    readonly runId: string;
    readonly siteId: string;
    readonly sizeBytes: number;
    readonly keptAtMs: number;
  };
  let overBytes = (prepared<{ bytes: number }>(db, SUM).get()?.bytes ?? 0) - mostMb * 2 ** 20;
  return prepared<Kept>(db, LIST_OLDEST)
    .all(AT_ONCE)
    .filter(({ keptAtMs, sizeBytes }) => {
      const goes = overBytes > 0 || keptAtMs < atMs - keepDays * DAY_MS;
      if (goes) overBytes -= sizeBytes;
      return goes;
    });
}
