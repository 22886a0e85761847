import type { KeyObject } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { WritableDb } from '../store/database.ts';
import { durable } from '../store/durability.ts';
import { ledgerHead } from './append.ts';
import { writeCheckpoint } from './checkpoint.ts';

/** Signs the ledger's head again and again. */
export type CheckpointKeeper = {
  /** Signs the head as it is now, once it is on the disk; where that fails it is logged, and the next one covers it. */
  sign(): Promise<void>;
  /** Signs once a minute. */
  start(): void;
  stop(): void;
};

const EVERY_MS = 60_000;

/** Writes signed checkpoints into `file`, outside the database. */
export function createCheckpointKeeper(
  db: WritableDb,
  { file, signingKey, clock, log }: { file: string; signingKey: KeyObject; clock: Clock; log: Log },
): CheckpointKeeper {
  let timer: NodeJS.Timeout | undefined;
  async function sign(): Promise<void> {
    try {
      // What is signed must not be news that a power cut takes back.
      const head = ledgerHead(db);
      await durable(db);
      writeCheckpoint(head, file, signingKey, clock);
    } catch (error) {
      // On a full disk the station goes on without; the next checkpoint covers what this one would have.
      log.incident('checkpoint-not-written', error);
    }
  }
  return {
    sign,
    start() {
      timer = setInterval(() => void sign(), EVERY_MS);
    },
    stop: () => clearInterval(timer),
  };
}
