import type { ImportSource } from '../../../shared/domain/media.ts';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import type { Actor } from '../platform/ledger/event.ts';
import { serviceActor } from '../platform/ledger/event.ts';
import type { Log } from '../platform/log.ts';
import type { ZipLimits } from '../platform/zip/read-zip.ts';
import { createImportRun, eachAtOnce, type ImportRun } from './import-run.ts';
import { endImport, findImport, type Import, listImportsLeftRunning, resumeImport, startImport } from './imports.ts';
import {
  findPlace,
  type FolderView,
  isStillThere,
  listFiles,
  type MediaFolder,
  openWithin,
  type Place,
  type PlaceFailure,
  viewPlace,
} from './media-folders.ts';
import type { Archive } from './receive-object.ts';
import type { TakenFile } from './take-file.ts';

/** Who imports, and at which site. */
export type Importer = { readonly siteId: string; readonly actor: Actor };

/** Why an import that is named cannot go on. */
export type ImportFailure = { readonly code: 'import-not-found' | 'import-has-ended' | 'import-not-an-upload' };

/** Why an import is not resumed: it runs, it is whole, what was sent is gone, or its folder is. */
export type ResumeFailure =
  | {
      readonly code:
        | 'import-not-found'
        | 'import-running'
        | 'import-is-whole'
        | 'import-not-a-folder'
        | 'too-many-imports';
    }
  | PlaceFailure;

/** What became of one file sent; a ZIP is looked into afterwards. */
export type UploadedFile = { readonly state: TakenFile['state'] };

/** Imports under way, and the way to begin one. */
export type ImportWorker = {
  /** Goes on with the folders that an earlier process left running, three times at most; fails uploads, for what was sent is gone. */
  start(): void;
  /** Names of the configured folders. */
  readonly folders: readonly string[];
  browse(folder: string, relative: string): Promise<Result<FolderView, PlaceFailure>>;
  begin(
    who: Importer,
    from:
      | { readonly source: Extract<ImportSource, 'upload'> }
      | { readonly source: Extract<ImportSource, 'folder'>; readonly folder: string; readonly path: string },
  ): Promise<Result<Import, PlaceFailure | { readonly code: 'too-many-imports' }>>;
  /** Takes a file of an upload. Throws what its source throws, and nothing of the file is kept. */
  upload(
    siteId: string,
    importId: string,
    name: string,
    bytes: AsyncIterable<Uint8Array>,
  ): Promise<Result<UploadedFile, ImportFailure | { readonly code: 'no-room' }>>;
  /** No more files follow: it ends when what came is through. */
  finish(siteId: string, importId: string): Result<Import, ImportFailure>;
  cancel(who: Importer, importId: string): Result<Import, ImportFailure>;
  /** Looks through the folder of an import that failed or was cancelled once more, under the same name. */
  resume(who: Importer, importId: string): Promise<Result<Import, ResumeFailure>>;
  /** Folders go on with the next start; uploads have failed. */
  stop(): Promise<void>;
};

/** What is set where a test needs it smaller. */
export type ImportSettings = { readonly zipLimits?: ZipLimits; readonly abandonedAfterMs?: number };

/** One that has ended stands here until what it was still filing is through. */
type Running = {
  readonly run: ImportRun;
  /** Everything that came and is not through. */
  readonly pending: Set<Promise<unknown>>;
  /** ZIPs are looked into one after another. */
  zips: Promise<void>;
  isFinishing: boolean;
  abandoned: NodeJS.Timeout | null;
};

const MOST_RUNNING = 8;
const AT_ONCE = 4;
/** An import that was running at each of so many ends of the station may be what ends it: a person says whether it goes on. */
const MOST_RESUMED = 3;
const ABANDONED_AFTER_MS = 15 * 60_000;
const OURSELVES = serviceActor('import');

