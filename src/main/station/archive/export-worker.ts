import { mkdir, open, realpath, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { ExportForm } from '../../../shared/domain/media.ts';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import type { DicomRecord } from '../dicom/dataset/write-dataset.ts';
import { type Actor, serviceActor } from '../platform/ledger/event.ts';
import type { Log } from '../platform/log.ts';
import type { ObjectReader } from '../platform/objects/object-store.ts';
import { durable } from '../platform/store/durability.ts';
import { syncFolderAside } from '../platform/sync-folder.ts';
import { type ExportMember, exportMembers } from './export-members.ts';
import { missingReason } from './export-object.ts';
import {
  endExport,
  endExportsLeftRunning,
  type Export,
  findExport,
  noteExport,
  recordDownload,
  startExport,
} from './exports.ts';
import type { SendablePath } from './find-studies.ts';
import type { MediaFolder } from './media-folders.ts';
import type { Archive } from './receive-object.ts';

/** What leaves, and who takes it. */
export type ExportRequest = {
  readonly siteId: string;
  readonly studyId: string;
  readonly form: ExportForm;
  readonly paths: readonly SendablePath[];
  /** What the station writes besides of what was done here, and nobody sent. */
  readonly written: readonly DicomRecord[];
  readonly actor: Actor;
};

/** Exports under way, and the ways to begin one. */
export type ExportWorker = {
  /** Fails what an earlier process left running, and takes its half-written folders away. */
  start(): void;
  readonly folders: readonly string[];
  /** The files of a download, recorded as leaving before they are read. */
  download(request: ExportRequest): Result<AsyncIterable<ExportMember>, { readonly code: 'nothing-to-export' }>;
  begin(
    request: ExportRequest,
    folder: string,
  ): Result<Export, { readonly code: 'folder-not-found' | 'too-many-exports' | 'nothing-to-export' }>;
  cancel(
    siteId: string,
    exportId: string,
    actor: Actor,
  ): Result<Export, { readonly code: 'export-not-found' | 'export-has-ended' }>;
  stop(): Promise<void>;
};

const MOST_RUNNING = 4;
const NOTE_EVERY_MS = 400;
const OURSELVES = serviceActor('export');

/** A worker over the archive and the configured folders; `objects` tells of damage it meets. */
export function createExportWorker(
  archive: Pick<Archive, 'db' | 'clock'>,
  objects: ObjectReader,
  folders: readonly MediaFolder[],
  log: Log,
): ExportWorker {
  const { db, clock } = archive;
  const running = new Map<string, { readonly ending: AbortController; readonly done: Promise<void> }>();
  const rootOf = (name: string) => folders.find((one) => one.name === name)?.path ?? null;

  function leaving({ paths, written, ...request }: ExportRequest) {
    const missing = paths.filter(({ digest }) => missingReason(db, digest) !== null).length;
    return { ...request, objects: paths.length + written.length, missing, atMs: clock.nowMs() };
  }

  async function write(started: Export, request: ExportRequest, root: string, signal: AbortSignal): Promise<void> {
    const { exportId, name } = started;
    const target = path.join(await realpath(root), name);
    const partial = `${target}.partial`;
    const counts = { written: 0, missing: 0 };
    let notedAtMs = performance.now();
    const members = exportMembers(db, objects, request, (what) => {
      counts[what === 'written' ? 'written' : 'missing'] += 1;
      if (performance.now() - notedAtMs < NOTE_EVERY_MS) return;
      notedAtMs = performance.now();
      noteExport(db, exportId, counts);
    });
    try {
      await durable(db); // who takes it along stands in the ledger before it leaves
      await mkdir(partial, { mode: 0o700 });
      for await (const member of members) {
        if (signal.aborted) break;
        await writeMember(partial, member);
      }
      if (!signal.aborted) {
        await rename(partial, target);
        await syncFolderAside(path.dirname(target));
      }
    } finally {
      await rm(partial, { recursive: true, force: true });
      noteExport(db, exportId, counts);
    }
    if (signal.aborted) return;
    const code = counts.written === 0 ? 'none-available' : counts.missing > 0 ? 'some-missing' : null;
    endExport(db, exportId, { state: counts.written === 0 ? 'failed' : 'done', code }, OURSELVES, clock.nowMs());
  }

  return {
    folders: folders.map(({ name }) => name),
    start() {
      for (const { folder, name } of endExportsLeftRunning(db, clock.nowMs())) {
        const root = rootOf(folder);
        if (root === null) continue;
        rm(path.join(root, `${name}.partial`), { recursive: true, force: true }).catch((error: unknown) =>
          log.incident('export-not-cleared', error),
        );
      }
    },
    download(request) {
      if (request.paths.length === 0) return err({ code: 'nothing-to-export' });
      recordDownload(db, leaving(request));
      return ok(exportMembers(db, objects, request, () => undefined));
    },
    begin(request, folder) {
      const root = rootOf(folder);
      if (root === null) return err({ code: 'folder-not-found' });
      if (running.size >= MOST_RUNNING) return err({ code: 'too-many-exports' });
      if (request.paths.length === 0) return err({ code: 'nothing-to-export' });
      const started = startExport(db, { ...leaving(request), folder });
      const { exportId } = started;
      const ending = new AbortController();
      const done = write(started, request, root, ending.signal)
        .catch((error: unknown) => {
          const isFolders = ['ENOENT', 'EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EEXIST', 'ENOTDIR'].includes(
            (error as NodeJS.ErrnoException).code ?? '',
          );
          if (!isFolders) log.incident('export-failed', error, { correlationId: exportId });
          const code = isFolders ? 'folder-not-writable' : 'station-fault';
          endExport(db, exportId, { state: 'failed', code }, OURSELVES, clock.nowMs());
        })
        .finally(() => running.delete(exportId));
      running.set(exportId, { ending, done });
      return ok(started);
    },
    cancel(siteId, exportId, actor) {
      const known = findExport(db, siteId, exportId);
      if (known === null) return err({ code: 'export-not-found' });
      if (known.endedAtMs !== null) return err({ code: 'export-has-ended' });
      running.get(exportId)?.ending.abort();
      endExport(db, exportId, { state: 'cancelled', code: null }, actor, clock.nowMs());
      return ok(findExport(db, siteId, exportId) ?? known);
    },
    async stop() {
      const left = [...running.entries()];
      for (const [exportId, { ending }] of left) {
        ending.abort();
        endExport(db, exportId, { state: 'failed', code: 'station-restarted' }, OURSELVES, clock.nowMs());
      }
      await Promise.all(left.map(([, { done }]) => done));
    },
  };
}

/** Media are given away and pulled out: each file is on the disk before it counts. */
async function writeMember(folder: string, { name, bytes }: ExportMember): Promise<void> {
  const file = path.join(folder, ...name.split('/'));
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const handle = await open(file, 'wx', 0o600);
  try {
    if (bytes instanceof Uint8Array) await handle.writeFile(bytes);
    else for await (const piece of bytes) await handle.writeFile(piece);
    await handle.datasync();
  } finally {
    await handle.close();
  }
}
