import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { prepared, type ReadableDb, type WritableDb } from '../store/database.ts';
import { logPause } from '../store/move-log.ts';
import { isOutOfRoom } from '../store/out-of-room.ts';
import { inSavepoint, inTransaction, onCommit } from '../store/transaction.ts';
import { appendEvent, ledgerHead, pressingSoFar } from './append.ts';
import { type LedgerEvent, parseEvent, serviceActor, type ToldEventRow } from './event.ts';

/** A capability that turns events into rows of its own: idempotent, no I/O, in the transaction that moves its cursor. */
export type Consumer = {
  readonly name: string;
  /** Where a consumer that is new to this database starts. */
  readonly startsFrom: 'beginning' | 'registration';
  handle(db: WritableDb, event: LedgerEvent): void;
  /** Where only the newest event of a key matters, its key: of one batch the earlier ones are passed over. Null: always handled. */
  coalesce?(event: LedgerEvent): string | null;
  /**
   * Where rows say what is, and not how it came: builds some of them from the present, from a place on (at first ''), and gives the
   * place to go on from, or null once all are built. A consumer at its beginning is brought to the head so, and not event by event;
   * idempotent, for what a stop cuts begins again.
   */
  buildSome?(db: WritableDb, from: string): string | null;
};

/** How often an event may fail before it is parked, visible and alarmed, and the cursor goes on. */
export const FAILURES_BEFORE_PARKING = 5;
const BATCH = 64;
/** So many where nobody is served yet, or any more: of a study's events spread over a long ledger one is worked, and the disk is seldom synced. */
const BATCH_ALONE = 1024;
const POLL_MS = 1000;
/**
 * Under a stream of commits the consumers pause this long between batches, and longer where a batch takes long: they leave
 * the main thread to what comes in, and many events of a study cost what one does.
 */
const LEAST_PAUSE_MS = 20;
/** And this long where nothing came but objects of a stream. */
const STREAM_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 250;
const PAUSE_OF_WORK = 9;

const READ_CURSOR = 'SELECT seq, failures FROM cursors WHERE consumer = ?';
const REGISTER_CURSOR = 'INSERT INTO cursors (consumer, seq) VALUES (?, ?) ON CONFLICT (consumer) DO NOTHING';
const MOVE_CURSOR = 'UPDATE cursors SET seq = ?, failures = 0 WHERE consumer = ?';
const COUNT_FAILURE = 'UPDATE cursors SET failures = failures + 1 WHERE consumer = ?';
const PARK_EVENT = 'INSERT OR IGNORE INTO parked_events (consumer, seq, incident_id, parked_at_ms) VALUES (?, ?, ?, ?)';
const HAS_PARKED = `
  SELECT 1 FROM events e JOIN parked_events p ON p.seq = e.seq WHERE e.study_id = ? AND p.consumer = ? LIMIT 1
`;
const COUNT_PARKED = 'SELECT count(*) AS parked FROM parked_events';
/** Walks the primary key from the cursor. Nobody who follows asks for the hashes, and making buffers of them takes longer than all else. */
export const LIST_EVENTS_AFTER = `
  SELECT e.seq, e.at_ms, e.site_id, e.kind, e.payload_version, e.study_id, e.patient_id, e.actor_kind, e.actor_id, e.correlation_id, p.payload
    FROM events e JOIN event_payloads p ON p.seq = e.seq
   WHERE e.seq > ? ORDER BY e.seq LIMIT ?
`;

type Moved = 'nothing' | 'some' | 'full-batch';

export type Followers = {
  /** Works every consumer up to the head, one that is at its beginning from the present where it can; returns once nothing moved. */
  catchUp(): void;
  start(): void;
  stop(): void;
  /** How many events each consumer is behind the head. */
  lags(): Readonly<Record<string, number>>;
  /** For how long any of them has been behind, in ms: Infinity where they have not been at the head since this process began. */
  behindMs(): number;
  /** How far each consumer has come. */
  cursors(): readonly { readonly consumer: string; readonly seq: number }[];
  parked(): number;
};

