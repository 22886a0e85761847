import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ModelManifest } from '../../../../shared/domain/model-manifest.ts';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { packageDigest } from '../package-digest.ts';
import type { LoadFailure } from '../runner-protocol.ts';
import { type ModelSession, openSession, type SessionOptions } from './session.ts';

/** A model package in memory, ready to run. */
export type ModelPackage = {
  readonly directory: string;
  readonly manifest: ModelManifest;
  /** What the station knows the package by. */
  readonly manifestDigest: string;
  readonly session: ModelSession;
};

/** Reads the manifest, checks the model's digest against it, loads the model and checks that its tensors are the manifest's. */
export async function openModelPackage(
  directory: string,
  options: SessionOptions,
): Promise<Result<ModelPackage, { readonly code: LoadFailure }>> {
  const text = await readOrNull(path.join(directory, 'manifest.json'));
  if (text === null) return err({ code: 'manifest-missing' });
  const parsed = ModelManifest.safeParse(parseJson(text));
  if (!parsed.success) return err({ code: 'manifest-invalid' });
  const manifest = parsed.data;
  const model = await readOrNull(path.join(directory, manifest.modelFile));
  if (model === null) return err({ code: 'model-missing' });
  if (sha256(model) !== manifest.modelDigest) return err({ code: 'digest-differs' });
  let session: ModelSession;
  try {
    session = await openSession(model, options);
  } catch {
    return err({ code: 'model-rejected' }); // whatever the native library disliked: its text names nothing a person can act on
  }
  const known = new Set([...session.inputNames, ...session.outputNames]);
  const isComplete =
    [...manifest.inputs, ...manifest.outputs].every((tensor) => known.has(tensor.tensor)) &&
    session.inputNames.every((name) => manifest.inputs.some((input) => input.tensor === name));
  if (!isComplete) {
    await session.close();
    return err({ code: 'tensor-missing' });
  }
  return ok({ directory, manifest, manifestDigest: packageDigest(manifest), session });
}

/** SHA-256 in hexadecimal. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null; // the schema then refuses it
  }
}

/** The bytes, or null where no such file can be read. */
export async function readOrNull(file: string): Promise<Uint8Array | null> {
  try {
    return await readFile(file);
  } catch {
    return null; // missing or unreadable: the caller names which
  }
}
