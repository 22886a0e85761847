import { createInflateRaw } from 'node:zlib';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import type { RangeReader } from './find-pixel-data.ts';

/** Why a deflated data set is not inflated. */
export type InflateFailure = { readonly code: 'malformed' | 'truncated' | 'too-large' };

const MIB = 1024 * 1024;
const MOST = 128 * MIB;
const READ_LENGTH = 64 * 1024;

/**
 * The longest a deflated data set of this length may become, in bytes: small ones may grow as they like, long ones a
 * hundredfold. What asks for more is a bomb.
 */
export function mostInflated(length: number): number {
  return Math.min(MOST, 16 * MIB + 100 * length);
}

/** The last in line: one at a time, so that many at once take the memory of one. */
let turn: Promise<unknown> = Promise.resolve();

/** Inflates a whole data set (PS3.5 §A.5) on another thread, reading it piece by piece. */
export function inflateDataset(reader: RangeReader): Promise<Result<Uint8Array, InflateFailure>> {
  const next = turn.then(() => inflate(reader));
  turn = next.catch(() => undefined);
  return next;
}

async function inflate(reader: RangeReader): Promise<Result<Uint8Array, InflateFailure>> {
  const most = mostInflated(reader.length);
  const pieces: Buffer[] = [];
  let length = 0;
  const inflater = createInflateRaw();
  const ended = new Promise<InflateFailure | null>((resolve) => {
    inflater.on('data', (piece: Buffer) => {
      length += piece.length;
      if (length > most) inflater.destroy(new RangeError('longer than allowed'));
      else pieces.push(piece);
    });
    inflater.on('end', () => resolve(null));
    inflater.on('error', (error: Error & { readonly code?: string }) => {
      if (error instanceof RangeError) resolve({ code: 'too-large' });
      else resolve({ code: error.code === 'Z_BUF_ERROR' ? 'truncated' : 'malformed' });
    });
  });
  let failure: InflateFailure | null | undefined;
  void ended.then((how) => {
    failure = how;
  });
  for (let at = 0; at < reader.length && failure === undefined; at += READ_LENGTH) {
    const piece = await reader.read(at, Math.min(READ_LENGTH, reader.length - at));
    if (failure !== undefined) break;
    // A stream that has failed calls nobody back.
    await Promise.race([ended, new Promise<void>((resolve) => inflater.write(piece, () => resolve()))]);
  }
  inflater.end();
  const how = await ended;
  inflater.destroy();
  return how === null ? ok(Buffer.concat(pieces, length)) : err(how);
}
