import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { eventually } from '../../../../test/eventually.ts';
import {
  collectBody,
  keepingDicomServer,
  type KeepingServer,
} from '../../../../test/peers-scripted/keeping-dicom-server.ts';
import { openAssociation } from './open-association.ts';
import { writePart10Header } from './part10.ts';
import { echo, instanceFromFile, type OutgoingInstance, sendInstances } from './scu.ts';
import type { DicomServerOptions } from './server-options.ts';

const CT = '1.2.840.10008.5.1.4.1.1.2';
const RAW_DATA = '1.2.840.10008.5.1.4.1.1.66';
const EXPLICIT = '1.2.840.10008.1.2.1';
const IMPLICIT = '1.2.840.10008.1.2';
let running: KeepingServer | null = null;

afterEach(async () => {
  await running?.server.close(0);
  running = null;
});

async function listen(options: Partial<DicomServerOptions<string>> = {}): Promise<KeepingServer> {
  running = await keepingDicomServer(options);
  return running;
}

function instance(bytes: Uint8Array, change: Partial<OutgoingInstance> = {}): OutgoingInstance {
  const dataSet = () => [bytes];
  return { sopClassUid: CT, sopInstanceUid: '1.2.3', transferSyntaxUid: EXPLICIT, dataSet, ...change };
}

function sha(bytes: Uint8Array | undefined): string {
  return createHash('sha256')
    .update(bytes ?? 'nothing was stored')
    .digest('hex');
}

test('stores byte-equal what comes as several PDVs per PDU into a slow writer', async () => {
  const sent = randomBytes(400_000);
  let stored: Uint8Array | undefined;
  const { remote } = await listen({
    store: async (incoming) => {
      let part = 0;
      stored = await collectBody(incoming, async () => {
        part += 1;
        if (part % 16 === 0) await pause(2);
      });
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
        const second = instance(bytes, { sopInstanceUid: '1.2.4' });
        const outcomes = await sendInstances({ ...remote, splitting }, [instance(bytes), second]);
        expect(outcomes.map((outcome) => outcome.state)).toEqual(['accepted', 'accepted']);
        expect([sha(kept.get('1.2.3')), sha(kept.get('1.2.4'))]).toEqual([sha(bytes), sha(bytes)]);
      },
    ),
    { numRuns: 60 },
  );
});

test('answers C-ECHO, and counts it', async () => {
  const { remote, ends } = await listen();
  expect(await echo(remote)).toEqual({ ok: true, value: 0 });
  await eventually(() =>
    expect(ends).toEqual([
      { outcome: 'released', counts: { stored: 0, refused: 0, cutShort: 0, echoes: 1, operations: 0 } },
    ]),
  );
});

test('tells the archive what the command said, and gives the transfer syntax agreed on', async () => {
  const seen: unknown[] = [];
  const { remote } = await listen({
    policy: async ({ calledAe, callingAe, remoteAddress }) => ({
      accept: true,
      correlationId: 'c-9',
      context: `${callingAe} to ${calledAe} from ${remoteAddress}`,
    }),
    store: async ({ body: _body, ...about }, { context, correlationId }) => {
      seen.push({ ...about, context, correlationId });
      return { status: 'success' };
    },
  });
  await sendInstances(remote, [instance(randomBytes(10), { transferSyntaxUid: IMPLICIT })]);
  expect(seen).toEqual([
    {
      sopClassUid: CT,
      sopInstanceUid: '1.2.3',
      transferSyntaxUid: IMPLICIT,
      messageId: 1,
      moveOriginatorAe: null,
      moveOriginatorMessageId: null,
      context: 'SENDER to WETREAD from 127.0.0.1',
      correlationId: 'c-9',
    },
  ]);
});

test('refuses a SOP class it does not take, and keeps the association', async () => {
  const { remote, kept } = await listen();
  const outcomes = await sendInstances(remote, [
    instance(randomBytes(10), { sopClassUid: RAW_DATA }),
    instance(randomBytes(10), { sopInstanceUid: '1.2.5' }),
  ]);
  expect(outcomes).toEqual([
    { state: 'never-left', failure: { code: 'context-refused' } },
    { state: 'accepted', status: 0 },
  ]);
  expect([...kept.keys()]).toEqual(['1.2.5']);
});

test('answers processing failure when the archive throws, drains what it left, and goes on', async () => {
  const failure = new Error('disk on fire');
  const { remote, events, ends } = await listen({
    store: async ({ sopInstanceUid, body }) => {
      if (sopInstanceUid === '1.2.3') throw failure;
      if (sopInstanceUid === '1.2.4') return { status: 'out-of-resources', errorComment: 'Disk reserve' };
      for await (const _part of body) break;
      return { status: 'success' };
    },
  });
  const big = randomBytes(300_000);
  const outcomes = await sendInstances(
    remote,
    ['1.2.3', '1.2.4', '1.2.5'].map((sopInstanceUid) => instance(big, { sopInstanceUid })),
  );
  expect(outcomes).toEqual([
    { state: 'refused', status: 0x0110, isTransient: true },
    { state: 'refused', status: 0xa700, isTransient: true },
    { state: 'accepted', status: 0 },
  ]);
  expect(events).toEqual([{ kind: 'callback-failed', correlationId: 'c-1', error: failure }]);
  await eventually(() =>
    expect(ends).toEqual([
      { outcome: 'released', counts: { stored: 1, refused: 2, cutShort: 0, echoes: 0, operations: 0 } },
    ]),
  );
});

