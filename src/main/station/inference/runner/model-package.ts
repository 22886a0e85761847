import { createHash } from 'node:crypto';
import { open, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { ModelManifest } from '../../../../shared/domain/model-manifest.ts';
import {
  type PackageFault,
  packageFault,
  type PackageRefusal,
  refusePackage,
} from '../../../../shared/domain/package-fault.ts';
import type { RemoteServer } from '../../../../shared/domain/provider.ts';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { readManifest } from '../read-manifest.ts';
import { codeOf, MANIFEST_FILE, weightFiles } from '../read-package.ts';
import { matchTensors } from './match-tensors.ts';
import { openRemoteSession } from './remote-session.ts';
import { ComputeFault, type ModelSession, openSession, type SessionOptions, type WeightFile } from './session.ts';

/** A model package in memory, ready to run. */
export type ModelPackage = {
  readonly directory: string;
  readonly manifest: ModelManifest;
  /** What the station knows the package by. */
  readonly manifestDigest: string;
  readonly session: ModelSession;
};

/** Where a package's model is computed. */
export type PackageSetting = SessionOptions & {
  /** The server that computes it in the place of this machine. */
  readonly remote?: RemoteServer | undefined;
};

/**
 * Reads the manifest, holds the model and its weight files against their digests, loads the very bytes that were verified and
 * checks that the model's tensors are the manifest's. Each fault says where, what stands there and what was expected. On a
 * server nothing is loaded, and no digest proves what computes there: that is for golden cases.
 */
export async function openModelPackage(
  directory: string,
  setting: PackageSetting,
): Promise<Result<ModelPackage, PackageRefusal>> {
  const text = await readWhole(path.join(directory, MANIFEST_FILE));
  if (!text.ok) return refusePackage([packageFault('manifest-missing', MANIFEST_FILE, { value: text.error.code })]);
  const read = readManifest(text.value);
  if (!read.ok) return read;
  const { manifest, digest: manifestDigest } = read.value;
  const opened =
    setting.remote === undefined
      ? await openHere(directory, manifest, setting)
      : await openThere(manifest, setting.remote);
  if (!opened.ok) return opened;
  const session = opened.value;
  const unfit = matchTensors(manifest, session);
  if (unfit.length === 0) return ok({ directory, manifest, manifestDigest, session });
  await session.close();
  return refusePackage(unfit);
}

async function openHere(
  directory: string,
  manifest: ModelManifest,
  options: SessionOptions,
): Promise<Result<ModelSession, PackageRefusal>> {
  const [model, ...weights] = await readWeights(directory, manifest);
  const faults = [model, ...weights].flatMap((file) => (file === undefined || file.ok ? [] : [file.error]));
  if (model === undefined || !model.ok) return refusePackage(faults);
  if (faults.length > 0) return refusePackage(faults);
  try {
    const given = weights.flatMap((file) => (file.ok ? [file.value] : []));
    return ok(await openSession(model.value.data, options, given));
  } catch (error) {
    // The native library's own words: it has seen the model alone, and no patient's data.
    const expected = `an ONNX model that can be loaded (${error instanceof Error ? error.message : 'refused'})`;
    return refusePackage([packageFault('model-rejected', 'modelFile', { value: manifest.modelFile, expected })]);
  }
}

async function openThere(manifest: ModelManifest, remote: RemoteServer): Promise<Result<ModelSession, PackageRefusal>> {
  try {
    return ok(await openRemoteSession(manifest, remote));
  } catch (error) {
    return refusePackage([remoteFault(error, '', remote.name)]);
  }
}

/** A fault of a server as one of the package, for whoever asked about the package there. Throws on what is no such fault. */
export function remoteFault(error: unknown, field: string, server: string): PackageFault {
  if (!(error instanceof ComputeFault)) throw error;
  const { code } = error.refusal;
  const isOut = code === 'remote-unreachable' || code === 'cancelled';
  const expected = `a server that serves the model (${error.message})`;
  return packageFault(isOut ? 'remote-unreachable' : 'remote-refused', field, { value: server, expected });
}

/** What the manifest in a folder says, or null where there is none to go by; nothing else of the package is looked at. */
export async function readPackageManifest(directory: string): Promise<ModelManifest | null> {
  const text = await readWhole(path.join(directory, MANIFEST_FILE));
  const read = text.ok ? readManifest(text.value) : null;
  return read?.ok === true ? read.value.manifest : null;
}

/** SHA-256 in hexadecimal. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The bytes, or null where no such file can be read, or it is longer than it may be: of that one nothing is read. */
export async function readOrNull(file: string, mostBytes = Number.POSITIVE_INFINITY): Promise<Uint8Array | null> {
  try {
    if (mostBytes < Number.POSITIVE_INFINITY && (await stat(file)).size > mostBytes) return null;
    return await readFile(file);
  } catch {
    return null; // missing or unreadable: the caller names which
  }
}

/** The model file first, then the files beside it; each as the model names it, and only if it has its digest. */
async function readWeights(
  directory: string,
  manifest: ModelManifest,
): Promise<readonly Result<WeightFile, PackageFault>[]> {
  const read: Result<WeightFile, PackageFault>[] = [];
  for (const [index, { field, file, digest }] of weightFiles(manifest).entries()) {
    const bytes = await readWhole(path.join(directory, file));
    const named = index === 0 ? manifest.modelFile : (manifest.externalData[index - 1]?.file ?? file);
    if (!bytes.ok) {
      read.push(
        err(
          packageFault('file-missing', field, {
            value: file,
            expected: `a file that can be read (${bytes.error.code})`,
          }),
        ),
      );
    } else if (sha256(bytes.value) !== digest) {
      const expected = `${sha256(bytes.value)}, the SHA-256 of ${file}`;
      read.push(err(packageFault('digest-differs', field, { value: digest, expected })));
    } else read.push(ok({ path: named, data: bytes.value }));
  }
  return read;
}

/** All of a file, of any size: Node's own reading ends at 2 GiB. */
async function readWhole(file: string): Promise<Result<Uint8Array, { readonly code: string }>> {
  try {
    const handle = await open(file);
    try {
      const bytes = Buffer.alloc((await handle.stat()).size);
      let length = 0;
      for (let read = -1; read !== 0 && length < bytes.length; length += read)
        read = (await handle.read(bytes, length, Math.min(bytes.length - length, 2 ** 30))).bytesRead;
      return ok(bytes.subarray(0, length));
    } finally {
      await handle.close();
    }
  } catch (error) {
    return err({ code: codeOf(error) });
  }
}
