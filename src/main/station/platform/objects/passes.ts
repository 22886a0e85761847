import { prepared, type ReadableDb, type WritableDb } from '../store/database.ts';

/** Walks over every object: `verify` reads each, `rewrap` seals file keys anew, `reseal` writes each file anew. */
export type PassKind = 'verify' | 'rewrap' | 'reseal';

/** How far a walk has come; `place` is what was done last, so that a restart goes on behind it. */
export type ObjectPass = {
  readonly passSeq: number;
  readonly kind: PassKind;
  readonly state: 'running' | 'finished';
  readonly place: string;
  readonly objects: number;
  readonly bytes: number;
  readonly faults: number;
  readonly askedBy: string;
  readonly startedAtMs: number;
  readonly finishedAtMs: number | null;
};

/** A walk as whoever does it counts along. */
export type ObjectProgress = { -readonly [Key in keyof ObjectPass]: ObjectPass[Key] };

const INSERT_PASS = `
  INSERT INTO object_passes (kind, state, place, objects, bytes, faults, asked_by, started_at_ms)
  VALUES (@kind, 'running', '', 0, 0, 0, @askedBy, @atMs)
`;
/** Walks object_passes_by_kind. */
export const LATEST_PASS = `
  SELECT pass_seq AS passSeq, kind, state, place, objects, bytes, faults, asked_by AS askedBy, started_at_ms AS startedAtMs,
         finished_at_ms AS finishedAtMs
    FROM object_passes WHERE kind = ? AND (? IS NULL OR state = ?) ORDER BY pass_seq DESC LIMIT 1
`;
const NOTE_PASS =
  'UPDATE object_passes SET place = @place, objects = @objects, bytes = @bytes, faults = @faults WHERE pass_seq = @passSeq';
const FINISH_PASS = "UPDATE object_passes SET state = 'finished', finished_at_ms = ? WHERE pass_seq = ?";

/** Starts a walk from the beginning; the caller sees to it that none of its kind runs. */
export function startPass(db: WritableDb, kind: PassKind, askedBy: string, atMs: number): ObjectPass {
  prepared(db, INSERT_PASS).run({ kind, askedBy, atMs });
  const started = latestPass(db, kind);
  if (started === null) throw new Error('a pass that was started is not there');
  return started;
}

/** The newest walk of a kind, or the newest in a state. */
export function latestPass(
  db: ReadableDb,
  kind: PassKind,
  state: ObjectPass['state'] | null = null,
): ObjectPass | null {
  return prepared<ObjectPass>(db, LATEST_PASS).get(kind, state, state) ?? null;
}

/** Keeps how far a walk has come. */
export function notePass(db: WritableDb, pass: ObjectPass): void {
  const { passSeq, place, objects, bytes, faults } = pass;
  prepared(db, NOTE_PASS).run({ passSeq, place, objects, bytes, faults });
}

export function finishPass(db: WritableDb, pass: ObjectPass, atMs: number): void {
  notePass(db, pass);
  prepared(db, FINISH_PASS).run(atMs, pass.passSeq);
}
