import { v7 } from 'uuid';
import type { ImportCode, ImportFileCode, ImportState } from '../../../shared/domain/media.ts';
import { fileIdKey, type ListedFile, readDicomdir } from '../dicom/media/read-dicomdir.ts';
import type { Actor } from '../platform/ledger/event.ts';
import type { IncomingFile } from '../platform/objects/object-store.ts';
import { openZip, type ZipEntry, type ZipLimits, type ZipSource } from '../platform/zip/read-zip.ts';
import { endAssociation } from './associations.ts';
import { endImport, type Import, wasBroughtBy } from './imports.ts';
import { createImportTally } from './import-tally.ts';
import type { Archive } from './receive-object.ts';
import { type TakenFile, takeFile } from './take-file.ts';
import { admitWebSender } from './web-senders.ts';

/** An import while it runs: files go in, one end comes out. */
export type ImportRun = {
  readonly started: Import;
  /** Aborted once it ends, however it does. */
  readonly signal: AbortSignal;
  /** More files to look at than were known before. */
  found(files: number): void;
  /** Takes one file. What breaks off in its source is told by `whenBroken` and counted; left out, it throws BrokenSource. */
  take(name: string, bytes: AsyncIterable<Uint8Array>, how?: TakeOptions): Promise<TakenFile['state'] | 'broken'>;
  /** Takes what a ZIP holds; resolves when all of it is through. */
  takeZip(name: string, source: ZipSource): Promise<void>;
  /** Writes a ZIP that comes as a stream beside the objects, sealed as they are; null where there is no room for it. */
  spool(bytes: AsyncIterable<Uint8Array>): Promise<IncomingFile | null>;
  refuse(name: string, code: ImportFileCode): void;
  /** Leaves it as running, for the next start to go on with. */
  suspend(): void;
  /** Ends it; the first end counts. */
  end(how: { readonly state: Exclude<ImportState, 'running'>; readonly code?: ImportCode }, actor: Actor): void;
};

/** What a file came within, and what its breaking off is called. */
export type TakeOptions = {
  readonly whenBroken?: ImportFileCode;
  /** A ZIP is not looked into here but handed to this. */
  readonly onZip?: (bytes: AsyncIterable<Uint8Array>) => Promise<void>;
};

/** Thrown where a file's own source failed, not the station. */
export class BrokenSource extends Error {}

const AT_ONCE = 4;
const LONGEST_DIRECTORY = 64 * 2 ** 20;
const BYTES_BETWEEN_LOOKS = 16 * 2 ** 20;

