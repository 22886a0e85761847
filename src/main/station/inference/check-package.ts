import { mkdirSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  type PackageFault,
  packageFault,
  type PackageRefusal,
  refusePackage,
} from '../../../shared/domain/package-fault.ts';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { freshObjectKeys } from '../platform/objects/object-keys.ts';
import type { KnownSigner, SignatureFact } from './package-signature.ts';
import { readPackage } from './read-package.ts';
import { isZip } from './read-packages.ts';
import type { RunnerHost } from './runner-host.ts';
import { type ModelLoaded, superviseRunner } from './runner-supervisor.ts';
import { unpackPackage } from './unpack-package.ts';

/** A package that would be installed here and hold: what it is, and how its golden cases came out. */
export type CheckedPackage = {
  readonly modelId: string;
  readonly version: string;
  readonly digest: string;
  readonly signature: SignatureFact;
  readonly provider: string;
  readonly golden: ModelLoaded['golden'];
};
export type CheckRefusal =
  | PackageRefusal
  | { readonly code: 'runner-unavailable'; readonly faults: readonly PackageFault[] };

/**
 * Does with a folder or a ZIP what the station does before it runs a model: reads it, holds its files against their digests, loads
 * the model in a process of its own and replays its golden cases. Leaves nothing behind.
 */
export async function checkPackage(
  packagePath: string,
  tools: { readonly host: RunnerHost; readonly providers: readonly string[]; readonly signers: readonly KnownSigner[] },
): Promise<Result<CheckedPackage, CheckRefusal>> {
  const isFolder = statSync(packagePath, { throwIfNoEntry: false })?.isDirectory() === true;
  if (!isFolder && !isZip(packagePath)) {
    const expected = 'a folder or a ZIP that is there';
    return refusePackage([packageFault('package-unreadable', '', { value: path.basename(packagePath), expected })]);
  }
  const work = await mkdtemp(path.join(tmpdir(), 'wetread-check-'));
  try {
    const folder = isFolder ? ok(path.resolve(packagePath)) : await unpackPackage(packagePath, work);
    if (!folder.ok) return folder;
    const read = await readPackage(folder.value, tools.signers);
    if (!read.ok) return read;
    const { manifest, digest, signature } = read.value;
    const loaded = await loadAside(folder.value, work, tools);
    if (!loaded.ok) return loaded;
    const { provider, golden } = loaded.value;
    return ok({ modelId: manifest.id, version: manifest.version, digest, signature, provider, golden });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function loadAside(
  folder: string,
  work: string,
  { host, providers }: { readonly host: RunnerHost; readonly providers: readonly string[] },
): Promise<Result<ModelLoaded, CheckRefusal>> {
  const objectsDir = path.join(work, 'objects');
  const outboxDir = path.join(work, 'outbox');
  for (const empty of [objectsDir, outboxDir]) mkdirSync(empty);
  const objectKeys = [...freshObjectKeys().export()];
  const supervisor = superviseRunner(host, {
    objectsDir,
    objectKeys,
    outboxDir,
    providers: [...providers],
    threads: 2,
  });
  supervisor.start();
  const loaded = await supervisor.load(folder, { verify: true });
  await supervisor.stop();
  return loaded.ok ? loaded : err(loaded.error);
}
