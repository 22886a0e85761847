import { verify } from 'node:crypto';
import { z } from 'zod';
import { packageFault, type PackageRefusal, refusePackage } from '../../../shared/domain/package-fault.ts';
import { ok, type Result } from '../../../shared/domain/result.ts';
import { readPublicKey } from '../platform/public-key.ts';

/** Where a package's signature lies, beside its manifest. */
export const SIGNATURE_FILE = 'signature.json';
/** A signature and who made it are a few hundred bytes. */
export const MOST_SIGNATURE_BYTES = 16 * 1024;

/** Detached: Ed25519 over the RFC 8785 form of the manifest as written, which names every file's digest. */
export const PackageSignature = z.strictObject({
  algorithm: z.literal('ed25519'),
  signer: z.string().min(1).max(120),
  signature: z.base64().length(88, 'the 64 bytes of an Ed25519 signature in base64'),
});

/** Somebody whose signatures this station knows. */
export type KnownSigner = { readonly name: string; readonly publicKey: string };

/** What is known of who made a package; a wrong signature refuses it. */
export const SignatureFact = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('unsigned') }),
  /** The signature is that signer's, by a key of the configuration. */
  z.strictObject({ state: z.literal('signed'), by: z.string() }),
  /** It names a signer whose key the configuration does not list: it proves nothing. */
  z.strictObject({ state: z.literal('signer-unknown'), by: z.string() }),
]);
export type SignatureFact = z.infer<typeof SignatureFact>;

/** Holds a package's signature file, or null where it has none, against its manifest and the signers that are known. */
export function checkSignature(
  bytes: Uint8Array | null,
  written: string,
  signers: readonly KnownSigner[],
): Result<SignatureFact, PackageRefusal> {
  if (bytes === null) return ok({ state: 'unsigned' });
  const parsed = PackageSignature.safeParse(parseJson(bytes));
  if (!parsed.success) {
    const expected = 'algorithm ed25519, signer, and signature in base64';
    return refusePackage([packageFault('signature-unreadable', SIGNATURE_FILE, { expected })]);
  }
  const { signer, signature } = parsed.data;
  const known = signers.find(({ name }) => name === signer);
  if (known === undefined) return ok({ state: 'signer-unknown', by: signer });
  const key = readPublicKey(known.publicKey);
  if (key !== null && verify(null, Buffer.from(written), key, Buffer.from(signature, 'base64')))
    return ok({ state: 'signed', by: signer });
  const expected = 'the signature of the manifest as it is written (RFC 8785)';
  return refusePackage([packageFault('signature-wrong', SIGNATURE_FILE, { value: signer, expected })]);
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null; // the schema then refuses it
  }
}
