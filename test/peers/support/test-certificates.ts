import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { findPeerProgram } from '../../../scripts/debian-peers.ts';

/** One party's certificate and key, as files. */
export type TestCertificate = { readonly certFile: string; readonly keyFile: string };

/** An authority made for one test, and what it signs. */
export type TestAuthority = { readonly caFile: string; sign(commonName: string): TestCertificate };

/** Whether certificates can be made here; says where they cannot. */
export function canMakeCertificates(): boolean {
  const can = findPeerProgram('openssl') !== null;
  if (!can) console.log('skipped: openssl is not on this machine');
  return can;
}

/** Makes an authority of its own in a folder; its certificates name this machine and last two days. */
export function testAuthority(folder: string, name = 'test-authority'): TestAuthority {
  const file = (ending: string) => path.join(folder, ending);
  const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { stdio: 'pipe' });
  const key = file(`${name}.key`);
  const caFile = file(`${name}.pem`);
  const lasting = ['-newkey', 'rsa:2048', '-nodes', '-days', '2'];
  openssl('req', '-x509', ...lasting, '-subj', `/CN=${name}`, '-keyout', key, '-out', caFile);
  return {
    caFile,
    sign(commonName) {
      const certFile = file(`${name}-${commonName}.pem`);
      const keyFile = file(`${name}-${commonName}.key`);
      openssl(
        ...['req', '-x509', ...lasting, '-subj', `/CN=${commonName}`, '-keyout', keyFile, '-out', certFile],
        ...['-CA', caFile, '-CAkey', key, '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'],
        ...['-addext', 'basicConstraints=critical,CA:false'],
      );
      return { certFile, keyFile };
    },
  };
}
