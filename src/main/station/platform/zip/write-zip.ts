import type { Readable } from 'node:stream';
import { once } from 'node:events';
import { Readable as Stream } from 'node:stream';
import { ZipFile } from 'yazl';

/** Twelve bits of sixteen pack well enough at once; better packing takes ten times as long. */
const FASTEST = 1;

/** One file to go into a ZIP. */
export type ZipMember = {
  readonly name: string;
  readonly atMs: number;
  /** Compressed already: only stored. */
  readonly isPacked: boolean;
  readonly bytes: Uint8Array | AsyncIterable<Uint8Array>;
};

/**
 * A ZIP as a stream, zip64 where it must be: one member after another, each asked for only when the one before is through, so
 * that memory holds pieces of one. A member that fails, or a reader that leaves, ends the stream with an error.
 */
export function writeZip(members: AsyncIterable<ZipMember>): Readable {
  const zip = new ZipFile();
  const output = zip.outputStream as Readable;
  const leaving = new AbortController();
  output.once('close', () => leaving.abort());
  void fill(zip, members, leaving.signal).catch((error: unknown) => {
    if (!output.destroyed) output.destroy(error as Error);
  });
  return output;
}

async function fill(zip: ZipFile, members: AsyncIterable<ZipMember>, left: AbortSignal): Promise<void> {
  for await (const { name, atMs, isPacked, bytes } of members) {
    if (left.aborted) return;
    const options = {
      mtime: new Date(atMs),
      mode: 0o100644,
      compressionLevel: isPacked ? 0 : FASTEST,
      forceDosTimestamp: true,
    };
    if (bytes instanceof Uint8Array) {
      zip.addBuffer(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), name, options);
      continue;
    }
    const stream = Stream.from(bytes, { objectMode: false });
    const read = once(stream, 'end', { signal: left });
    zip.addReadStream(stream, name, options);
    try {
      await read;
    } catch (error) {
      stream.destroy();
      if (left.aborted) return;
      throw error;
    }
  }
  zip.end();
}
