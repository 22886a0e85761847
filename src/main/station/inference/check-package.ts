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
import { providersFor, type RemoteServer } from '../../../shared/domain/provider.ts';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { freshObjectKeys } from '../platform/objects/object-keys.ts';
import type { KnownSigner, SignatureFact } from './package-signature.ts';
import { type ModelPackage, readPackage } from './read-package.ts';
import { isZip } from './read-packages.ts';
import type { RunnerHost } from './runner-host.ts';
import type { ProviderComparison } from './runner-protocol.ts';
import { type ModelLoaded, type RunnerSupervisor, superviseRunner } from './runner-supervisor.ts';
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

/** What a package is tried with: providers in the site's order, the servers among them, and whose signatures are known. */
export type CheckTools = {
  readonly host: RunnerHost;
  readonly providers: readonly string[];
  readonly remotes?: readonly RemoteServer[];
  readonly signers: readonly KnownSigner[];
};

/**
 * Does with a folder or a ZIP what the station does before it runs a model: reads it, holds its files against their digests, loads
 * the model in a process of its own and replays its golden cases, on each provider in turn until they hold. Leaves nothing behind.
 */
export function checkPackage(packagePath: string, tools: CheckTools): Promise<Result<CheckedPackage, CheckRefusal>> {
  return withPackageAside(packagePath, tools, async ({ folder, read }, supervisor) => {
    const { manifest, digest, signature } = read;
    let refusal: CheckRefusal | null = null;
    for (const name of providersFor(manifest.id, tools.providers, tools.remotes ?? [])) {
      const loaded = await supervisor.load(folder, { verify: true, provider: name });
      if (!loaded.ok) {
        refusal ??= loaded.error;
        continue;
      }
      const { provider, golden } = loaded.value;
      return ok({ modelId: manifest.id, version: manifest.version, digest, signature, provider, golden });
    }
    return err(refusal ?? { code: 'runner-unavailable', faults: [] });
  });
}

/** How a package's golden cases come out on one provider beside another. */
export type ComparedPackage = Omit<ProviderComparison, 'type' | 'requestId'> & {
  readonly modelId: string;
  readonly version: string;
};

/** Computes a package's golden cases on a provider and on another beside it, in a process of its own; leaves nothing behind. */
export function comparePackage(
  packagePath: string,
  tools: CheckTools & { readonly provider: string; readonly against: string; readonly runs: number },
): Promise<Result<ComparedPackage, CheckRefusal>> {
  const { provider, against, runs } = tools;
  return withPackageAside(packagePath, tools, async ({ folder, read }, supervisor) => {
    const { id: modelId, version } = read.manifest;
    const compared = await supervisor.compare(folder, { provider, against, runs, limitMs: LONGEST_COMPARISON_MS });
    if (!compared.ok) return compared;
    const { type: _type, requestId: _requestId, ...rest } = compared.value;
    return ok({ modelId, version, ...rest });
  });
}

/** TensorRT builds an engine first, and a large model may take minutes a case. */
const LONGEST_COMPARISON_MS = 2 * 3_600_000;

type Aside = { readonly folder: string; readonly read: ModelPackage };

async function withPackageAside<T>(
  packagePath: string,
  tools: CheckTools,
  tryOut: (opened: Aside, supervisor: RunnerSupervisor) => Promise<Result<T, CheckRefusal>>,
): Promise<Result<T, CheckRefusal>> {
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
    const supervisor = superviseAside(work, tools);
    supervisor.start();
    try {
      return await tryOut({ folder: folder.value, read: read.value }, supervisor);
    } finally {
      await supervisor.stop();
    }
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function superviseAside(work: string, { host, providers, remotes = [] }: CheckTools): RunnerSupervisor {
  const objectsDir = path.join(work, 'objects');
  const outboxDir = path.join(work, 'outbox');
  for (const empty of [objectsDir, outboxDir]) mkdirSync(empty);
  const objectKeys = [...freshObjectKeys().export()];
  return superviseRunner(host, {
    ...{ objectsDir, objectKeys, outboxDir, threads: 2 },
    ...{ providers: [...providers], remotes: [...remotes] },
  });
}
