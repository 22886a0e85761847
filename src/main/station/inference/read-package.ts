import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ModelManifest } from '../../../shared/domain/model-manifest.ts';
import {
  type PackageFault,
  packageFault,
  type PackageRefusal,
  refusePackage,
} from '../../../shared/domain/package-fault.ts';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import {
  checkSignature,
  type KnownSigner,
  MOST_SIGNATURE_BYTES,
  SIGNATURE_FILE,
  type SignatureFact,
} from './package-signature.ts';
import { MOST_MANIFEST_BYTES, type ReadManifest, readManifest } from './read-manifest.ts';

export const MANIFEST_FILE = 'manifest.json';

/** A package on disk whose files are the ones its manifest names. */
export type ModelPackage = ReadManifest & { readonly directory: string; readonly signature: SignatureFact };

/** Reads a folder's manifest and signature and holds every file against its digest; nothing is loaded. Never throws. */
export async function readPackage(
  directory: string,
  signers: readonly KnownSigner[],
): Promise<Result<ModelPackage, PackageRefusal>> {
  const bytes = await readSmallFile(path.join(directory, MANIFEST_FILE), MOST_MANIFEST_BYTES);
  if (!bytes.ok) return refusePackage([packageFault('manifest-missing', MANIFEST_FILE, { value: bytes.error.code })]);
  const read = readManifest(bytes.value);
  if (!read.ok) return read;
  const faults: PackageFault[] = [];
  for (const { field, file, digest } of weightFiles(read.value.manifest)) {
    const found = await digestFile(path.join(directory, file));
    if (!found.ok)
      faults.push(
        packageFault('file-missing', field, { value: file, expected: `a file that can be read (${found.error.code})` }),
      );
    else if (found.value !== digest)
      faults.push(
        packageFault('digest-differs', field, { value: digest, expected: `${found.value}, the SHA-256 of ${file}` }),
      );
  }
  for (const [index, golden] of read.value.manifest.goldenCases.entries())
    for (const [tensor, { file }] of Object.entries(golden.inputs)) {
      const found = await readSmallFile(path.join(directory, file), 0);
      if (!found.ok)
        faults.push(
          packageFault('file-missing', `goldenCases.${index}.inputs.${tensor}.file`, {
            value: file,
            expected: `a file that can be read (${found.error.code})`,
          }),
        );
    }
  const signatureFile = await readSmallFile(path.join(directory, SIGNATURE_FILE), MOST_SIGNATURE_BYTES);
  if (!signatureFile.ok && signatureFile.error.code !== 'ENOENT')
    faults.push(packageFault('signature-unreadable', SIGNATURE_FILE, { value: signatureFile.error.code }));
  const signature = checkSignature(signatureFile.ok ? signatureFile.value : null, read.value.written, signers);
  if (!signature.ok) return refusePackage([...signature.error.faults, ...faults]);
  return faults.length > 0 ? refusePackage(faults) : ok({ ...read.value, directory, signature: signature.value });
}

/** A folder, or what could be read for ever or never, as pipes and devices. */
const NO_FILE = 'not-a-file';

/** The files that hold a model, each with its digest and the field of the manifest that names it. */
export function weightFiles(
  manifest: ModelManifest,
): readonly { readonly field: string; readonly file: string; readonly digest: string }[] {
  const beside = path.posix.dirname(manifest.modelFile);
  return [
    { field: 'modelDigest', file: manifest.modelFile, digest: manifest.modelDigest },
    ...manifest.externalData.map(({ file, digest }, index) => ({
      field: `externalData.${index}.digest`,
      // The model file names them from where it lies itself.
      file: path.posix.join(beside, file),
      digest,
    })),
  ];
}

/** SHA-256 of a file, in hexadecimal, without holding it in memory. */
export async function digestFile(file: string): Promise<Result<string, { readonly code: string }>> {
  const hash = createHash('sha256');
  try {
    if (!(await stat(file)).isFile()) return err({ code: NO_FILE });
    await pipeline(createReadStream(file), hash);
    return ok(hash.digest('hex'));
  } catch (error) {
    return err({ code: codeOf(error) });
  }
}

/** The first bytes of a file, one more than asked where there are more, so that a longer one is told apart. */
async function readSmallFile(file: string, most: number): Promise<Result<Uint8Array, { readonly code: string }>> {
  try {
    if (!(await stat(file)).isFile()) return err({ code: NO_FILE });
    const handle = await open(file);
    try {
      const bytes = Buffer.alloc(most + 1);
      let length = 0;
      for (let read = -1; read !== 0 && length < bytes.length; length += read)
        read = (await handle.read(bytes, length, bytes.length - length)).bytesRead;
      return ok(bytes.subarray(0, length));
    } finally {
      await handle.close();
    }
  } catch (error) {
    return err({ code: codeOf(error) });
  }
}

/** What the operating system calls it: `ENOENT`, `EACCES`. */
export function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unreadable';
}
