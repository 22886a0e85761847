import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import type { RemoteAe } from './open-association.ts';
import { echo, type OutgoingInstance, sendInstances } from './scu.ts';
import { DEFAULT_ACCEPTS, type DicomServer, startDicomServer } from './server.ts';
import type { DicomServerOptions, IncomingObject } from './server-options.ts';

const CT = '1.2.840.10008.5.1.4.1.1.2';
const EXPLICIT = '1.2.840.10008.1.2.1';
let server: DicomServer | null = null;

afterEach(async () => {
  await server?.close(0);
  server = null;
});

/** A server that keeps what it is sent, and its address as a remote AE. */
async function listen(options: Partial<DicomServerOptions<string>> = {}) {
  const kept = new Map<string, Uint8Array>();
  const started = await startDicomServer<string>({
    host: '127.0.0.1',
    port: 0,
    maxAssociations: 8,
    timeouts: { artimMs: 2000, idleMs: 5000, objectMs: 5000 },
    maxPduLength: 64 * 1024,
    accepts: DEFAULT_ACCEPTS,
    policy: async () => ({ accept: true, correlationId: 'c-1', context: 'peer' }),
    store: async (incoming) => {
      kept.set(incoming.sopInstanceUid, await collect(incoming));
      return { status: 'success' };
    },
    ...options,
  });
  server = started;
  const remote: RemoteAe = { host: '127.0.0.1', port: started.port, callingAe: 'SENDER', calledAe: 'WETREAD' };
  return { kept, remote, started };
}

async function collect(incoming: IncomingObject, pauseMs = 0): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of incoming.body) {
    if (pauseMs > 0 && parts.length % 16 === 0) await pause(pauseMs);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function instance(bytes: Uint8Array, uid = '1.2.3'): OutgoingInstance {
  return { sopClassUid: CT, sopInstanceUid: uid, transferSyntaxUid: EXPLICIT, dataSet: () => [bytes] };
}

function sha(bytes: Uint8Array | undefined): string {
  return createHash('sha256')
    .update(bytes ?? '')
    .digest('hex');
}

test('stores byte-equal what comes as several PDVs per PDU into a slow writer', async () => {
  const sent = randomBytes(400_000);
  let stored: Uint8Array | undefined;
  const { remote } = await listen({
    store: async (incoming) => {
      stored = await collect(incoming, 2);
      return { status: 'success' };
    },
  });
  const splitting = { nextFragmentLength: () => 1000, nextFragmentCount: () => 4 };
  const outcomes = await sendInstances({ ...remote, splitting }, [instance(sent)]);
  expect(outcomes).toEqual([{ state: 'accepted', status: 0 }]);
  expect(sha(stored)).toBe(sha(sent));
});

test('stores byte-equal however commands and data are cut into PDVs and PDUs', async () => {
  const { kept, remote } = await listen();
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 5000 }),
      fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 }),
      async (bytes, lengths, counts) => {
        kept.clear();
        let drawn = 0;
        const splitting = {
          nextFragmentLength: () => lengths[drawn++ % lengths.length] ?? 1,
          nextFragmentCount: () => counts[drawn++ % counts.length] ?? 1,
        };
        const outcomes = await sendInstances({ ...remote, splitting }, [instance(bytes), instance(bytes, '1.2.4')]);
        expect(outcomes.map((outcome) => outcome.state)).toEqual(['accepted', 'accepted']);
        expect([sha(kept.get('1.2.3')), sha(kept.get('1.2.4'))]).toEqual([sha(bytes), sha(bytes)]);
      },
    ),
    { numRuns: 60 },
  );
});

test('answers C-ECHO', async () => {
  const { remote } = await listen();
  expect(await echo(remote)).toEqual({ ok: true, value: 0 });
});