/** A worker over the archive and the configured folders. */
export function createImportWorker(
  archive: Archive,
  folders: readonly MediaFolder[],
  log: Log,
  { zipLimits, abandonedAfterMs = ABANDONED_AFTER_MS }: ImportSettings = {},
): ImportWorker {
  const { db, clock } = archive;
  const running = new Map<string, Running>();
  let stopped = false;

  function open(started: Import): Running {
    const run = createImportRun(archive, started, zipLimits);
    const one: Running = { run, pending: new Set(), zips: Promise.resolve(), isFinishing: false, abandoned: null };
    running.set(started.importId, one);
    run.signal.addEventListener('abort', () => {
      if (one.abandoned !== null) clearTimeout(one.abandoned);
      forget(one);
    });
    return one;
  }

  function forget(one: Running): void {
    if (one.run.signal.aborted && one.pending.size === 0) running.delete(one.run.started.importId);
  }

  /** A fault of the station ends the import and is told by its incident; what is stored stays. */
  function track<T>(one: Running, work: Promise<T>): Promise<T> {
    const settled = work.then(
      () => undefined,
      () => undefined,
    );
    one.pending.add(settled);
    void settled.then(() => {
      one.pending.delete(settled);
      settle(one);
    });
    return work;
  }

  function fault(one: Running, error: unknown): void {
    log.incident('import-failed', error, { correlationId: one.run.started.importId });
    one.run.end({ state: 'failed', code: 'station-fault' }, OURSELVES);
  }

  function settle(one: Running): void {
    if (one.run.signal.aborted) return forget(one);
    if (one.isFinishing && one.pending.size === 0) one.run.end({ state: 'done' }, OURSELVES);
    else if (one.run.started.source === 'upload' && !one.isFinishing) waitForMore(one);
  }

  function waitForMore(one: Running): void {
    if (one.abandoned !== null) clearTimeout(one.abandoned);
    one.abandoned = setTimeout(() => {
      if (one.pending.size > 0) waitForMore(one);
      else one.run.end({ state: 'failed', code: 'upload-abandoned' }, OURSELVES);
    }, abandonedAfterMs).unref();
  }

  async function importFolder({ run }: Running, place: Place): Promise<void> {
    const { files, unreadable } = await listFiles(place, run.signal);
    if (unreadable.length > 0 && !(await isStillThere(place))) return endUnread(run);
    run.found(files.length + unreadable.length);
    for (const folder of unreadable) run.refuse(folder, 'file-unreadable');
    await eachAtOnce(files, AT_ONCE, run.signal, (file) => importFile(run, place, file));
  }

  function beginFolder(started: Import, place: Place): void {
    const one = open(started);
    one.isFinishing = true;
    void track(
      one,
      importFolder(one, place).catch((error: unknown) => fault(one, error)),
    );
  }

  /** The place of an import by its text, a folder's name and the path in it: the longest name that fits. */
  function findAgain(text: string): Promise<Result<Place, PlaceFailure>> {
    const fitting = folders.filter(({ name }) => text === name || text.startsWith(`${name}/`));
    const name = fitting.toSorted((one, other) => other.name.length - one.name.length)[0]?.name ?? text;
    return findPlace(folders, name, text.slice(name.length + 1));
  }

  async function carryOn(left: Import): Promise<void> {
    const fail = (code: 'station-restarted' | 'folder-not-readable') =>
      endImport(db, left.importId, { state: 'failed', code }, OURSELVES, clock.nowMs());
    if (left.place === null || left.resumed >= MOST_RESUMED) return fail('station-restarted');
    const place = await findAgain(left.place);
    if (stopped) return;
    if (!place.ok) return fail('folder-not-readable');
    beginFolder(resumeImport(db, left.importId, left.resumed + 1, OURSELVES, clock.nowMs()), place.value);
  }

  /** A drive that was pulled out is no folder of unreadable files: once it is back, the import goes on when asked. */
  function endUnread(run: ImportRun): void {
    run.end({ state: 'failed', code: 'folder-not-readable' }, OURSELVES);
  }

  async function importFile(run: ImportRun, place: Place, file: string): Promise<void> {
    const handle = await openWithin(place, file).catch(() => null);
    if (handle === null) return (await isStillThere(place)) ? run.refuse(file, 'file-unreadable') : endUnread(run);
    try {
      const state = await run.take(file, handle.createReadStream({ autoClose: false }), {
        whenBroken: 'file-unreadable',
        async onZip() {
          const { size } = await handle.stat();
          const read = async (start: number, length: number) => {
            const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, start);
            return buffer.subarray(0, bytesRead);
          };
          await run.takeZip(file, { kind: 'bytes', sizeBytes: size, read });
        },
      });
      if ((state === 'broken' || state === 'zip') && !(await isStillThere(place))) endUnread(run);
    } catch (error) {
      if (await isStillThere(place)) throw error;
      endUnread(run); // the directory of a ZIP could not be read any more
    } finally {
      await handle.close();
    }
  }

  function find(siteId: string, importId: string): Result<Running, ImportFailure> {
    const one = running.get(importId);
    if (one !== undefined && !one.run.signal.aborted && one.run.started.siteId === siteId) return ok(one);
    return err({ code: findImport(db, siteId, importId) === null ? 'import-not-found' : 'import-has-ended' });
  }

  function findUpload(siteId: string, importId: string): Result<Running, ImportFailure> {
    const found = find(siteId, importId);
    if (!found.ok) return found;
    if (found.value.run.started.source !== 'upload') return err({ code: 'import-not-an-upload' });
    return found.value.isFinishing ? err({ code: 'import-has-ended' }) : found;
  }

  function now({ run }: Running): Import {
    return findImport(db, run.started.siteId, run.started.importId) ?? run.started;
  }

  async function uploadZip(one: Running, name: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
    const file = await one.run.spool(bytes);
    if (file === null) return one.run.end({ state: 'failed', code: 'no-room' }, OURSELVES);
    const read = (start: number, length: number) => file.readRange(start, length);
    const before = one.zips;
    one.zips = (async () => {
      await before;
      try {
        if (!one.run.signal.aborted) await one.run.takeZip(name, { kind: 'bytes', sizeBytes: file.sizeBytes, read });
      } catch (error) {
        fault(one, error);
      } finally {
        await file.discard();
      }
    })();
    void track(one, one.zips);
  }

  return {
    folders: folders.map(({ name }) => name),
    start() {
      for (const left of listImportsLeftRunning(db))
        carryOn(left).catch((error: unknown) => log.incident('import-failed', error, { correlationId: left.importId }));
    },
    async browse(folder, relative) {
      const place = await findPlace(folders, folder, relative);
      return place.ok ? ok(await viewPlace(place.value)) : place;
    },
    async begin(who, from) {
      if (running.size >= MOST_RUNNING) return err({ code: 'too-many-imports' });
      if (from.source === 'upload') {
        const one = open(startImport(db, { ...who, source: 'upload', place: null, atMs: clock.nowMs() }));
        waitForMore(one);
        return ok(one.run.started);
      }
      const place = await findPlace(folders, from.folder, from.path);
      if (!place.ok) return place;
      const text = from.path === '' ? from.folder : `${from.folder}/${from.path}`;
      const started = startImport(db, { ...who, source: 'folder', place: text, atMs: clock.nowMs() });
      beginFolder(started, place.value);
      return ok(started);
    },
    async upload(siteId, importId, name, bytes) {
      const found = findUpload(siteId, importId);
      if (!found.ok) return found;
      const one = found.value;
      one.run.found(1);
      const state = await track(one, one.run.take(name, bytes, { onZip: (zip) => uploadZip(one, name, zip) }));
      if (state === 'broken') return err({ code: 'import-has-ended' });
      if (state === 'no-room' || (state === 'zip' && one.run.signal.aborted)) return err({ code: 'no-room' });
      return ok({ state });
    },
    finish(siteId, importId) {
      const found = findUpload(siteId, importId);
      if (!found.ok) return found;
      found.value.isFinishing = true;
      settle(found.value);
      return ok(now(found.value));
    },
    cancel({ siteId, actor }, importId) {
      const found = find(siteId, importId);
      if (!found.ok) return found;
      found.value.run.end({ state: 'cancelled' }, actor);
      return ok(now(found.value));
    },
    async resume({ siteId, actor }, importId) {
      const known = findImport(db, siteId, importId);
      if (known === null) return err({ code: 'import-not-found' });
      if (known.place === null) return err({ code: 'import-not-a-folder' });
      if (running.size >= MOST_RUNNING) return err({ code: 'too-many-imports' });
      const place = await findAgain(known.place);
      if (!place.ok) return place;
      const state = findImport(db, siteId, importId)?.state;
      // What it brought last is still being filed: counted twice, were it looked through again already.
      if (state === 'running' || running.has(importId)) return err({ code: 'import-running' });
      if (state === 'done') return err({ code: 'import-is-whole' });
      const resumed = resumeImport(db, importId, 1, actor, clock.nowMs());
      beginFolder(resumed, place.value);
      return ok(resumed);
    },
    async stop() {
      stopped = true;
      const left = [...running.values()];
      for (const { run } of left)
        if (run.started.source === 'folder') run.suspend();
        else run.end({ state: 'failed', code: 'station-restarted' }, OURSELVES);
      await Promise.all(left.flatMap(({ pending }) => [...pending]));
    },
  };
}