/** Follows the ledger for every consumer in the given order: nudged after each commit, with a one-second poll behind it. */
export function followLedger(
  db: WritableDb,
  consumers: readonly Consumer[],
  tools: { readonly clock: Clock; readonly log: Log },
): Followers {
  inTransaction(db, () => {
    for (const consumer of consumers) {
      prepared(db, REGISTER_CURSOR).run(consumer.name, consumer.startsFrom === 'beginning' ? 0 : ledgerHead(db).seq);
    }
  });
  /** An event is parsed once for all who take it from the same row. */
  const parsedEvents = new WeakMap<ToldEventRow, LedgerEvent>();
  const parsed = (row: ToldEventRow): LedgerEvent => {
    const event = parsedEvents.get(row) ?? parseEvent(row);
    parsedEvents.set(row, event);
    return event;
  };
  let scheduled: { readonly atMs: number; cancel(): void } | null = null;
  let poll: NodeJS.Timeout | null = null;
  let forgetCommits: (() => void) | null = null;
  /** Until when they rest, and how long where a stream is all there is. */
  let rest = { untilMs: Number.NEGATIVE_INFINITY, inStreamUntilMs: Number.NEGATIVE_INFINITY };
  let pressingHeard = -1;
  let batchSize = BATCH;
  let wereAtHeadMs = Number.NEGATIVE_INFINITY;
  const work = () => {
    scheduled = null;
    const beganAtMs = performance.now();
    if (logPause(db) !== null) {
      rest = { untilMs: beganAtMs + LEAST_PAUSE_MS, inStreamUntilMs: beganAtMs + LEAST_PAUSE_MS };
      if (poll !== null) nudge();
      return;
    }
    const pressingNow = pressingSoFar(db);
    const moved = stepAll();
    if (moved === 'nothing') return;
    const endedAtMs = performance.now();
    // A backlog is worked a batch a turn of the event loop, so that the network is never kept waiting by a long one.
    if (moved === 'full-batch') rest = { untilMs: 0, inStreamUntilMs: 0 };
    else {
      pressingHeard = pressingNow;
      const pauseMs = Math.min(LONGEST_PAUSE_MS, Math.max(LEAST_PAUSE_MS, (endedAtMs - beganAtMs) * PAUSE_OF_WORK));
      rest = { untilMs: endedAtMs + pauseMs, inStreamUntilMs: endedAtMs + Math.max(STREAM_PAUSE_MS, pauseMs) };
    }
    if (poll !== null) nudge();
  };
  const nudge = () => {
    const atMs = pressingSoFar(db) > pressingHeard ? rest.untilMs : rest.inStreamUntilMs;
    if (scheduled !== null) {
      if (scheduled.atMs <= atMs) return;
      scheduled.cancel();
    }
    const waitMs = atMs - performance.now();
    if (waitMs > 0) {
      const timer = setTimeout(work, waitMs);
      scheduled = { atMs, cancel: () => clearTimeout(timer) };
    } else {
      const immediate = setImmediate(work);
      scheduled = { atMs, cancel: () => clearImmediate(immediate) };
    }
  };

  /** Moves consumers by one batch, in one transaction: one sync of the disk for all of them. */
  function stepAll(moving: readonly Consumer[] = consumers): Moved {
    if (areAtHead(moving)) return noteHead(moving, 'nothing');
    try {
      const stepped = inTransaction(db, () => {
        const listed = listOnce();
        const moved = moving.map((consumer) => step(consumer, listed));
        return moved.find((one) => one === 'full-batch') ?? moved.find((one) => one === 'some') ?? 'nothing';
      });
      // What came in the meantime, under a stream, has not waited.
      return stepped === 'full-batch' ? stepped : noteHead(moving, stepped);
    } catch (error) {
      // A full disk is no fault of an event: it is not counted, and the next poll tries again.
      if (isOutOfRoom(error)) return 'nothing';
      throw error;
    }
  }

  function areAtHead(some: readonly Consumer[]): boolean {
    const { seq } = ledgerHead(db);
    return some.every(({ name }) => readCursor(db, name).seq >= seq);
  }

  function noteHead(moving: readonly Consumer[], moved: Moved): Moved {
    if (moving.length === consumers.length) wereAtHeadMs = performance.now();
    return moved;
  }

  /** Lists what follows a place; consumers that stand at one place share what was read, until one of them adds to it. */
  function listOnce(): (seq: number, limit: number) => readonly ToldEventRow[] {
    const known = new Map<string, readonly ToldEventRow[]>();
    return (seq, limit) => {
      const key = `${seq} ${limit} ${ledgerHead(db).seq}`;
      const found = known.get(key) ?? prepared<ToldEventRow>(db, LIST_EVENTS_AFTER).all(seq, limit);
      known.set(key, found);
      return found;
    };
  }

  /** Moves one consumer by one batch; an event that fails is tried alone, and parked after its fifth failure. */
  function step(consumer: Consumer, list: ReturnType<typeof listOnce>): Moved {
    const cursor = readCursor(db, consumer.name);
    const rows = list(cursor.seq, cursor.failures > 0 ? 1 : batchSize);
    const last = rows.at(-1);
    if (last === undefined) return 'nothing';
    try {
      inSavepoint(db, () => {
        for (const event of coalesced(consumer, rows.map(parsed))) consumer.handle(db, event);
        prepared(db, MOVE_CURSOR).run(last.seq, consumer.name);
      });
    } catch (error) {
      if (isOutOfRoom(error) || !db.inTransaction) throw error;
      onFailure(consumer, rows[0] ?? last, cursor.failures, rows.length, error);
      return 'full-batch';
    }
    return rows.length === batchSize ? 'full-batch' : 'some';
  }

  function onFailure(consumer: Consumer, row: ToldEventRow, failures: number, batch: number, error: unknown): void {
    const { seq } = row;
    // Which one it is is found by trying batches again: long ones would take long.
    batchSize = BATCH;
    if (batch > 1 && failures === 0) {
      // Unknown which of the batch failed: mark the cursor so that the next step takes them one at a time.
      inTransaction(db, () => prepared(db, COUNT_FAILURE).run(consumer.name));
      return;
    }
    const incidentId = tools.log.incident('event-handling-failed', error, { consumer: consumer.name, seq });
    inTransaction(db, () => {
      if (failures + 1 < FAILURES_BEFORE_PARKING) {
        prepared(db, COUNT_FAILURE).run(consumer.name);
        return;
      }
      prepared(db, PARK_EVENT).run(consumer.name, seq, incidentId, tools.clock.nowMs());
      prepared(db, MOVE_CURSOR).run(seq, consumer.name);
      // A consumer that fails on everything would otherwise fail on the news of its failure, and fill the disk with it.
      if (row.kind === 'event-parked') return;
      appendEvent(db, {
        kind: 'event-parked',
        payload: { consumer: consumer.name, seq, incidentId },
        // Of the same study: whoever shows it learns that something is missing.
        ...{ siteId: row.site_id, studyId: row.study_id, patientId: row.patient_id },
        actor: serviceActor('ledger'),
        correlationId: incidentId,
        atMs: tools.clock.nowMs(),
      });
    });
  }

  /** Brings a consumer from its beginning to the head by what is now; where that fails it is left to its events, which find out at which. */
  function buildFromPresent({ name, buildSome }: Consumer): void {
    const { seq } = ledgerHead(db);
    try {
      for (let place: string | null = ''; place !== null; ) {
        const from: string = place;
        place = inTransaction(db, () => buildSome?.(db, from) ?? null);
      }
      inTransaction(db, () => prepared(db, MOVE_CURSOR).run(seq, name));
    } catch (error) {
      if (isOutOfRoom(error)) return;
      tools.log.incident('building-from-present-failed', error, { consumer: name });
    }
  }

  return {
    catchUp() {
      batchSize = BATCH_ALONE;
      const beginning = consumers.filter(
        ({ name, buildSome }) => buildSome !== undefined && readCursor(db, name).seq === 0,
      );
      // What is built from the present is built of what the others know: they come to the end first.
      const others = consumers.filter((consumer) => !beginning.includes(consumer));
      while (stepAll(others) !== 'nothing');
      // A full disk stops them short: what would be built now would stay behind what they come to know.
      if (areAtHead(others)) for (const consumer of beginning) buildFromPresent(consumer);
      while (stepAll() !== 'nothing');
      batchSize = BATCH;
    },
    start() {
      forgetCommits = onCommit(db, nudge);
      poll = setInterval(nudge, POLL_MS);
      poll.unref();
      nudge();
    },
    stop() {
      forgetCommits?.();
      if (poll !== null) clearInterval(poll);
      scheduled?.cancel();
      scheduled = null;
      poll = null;
    },
    lags: () => Object.fromEntries(consumers.map(({ name }) => [name, ledgerHead(db).seq - readCursor(db, name).seq])),
    behindMs: () => (areAtHead(consumers) ? 0 : performance.now() - wereAtHeadMs),
    cursors: () => consumers.map(({ name }) => ({ consumer: name, seq: readCursor(db, name).seq })),
    parked: () => prepared<{ parked: number }>(db, COUNT_PARKED).get()?.parked ?? 0,
  };
}

/** Whether an event of this study was set aside for a consumer: what it would have changed is missing. */
export function hasParkedEvent(db: ReadableDb, consumer: string, studyId: string): boolean {
  return prepared(db, HAS_PARKED).get(studyId, consumer) !== undefined;
}

function coalesced(consumer: Consumer, events: readonly LedgerEvent[]): readonly LedgerEvent[] {
  if (consumer.coalesce === undefined) return events;
  const newest = new Map(events.map((event) => [consumer.coalesce?.(event) ?? event.seq, event]));
  return events.filter((event) => newest.get(consumer.coalesce?.(event) ?? event.seq) === event);
}

function readCursor(db: ReadableDb, consumer: string): { readonly seq: number; readonly failures: number } {
  const cursor = prepared<{ seq: number; failures: number }>(db, READ_CURSOR).get(consumer);
  if (cursor === undefined) throw new Error(`the consumer ${consumer} is not registered`);
  return cursor;
}
