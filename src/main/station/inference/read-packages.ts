import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { describeFault, type PackageFault, packageFault } from '../../../shared/domain/package-fault.ts';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import type { Log } from '../platform/log.ts';
import type { KnownSigner } from './package-signature.ts';
import { type ModelPackage, readPackage } from './read-package.ts';
import { UNFINISHED, unpackPackage } from './unpack-package.ts';

/** A package that cannot be used, and all that is wrong with it. */
export type RefusedPackage = { readonly packagePath: string; readonly faults: readonly PackageFault[] };
export type ReadPackages = { readonly packages: readonly ModelPackage[]; readonly refused: readonly RefusedPackage[] };

/** A folder of packages, and which of them are meant, by the names they lie under. */
export type ModelFolder = { readonly folder: string; readonly only: 'all' | readonly string[] };

/**
 * The packages found in the given folders, each of which must be there: folders, and ZIPs, which are unpacked below `unpackInto`.
 * One that cannot be used is left out, logged and told; the others still run.
 */
export async function readPackages(
  folders: readonly ModelFolder[],
  tools: { readonly unpackInto: string; readonly signers: readonly KnownSigner[]; readonly log: Log },
): Promise<Result<ReadPackages, { readonly code: 'model-folder-unreadable'; readonly details: readonly string[] }>> {
  const found: string[] = [];
  const missing: string[] = [];
  for (const { folder, only } of folders) {
    try {
      const names = readdirSync(folder, { withFileTypes: true })
        .filter(isPackage)
        .map(({ name }) => name);
      const wanted = only === 'all' ? names.toSorted() : only;
      missing.push(...wanted.filter((name) => !names.includes(name)).map((name) => `${folder}: no package ${name}`));
      found.push(...wanted.map((name) => path.resolve(folder, name)));
    } catch (error) {
      missing.push(`${folder}: ${(error as NodeJS.ErrnoException).code ?? 'unreadable'}`);
    }
  }
  if (missing.length > 0) return err({ code: 'model-folder-unreadable', details: missing });
  if (found.some(isZip)) mkdirSync(tools.unpackInto, { recursive: true, mode: 0o700 });
  // Somebody may have put packages there by hand, and named the folder in the configuration.
  const unpackedNow = new Set(
    found.filter((one) => path.dirname(one) === path.resolve(tools.unpackInto)).map((one) => path.basename(one)),
  );
  clearUnfinished(tools.unpackInto);
  const packages: ModelPackage[] = [];
  const refused: RefusedPackage[] = [];
  for (const packagePath of found) {
    const unpacked = isZip(packagePath) ? await unpackPackage(packagePath, tools.unpackInto) : ok(packagePath);
    if (isZip(packagePath) && unpacked.ok) unpackedNow.add(path.basename(unpacked.value));
    const read = unpacked.ok ? await readPackage(unpacked.value, tools.signers) : unpacked;
    const twin = read.ok ? packages.find(({ digest }) => digest === read.value.digest) : undefined;
    if (read.ok && twin === undefined) {
      packages.push(read.value);
      continue;
    }
    const faults = read.ok ? [twiceFault(packagePath)] : read.error.faults;
    refused.push({ packagePath, faults });
    for (const fault of faults)
      tools.log.warn('model-package-refused', {
        package: path.basename(packagePath),
        code: fault.code,
        fault: describeFault(fault),
      });
  }
  removeOthers(tools.unpackInto, unpackedNow, tools.log);
  return ok({ packages, refused });
}

/** The same manifest in two places is one model: the first is taken, as of equal ones any would do. */
function twiceFault(packagePath: string): PackageFault {
  const expected = 'a package that lies in one place: this one was found before, and that is used';
  return packageFault('package-twice', '', { value: path.basename(packagePath), expected });
}

/** What a start that was killed left half unpacked. */
function clearUnfinished(folder: string): void {
  for (const { name } of listFolders(folder))
    if (name.startsWith(UNFINISHED)) rmSync(path.join(folder, name), { recursive: true, force: true });
}

/** Unpacked packages go by the digest of their ZIP; nothing of another name was put there by us. */
const UNPACKED = /^[0-9a-f]{64}$/;

/**
 * Removes what was unpacked of ZIPs that are no longer there, or are others by now. Only folders directly below ours count, by the name
 * that we gave them: no path that a package or the database names is followed. One that cannot be removed now is tried at the next start.
 */
function removeOthers(folder: string, kept: ReadonlySet<string>, log: Log): void {
  for (const { name } of listFolders(folder)) {
    if (!UNPACKED.test(name) || kept.has(name)) continue;
    try {
      rmSync(path.join(folder, name), { recursive: true, force: true });
      log.info('model-package-removed', { package: name });
    } catch (error) {
      log.warn('model-package-not-removed', { package: name, code: (error as NodeJS.ErrnoException).code ?? '' });
    }
  }
}

/** The folders below one; none where it is not there. Links are none. */
function listFolders(folder: string): readonly { readonly name: string }[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Whether a name is of a ZIP. */
export function isZip(name: string): boolean {
  return /\.zip$/i.test(name);
}

function isPackage(entry: { readonly name: string; isDirectory(): boolean }): boolean {
  return !entry.name.startsWith('.') && (entry.isDirectory() || isZip(entry.name));
}