test('sends over several associations what needs more than 128 presentation contexts', async () => {
  const accepts = Array.from({ length: 200 }, (_, index) => ({
    sopClass: `1.2.9.${index}`,
    transferSyntaxes: [EXPLICIT],
  }));
  const { remote, ends } = await listen({ accepts });
  const outcomes = await sendInstances(
    remote,
    accepts.map(({ sopClass }) => instance(randomBytes(4), { sopClassUid: sopClass, sopInstanceUid: sopClass })),
  );
  expect(outcomes.filter((outcome) => outcome.state === 'accepted')).toHaveLength(200);
  await eventually(() => expect(ends.map((end) => end.counts.stored)).toEqual([128, 72]));
});

test('sends a file from disk as its data set stands there', async () => {
  const { remote, kept } = await listen();
  const directory = mkdtempSync(path.join(tmpdir(), 'wetread-scu-'));
  const dataSet = randomBytes(500_000);
  const meta = { sopClassUid: CT, sopInstanceUid: '1.2.3', transferSyntaxUid: EXPLICIT };
  writeFileSync(path.join(directory, 'ct.dcm'), Buffer.concat([writePart10Header(meta), dataSet]));
  const fromDisk = await instanceFromFile(path.join(directory, 'ct.dcm'));
  if (!fromDisk.ok) throw new Error(fromDisk.error.code);
  expect(await sendInstances(remote, [fromDisk.value])).toEqual([{ state: 'accepted', status: 0 }]);
  expect(sha(kept.get('1.2.3'))).toBe(sha(dataSet));
  rmSync(directory, { recursive: true });
});

test('says that nothing left when nobody listens, or when it was called off before', async () => {
  const { remote, server } = await listen();
  const calledOff = { ...remote, signal: AbortSignal.abort() };
  expect(await sendInstances(calledOff, [instance(randomBytes(4))])).toEqual([
    { state: 'never-left', failure: { code: 'aborted-here' } },
  ]);
  await server.close(0);
  expect(await sendInstances(remote, [instance(randomBytes(4))])).toEqual([
    { state: 'never-left', failure: { code: 'cannot-connect', systemCode: 'ECONNREFUSED' } },
  ]);
});

test('prefers explicit over implicit little endian where both are offered', async () => {
  const { remote } = await listen();
  const opened = await openAssociation(remote, [{ sopClass: CT, transferSyntaxes: [IMPLICIT, EXPLICIT] }]);
  if (!opened.ok) throw new Error(opened.error.code);
  expect(opened.value.contexts).toMatchObject([{ id: 1, sopClass: CT, transferSyntax: EXPLICIT }]);
  await opened.value.release();
});

test('lets a stalled writer stop nobody else', async () => {
  const gate = Promise.withResolvers<void>();
  const { remote } = await listen({
    store: async ({ sopInstanceUid, body }) => {
      if (sopInstanceUid === '1.2.3') await gate.promise;
      for await (const _part of body);
      return { status: 'success' };
    },
  });
  const stalled = sendInstances(remote, [instance(randomBytes(8_000_000))]);
  const others = await Promise.all(
    Array.from({ length: 5 }, (_, index) =>
      sendInstances(remote, [instance(randomBytes(100_000), { sopInstanceUid: `1.2.4.${index}` })]),
    ),
  );
  expect(others.flat().map((outcome) => outcome.state)).toEqual(Array(5).fill('accepted'));
  gate.resolve();
  expect(await stalled).toEqual([{ state: 'accepted', status: 0 }]);
});

test('lets the object under way finish when it closes, and takes no other', async () => {
  const gate = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  const { remote, server, ends } = await listen({
    store: async ({ body }) => {
      started.resolve();
      await gate.promise;
      for await (const _part of body);
      return { status: 'success' };
    },
  });
  const sending = sendInstances(remote, [instance(randomBytes(50_000)), instance(randomBytes(50_000))]);
  await started.promise;
  const closing = server.close(5000);
  expect(await echo(remote)).toMatchObject({ ok: false, error: { code: 'cannot-connect' } });
  gate.resolve();
  expect(await sending).toEqual([
    { state: 'accepted', status: 0 },
    { state: 'unknown', failure: { code: 'aborted-by-peer' } },
  ]);
  await closing;
  expect(ends).toMatchObject([{ outcome: 'aborted', counts: { stored: 1 } }]);
});

test('aborts what does not finish within the grace given', async () => {
  const started = Promise.withResolvers<void>();
  const { remote, server } = await listen({
    store: async ({ body }) => {
      started.resolve();
      for await (const _part of body);
      return { status: 'success' };
    },
  });
  async function* endless() {
    for (;;) {
      yield randomBytes(1000);
      await pause(5);
    }
  }
  const sending = sendInstances(remote, [instance(randomBytes(0), { dataSet: endless })]);
  await started.promise;
  await server.close(100); // what is sent never ends
  expect(await sending).toMatchObject([{ state: 'unknown' }]);
});
