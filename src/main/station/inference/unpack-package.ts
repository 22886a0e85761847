import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import {
  type PackageFault,
  packageFault,
  type PackageRefusal,
  refusePackage,
} from '../../../shared/domain/package-fault.ts';
import { ok, type Result } from '../../../shared/domain/result.ts';
import { syncFile } from '../platform/sync-file.ts';
import { syncFolderAside } from '../platform/sync-folder.ts';
import { openZip, type ZipEntry, type ZipLimits } from '../platform/zip/read-zip.ts';
import { codeOf, digestFile, MANIFEST_FILE } from './read-package.ts';

/** More than any model of today; what is beyond is no package. */
export const PACKAGE_LIMITS: ZipLimits = {
  entries: 1000,
  totalBytes: 16 * 2 ** 30,
  ratio: 200,
  ratioFromBytes: 256 * 2 ** 20,
};
/** In the name of a folder that is still being filled; one that is left over is of a start that was killed. */
export const UNFINISHED = '.unfinished-';
/** What file managers put into every ZIP they make. */
const LITTER = /^__MACOSX\/|(^|\/)(\.DS_Store|Thumbs\.db)$/;

/**
 * Unpacks a ZIP below a folder, into one named by the ZIP's SHA-256, and gives the folder that holds the manifest. All of it is
 * on the disk before it has that name, and a ZIP that was unpacked before is not unpacked again. Nothing is left of one that is refused.
 */
export async function unpackPackage(
  file: string,
  into: string,
  limits: ZipLimits = PACKAGE_LIMITS,
): Promise<Result<string, PackageRefusal>> {
  const digest = await digestFile(file);
  if (!digest.ok) return refusePackage([packageFault('package-unreadable', '', { value: digest.error.code })]);
  const target = path.join(into, digest.value);
  try {
    if (await isFolder(target)) return ok(target);
    const zip = await openZip({ kind: 'file', path: file }, limits);
    if (!zip.ok)
      return refusePackage([packageFault(zip.error.code, '', { expected: expectedOf(zip.error.code, limits) })]);
    const unfinished = await mkdtemp(path.join(into, UNFINISHED));
    try {
      const unpacked = await unpackEntries(zip.value.entries, unfinished);
      if (!unpacked.ok) return unpacked;
      await rename(unfinished, target);
      await syncFolderAside(into);
      return ok(target);
    } finally {
      zip.value.close();
      await rm(unfinished, { recursive: true, force: true });
    }
  } catch (error) {
    return refusePackage([packageFault('package-unreadable', '', { value: codeOf(error) })]);
  }
}

/** What an entry should be, by what it is refused for. */
const ENTRIES = {
  'zip-name-unsafe': 'a file below the package, and no link',
  'zip-entry-encrypted': 'an entry without a password',
  'zip-method-unknown': 'an entry that is stored or deflated',
} as const satisfies Record<NonNullable<ZipEntry['refusal']>, string>;

async function unpackEntries(entries: readonly ZipEntry[], into: string): Promise<Result<null, PackageRefusal>> {
  const kept = entries.filter(({ name }) => !LITTER.test(name));
  const refused = kept.flatMap(({ name, refusal }) =>
    refusal === null ? [] : [packageFault(refusal, '', { value: name, expected: ENTRIES[refusal] })],
  );
  if (refused.length > 0) return refusePackage(refused);
  const manifests = kept.filter(({ name }) => path.posix.basename(name) === MANIFEST_FILE).map(({ name }) => name);
  const [manifest] = manifests.toSorted((a, b) => a.split('/').length - b.split('/').length);
  // A ZIP of a folder holds that folder's name in front of each entry.
  const top = manifest === undefined ? '' : manifest.slice(0, -MANIFEST_FILE.length);
  if (manifest === undefined || top.split('/').length > 2)
    return refusePackage([
      packageFault('manifest-missing', MANIFEST_FILE, { expected: 'at the top of the ZIP, or in its one folder' }),
    ]);
  const folders = new Set<string>();
  for (const entry of kept) {
    if (!entry.name.startsWith(top)) continue;
    const target = path.join(into, entry.name.slice(top.length));
    await mkdir(path.dirname(target), { recursive: true, mode: 0o700 });
    folders.add(path.dirname(target));
    try {
      await pipeline(await entry.open(), createWriteStream(target, { flags: 'wx', mode: 0o600 }));
    } catch (error) {
      const value = entry.name;
      return refusePackage([
        packageFault('zip-unreadable', '', { value, expected: `an entry that can be unpacked (${codeOf(error)})` }),
      ]);
    }
    await syncFile(target);
  }
  for (const folder of folders) await syncFolderAside(folder);
  return ok(null);
}

/** What was expected instead, in words. */
function expectedOf(code: PackageFault['code'], { entries, totalBytes }: ZipLimits): string {
  if (code === 'zip-unreadable') return 'a ZIP that is whole: its list of entries cannot be read';
  return `a ZIP of at most ${entries} entries that unpacks to at most ${totalBytes} bytes`;
}

async function isFolder(name: string): Promise<boolean> {
  try {
    return (await stat(name)).isDirectory();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}
