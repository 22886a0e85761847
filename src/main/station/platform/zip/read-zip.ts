import { pipeline, Readable, Transform } from 'node:stream';
import { crc32 } from 'node:zlib';
import { type Entry, fromRandomAccessReaderPromise, openPromise, RandomAccessReader, type ZipFile } from 'yauzl';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';

/** What a ZIP may hold at most; beyond it the whole file is refused before anything of it is unpacked. */
export type ZipLimits = {
  readonly entries: number;
  readonly totalBytes: number;
  /** Unpacked to packed size over all entries, asked only of a file that unpacks to more than `ratioFromBytes`. */
  readonly ratio: number;
  readonly ratioFromBytes: number;
};

/** Where a ZIP's bytes are, of known length. */
export type ZipSource =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'bytes'; readonly sizeBytes: number; read(start: number, length: number): Promise<Uint8Array> };

export type ZipFailure = { readonly code: 'zip-unreadable' | 'zip-too-many-entries' | 'zip-too-large' };

/** An entry that can be unpacked, or why it is left alone. */
export type ZipEntry = {
  readonly name: string;
  readonly sizeBytes: number;
  readonly refusal: 'zip-name-unsafe' | 'zip-entry-encrypted' | 'zip-method-unknown' | null;
  /** The unpacked bytes; fails where they are not what the directory says of them, in length or in checksum. */
  open(): Promise<Readable>;
};

/** An open ZIP: its entries, folders and links left out, in the order of its directory. */
export type OpenZip = { readonly entries: readonly ZipEntry[]; close(): void };

/** Thousands of studies; what is beyond is no medium that anybody carries. */
export const ZIP_LIMITS: ZipLimits = {
  entries: 200_000,
  totalBytes: 512 * 2 ** 30,
  ratio: 200,
  ratioFromBytes: 256 * 2 ** 20,
};

const STORED = 0;
const DEFLATED = 8;
const FILE_TYPE = 0o170000;
const SYMBOLIC_LINK = 0o120000;
const READ_BYTES = 256 * 1024;

/**
 * Opens a ZIP by its directory (zip64 included). Nothing is unpacked here, and names are only told: what leads out of the
 * ZIP, is encrypted or packed in a way we do not know is marked so, entry by entry.
 */
export async function openZip(source: ZipSource, limits: ZipLimits = ZIP_LIMITS): Promise<Result<OpenZip, ZipFailure>> {
  let zip: ZipFile | null = null;
  try {
    // Names are decoded and judged here: one that is unsafe must not make the whole ZIP unreadable.
    const options = { autoClose: false, lazyEntries: true, decodeStrings: false, validateEntrySizes: true };
    zip =
      source.kind === 'file'
        ? await openPromise(source.path, options)
        : await fromRandomAccessReaderPromise(new SourceReader(source), source.sizeBytes, options);
    const listed = await list(zip, limits);
    if (!listed.ok) zip.close();
    return listed;
  } catch (error) {
    zip?.close();
    // What the reading of the source throws is not the ZIP's fault.
    if ((error as NodeJS.ErrnoException).code !== undefined) throw error;
    return err({ code: 'zip-unreadable' });
  }
}

async function list(zip: ZipFile, limits: ZipLimits): Promise<Result<OpenZip, ZipFailure>> {
  const entries: ZipEntry[] = [];
  let [packed, unpacked, seen] = [0, 0, 0];
  if (zip.entryCount > limits.entries) return err({ code: 'zip-too-many-entries' });
  for await (const entry of zip.eachEntry()) {
    seen += 1;
    if (seen > limits.entries) return err({ code: 'zip-too-many-entries' });
    packed += entry.compressedSize;
    unpacked += entry.uncompressedSize;
    const isSpread = unpacked > limits.ratioFromBytes && unpacked > limits.ratio * packed;
    if (unpacked > limits.totalBytes || isSpread) return err({ code: 'zip-too-large' });
    const name = nameOf(entry);
    if (name.endsWith('/') || isLink(entry)) continue;
    entries.push({
      name,
      sizeBytes: entry.uncompressedSize,
      refusal: refusalOf(entry, name),
      open: async () => pipeline(await zip.openReadStreamPromise(entry), checking(entry), () => undefined),
    });
  }
  // Entries that share their bytes pack more than the file is long.
  if (packed > zip.fileSize) return err({ code: 'zip-too-large' });
  return ok({ entries, close: () => zip.close() });
}

/** Passes an entry's bytes on; the library below compares no checksums. What fails is told to who reads the end. */
function checking(entry: Entry): Transform {
  let [length, sum] = [0, 0];
  return new Transform({
    transform(piece: Buffer, _encoding, done) {
      length += piece.length;
      sum = crc32(piece, sum);
      done(null, piece);
    },
    flush(done) {
      const isSound = length === entry.uncompressedSize && sum === entry.crc32;
      done(isSound ? null : new Error('an entry is not what the directory says of it'));
    },
  });
}

/** UTF-8 where the entry says so or its bytes allow; else each byte as it stands in Latin 1. */
function nameOf(entry: Entry): string {
  const raw = entry.fileNameRaw;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(raw);
  } catch {
    return raw.toString('latin1'); // TypeError: the bytes are not UTF-8
  }
}

function refusalOf(entry: Entry, name: string): ZipEntry['refusal'] {
  const steps = name.split(/[\\/]/);
  if (/^[\\/]|^[A-Za-z]:/.test(name) || steps.includes('..') || name.includes('\0')) return 'zip-name-unsafe';
  if (entry.isEncrypted()) return 'zip-entry-encrypted';
  return entry.compressionMethod === STORED || entry.compressionMethod === DEFLATED ? null : 'zip-method-unknown';
}

/** Made on Unix, the upper half of the external attributes is the mode. */
function isLink(entry: Entry): boolean {
  return ((entry.externalFileAttributes >>> 16) & FILE_TYPE) === SYMBOLIC_LINK;
}

class SourceReader extends RandomAccessReader {
  readonly #source: Extract<ZipSource, { kind: 'bytes' }>;

  constructor(source: Extract<ZipSource, { kind: 'bytes' }>) {
    super();
    this.#source = source;
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(this.#pieces(start, end), { objectMode: false });
  }

  async *#pieces(start: number, end: number): AsyncGenerator<Uint8Array> {
    for (let at = start; at < end; ) {
      const piece = await this.#source.read(at, Math.min(READ_BYTES, end - at));
      if (piece.length === 0) return;
      at += piece.length;
      yield piece;
    }
  }
}
