import { readFileSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
import type { ConnectionOptions, PeerCertificate, SecureContextOptions } from 'node:tls';

/** Paths (PEM) of the certificate and key we show, and of the authorities we believe. */
export type TlsFiles = { readonly certFile: string; readonly keyFile: string; readonly caFile: string };

/** The suites of the BCP 195 profile (PS3.15 B.12) and no others; TLS 1.2 at least. */
export const TLS_PROFILE = {
  minVersion: 'TLSv1.2',
  ciphers: [
    'TLS_AES_128_GCM_SHA256',
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
  ].join(':'),
  honorCipherOrder: true,
} as const satisfies SecureContextOptions;

/** Reads certificate, key and authorities into the profile's terms. Throws the system's error where a file cannot be read. */
export function readTlsFiles({ certFile, keyFile, caFile }: TlsFiles): SecureContextOptions {
  return { ...TLS_PROFILE, cert: readFileSync(certFile), key: readFileSync(keyFile), ca: readFileSync(caFile) };
}

/** The names by which a verified certificate is known: its common name, and its SHA-256 fingerprint in lower-case hex. */
export function certificateNames(certificate: PeerCertificate): readonly string[] {
  // A peer that showed none is an empty object here, whatever the type says.
  const { subject, fingerprint256 } = certificate as Partial<PeerCertificate>;
  const name: unknown = subject?.CN;
  return [...(typeof name === 'string' ? [name] : []), ...(fingerprint256 ? [plainFingerprint(fingerprint256)] : [])];
}

/** A fingerprint without colons and in lower case; any other text as it is. */
export function plainFingerprint(text: string): string {
  return /^([0-9a-f]{2}:?){32}$/i.test(text) ? text.replaceAll(':', '').toLowerCase() : text;
}

/** How a secured peer is called: we show our certificate, and believe the named one, or else one that names its host. */
export function connectionOptions(files: TlsFiles, certificate: string | null): ConnectionOptions {
  const context = readTlsFiles(files);
  if (certificate === null) return context;
  return {
    ...context,
    checkServerIdentity: (_host, shown) =>
      certificateNames(shown).includes(certificate) ? undefined : new Error('another certificate than configured'),
  };
}

/** When a certificate file ends to be valid, in ms. Throws where it cannot be read. */
export function certificateEndsAtMs(certFile: string): number {
  return new X509Certificate(readFileSync(certFile)).validToDate.getTime();
}
