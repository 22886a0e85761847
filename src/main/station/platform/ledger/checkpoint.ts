import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { appendFileSync, closeSync, existsSync, fsyncSync, openSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { ReadableDb } from '../store/database.ts';
import { ledgerHead } from './append.ts';
import { canonicalPayload } from './event.ts';

const Statement = z.object({ seq: z.number().int(), hash: z.string(), atMs: z.number() });
const SignedCheckpoint = Statement.extend({ signature: z.string() });
export type Checkpoint = z.infer<typeof SignedCheckpoint>;

/** Signs the ledger's head (Ed25519) into a file outside the database, so that a truncated or rewritten ledger shows. */
export function writeCheckpoint(db: ReadableDb, file: string, signingKey: KeyObject, clock: Clock): Checkpoint | null {
  const head = ledgerHead(db);
  if (head.seq === 0 || readCheckpoints(file).at(-1)?.seq === head.seq) return null;
  const statement = { seq: head.seq, hash: head.hash.toString('hex'), atMs: clock.nowMs() };
  const signature = sign(null, Buffer.from(canonicalPayload(statement)), signingKey).toString('base64');
  const checkpoint = { ...statement, signature };
  const descriptor = openSync(file, 'a', 0o600);
  try {
    appendFileSync(descriptor, `${JSON.stringify(checkpoint)}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  return checkpoint;
}

/** Every whole checkpoint of the file, oldest first; a last line torn by a power cut was never relied upon and is left out. */
export function readCheckpoints(file: string): readonly Checkpoint[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.filter((line) => line !== '').map((line) => SignedCheckpoint.parse(JSON.parse(line)));
}

/** True when this station's key signed exactly this checkpoint. */
export function isSigned(checkpoint: Checkpoint, publicKeyPem: string): boolean {
  const { signature, ...statement } = checkpoint;
  return verify(
    null,
    Buffer.from(canonicalPayload(statement)),
    createPublicKey(publicKeyPem),
    Buffer.from(signature, 'base64'),
  );
}