/** Opens a run over the row of an import; what it brings is filed as if it came by an association of its person, for comparison. */
export function createImportRun(archive: Archive, started: Import, zipLimits?: ZipLimits): ImportRun {
  const { db, clock, objects, fullBytes } = archive;
  const { importId, siteId, askedBy } = started;
  const sender = { siteId, userId: askedBy, intent: 'comparison' } as const;
  const association = admitWebSender(db, sender, v7(), clock.nowMs());
  const tally = createImportTally(db, started);
  const ending = new AbortController();
  const { signal } = ending;
  const seen = new Set<string>();
  const own = new Set<string>();
  const directories: { readonly name: string; readonly files: readonly ListedFile[] }[] = [];

  async function take(
    name: string,
    bytes: AsyncIterable<Uint8Array>,
    { whenBroken, onZip }: TakeOptions = {},
  ): Promise<TakenFile['state'] | 'broken'> {
    seen.add(fileIdKey(name));
    try {
      const taken = await takeFile(archive, watched(bytes, signal), association);
      await note(name, taken, onZip);
      return taken.state;
    } catch (error) {
      if (!(error instanceof BrokenSource)) throw error;
      if (signal.aborted) return 'broken';
      if (whenBroken === undefined) {
        tally.found(-1); // nothing came: whoever sends it may send it again
        throw error;
      }
      tally.refused(name, whenBroken);
      return 'broken';
    }
  }

  async function note(name: string, taken: TakenFile, onZip: TakeOptions['onZip']): Promise<void> {
    switch (taken.state) {
      case 'stored':
        return tally.took('stored', taken.studyUid);
      case 'duplicate':
        return tally.took(isOwn(taken.sopUid) ? 'stored' : 'duplicates', taken.studyUid);
      case 'quarantined':
        return tally.setAside(name, taken.reason, taken.studyUid);
      case 'refused':
        return tally.refused(name, taken.code);
      case 'no-room':
        return end({ state: 'failed', code: 'no-room' }, { kind: 'service', id: 'import' });
      case 'directory':
        return noteDirectory(name, taken.bytes);
      case 'zip':
        if (onZip === undefined) return tally.refused(name, 'zip-within-zip');
        tally.found(-1);
        return onZip(taken.bytes);
    }
  }

  /** What this import stored before it was interrupted is met again as a duplicate; the second of two copies is one. */
  function isOwn(sopUid: string): boolean {
    if (started.resumed === 0 || own.has(sopUid)) return false;
    if (!wasBroughtBy(db, started, association.peer.peerId, sopUid)) return false;
    own.add(sopUid);
    return true;
  }

  async function noteDirectory(name: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
    const pieces: Uint8Array[] = [];
    let length = 0;
    for await (const piece of bytes) {
      length += piece.length;
      if (length > LONGEST_DIRECTORY) break;
      pieces.push(piece);
    }
    const read = length > LONGEST_DIRECTORY ? null : await readDicomdir(Buffer.concat(pieces));
    if (read?.ok !== true) return tally.refused(name, 'directory-unreadable');
    tally.found(-1);
    directories.push({ name, files: read.value });
  }

  /** What a directory lists and nobody brought: a scratched disc, or a folder picked without its neighbours. */
  function noteMissing(): void {
    for (const { name, files } of directories) {
      const base = name.split(/[\\/]/).slice(0, -1);
      for (const { fileId } of files) {
        const key = fileIdKey([...base, ...fileId]);
        if (!seen.has(key) && !seen.has(`${key}.DCM`)) {
          tally.found(1);
          tally.refused([...base, ...fileId].join('/'), 'missing-on-media');
        }
      }
    }
  }

  async function takeEntry(zipName: string, entry: ZipEntry): Promise<void> {
    const name = `${zipName}/${entry.name}`;
    if (entry.refusal !== null) return tally.refused(name, entry.refusal);
    let bytes: AsyncIterable<Uint8Array>;
    try {
      bytes = await entry.open();
    } catch {
      return tally.refused(name, 'zip-entry-damaged'); // its own header is not where, or what, the directory says
    }
    await take(name, bytes, { whenBroken: 'zip-entry-damaged' });
  }

  function close(how: 'released' | 'aborted', atMs: number): void {
    ending.abort();
    if (how === 'released') noteMissing();
    tally.flush();
    endAssociation(db, association, { how, ...tally.totals(), atMs, rules: archive.quiet });
  }

  function end(how: Parameters<ImportRun['end']>[0], actor: Actor): void {
    if (signal.aborted) return;
    const atMs = clock.nowMs();
    close(how.state === 'done' ? 'released' : 'aborted', atMs);
    endImport(db, importId, { state: how.state, code: how.code ?? null }, actor, atMs);
  }

  return {
    ...{ started, signal, take, end, found: tally.found, refuse: tally.refused },
    suspend() {
      if (!signal.aborted) close('aborted', clock.nowMs());
    },
    async takeZip(name, source) {
      const opened = await openZip(source, zipLimits);
      if (!opened.ok) {
        tally.found(1);
        tally.refused(name, opened.error.code);
        return;
      }
      try {
        tally.found(opened.value.entries.length);
        await eachAtOnce(opened.value.entries, AT_ONCE, signal, (entry) => takeEntry(name, entry));
      } finally {
        opened.value.close();
      }
    },
    async spool(bytes) {
      const file = await objects.receive();
      try {
        let nextLook = 0;
        for await (const piece of bytes) {
          if (file.sizeBytes >= nextLook) {
            if ((await objects.free()).freeBytes < fullBytes) {
              await file.discard();
              return null;
            }
            nextLook = file.sizeBytes + BYTES_BETWEEN_LOOKS;
          }
          await file.write(piece);
        }
        return file;
      } catch (error) {
        await file.discard();
        throw error;
      }
    },
  };
}

/** Some of them at a time, in their order, until all are through or the signal comes. */
export async function eachAtOnce<T>(
  items: readonly T[],
  atOnce: number,
  signal: AbortSignal,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const turn = async (): Promise<void> => {
    while (next < items.length && !signal.aborted) {
      const item = items[next++] as T;
      await work(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, turn));
}

async function* watched(bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const source = bytes[Symbol.asyncIterator]();
  try {
    for (;;) {
      let next: IteratorResult<Uint8Array>;
      try {
        next = await source.next();
      } catch (cause) {
        throw new BrokenSource('the source of a file failed', { cause });
      }
      if (signal.aborted) throw new BrokenSource('the import ended');
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await source.return?.();
  }
}
