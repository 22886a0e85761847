import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { Clock } from '../clock.ts';
import { syncFolder } from '../sync-folder.ts';
import type { LedgerHead } from './append.ts';
import { canonicalPayload } from './event.ts';

const Statement = z.object({ seq: z.number().int(), hash: z.string(), atMs: z.number() });
const SignedCheckpoint = Statement.extend({ signature: z.string() });
export type Checkpoint = z.infer<typeof SignedCheckpoint>;

/** A checkpoint's line is a few hundred bytes; this many from the file's end hold the last one whole. */
const TAIL_BYTES = 4096;

/** Signs the ledger's head (Ed25519) into a file outside the database, so that a truncated or rewritten ledger shows. */
export function writeCheckpoint(
  head: LedgerHead,
  file: string,
  signingKey: KeyObject,
  clock: Clock,
): Checkpoint | null {
  if (head.seq === 0) return null;
  const descriptor = openSync(file, constants.O_RDWR | constants.O_CREAT, 0o600);
  try {
    const { last, wholeBytes } = readTail(descriptor);
    if (last?.seq === head.seq) return null;
    const statement = { seq: head.seq, hash: head.hash.toString('hex'), atMs: clock.nowMs() };
    const signature = sign(null, Buffer.from(canonicalPayload(statement)), signingKey).toString('base64');
    const checkpoint = { ...statement, signature };
    // What a power cut left of a line goes, or the next one would be unreadable behind it.
    ftruncateSync(descriptor, wholeBytes);
    writeSync(descriptor, `${JSON.stringify(checkpoint)}\n`, wholeBytes);
    fsyncSync(descriptor);
    if (wholeBytes === 0) syncFolder(path.dirname(file));
    return checkpoint;
  } finally {
    closeSync(descriptor);
  }
}

/** The last whole line, and where whole lines end; the file grows for years and is never read whole here. */
function readTail(descriptor: number): { readonly last: Checkpoint | null; readonly wholeBytes: number } {
  const { size } = fstatSync(descriptor);
  const tail = Buffer.alloc(Math.min(size, TAIL_BYTES));
  readSync(descriptor, tail, 0, tail.length, size - tail.length);
  const end = tail.lastIndexOf('\n') + 1;
  const line = tail.subarray(0, Math.max(0, end - 1));
  const last = line.subarray(line.lastIndexOf('\n') + 1).toString('utf8');
  return { last: parseLine(last), wholeBytes: size - tail.length + end };
}

function parseLine(line: string): Checkpoint | null {
  try {
    return SignedCheckpoint.parse(JSON.parse(line));
  } catch {
    return null; // Not a checkpoint: whoever reads the file says so.
  }
}

/** Every whole line of the file, oldest first, null where it is no checkpoint; a last line torn by a power cut was never relied upon and is left out. */
export function readCheckpoints(file: string): readonly (Checkpoint | null)[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8').split('\n').slice(0, -1).map(parseLine);
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
