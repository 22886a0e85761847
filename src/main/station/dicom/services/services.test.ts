import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { eventually } from '../../../../../test/eventually.ts';
import {
  collectBody,
  keepingDicomServer,
  type KeepingServer,
} from '../../../../../test/peers-scripted/keeping-dicom-server.ts';
import { associateRequest, dataPdu, rawDicomPeer } from '../../../../../test/peers-scripted/raw-dicom-peer.ts';
import { readDataset } from '../dataset/read-dataset.ts';
import { text } from '../dataset/values.ts';
import { type DicomRecord, encodeDataset } from '../dataset/write-dataset.ts';
import { type CommandSet, COMMANDS, decodeCommandSet, encodeCommandSet, NO_DATA_SET } from '../dimse/command-set.ts';
import { SHORT_IDENTIFIER } from '../dimse/data-sets.ts';
import { openAssociation } from '../open-association.ts';
import type { OutgoingInstance } from '../scu.ts';
import type { DicomServerOptions } from '../server-options.ts';
import type { RetrievalCounts, ServiceClass } from '../server-services.ts';
import { EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN, JPEG_LOSSLESS } from '../transfer-syntaxes.ts';
import type { Pdu, Pdv } from '../upper-layer/pdu.ts';
import { onAssociation, SERVICE_SYNTAXES } from './ask.ts';
import { findAt } from './find.ts';
import { nAction, nCreate, nDelete, nEventReport, nGet, nSet, takingEvents } from './normalized.ts';
import { getFrom, moveFrom } from './retrieve.ts';
import { SERVICE_CLASSES } from './sop-classes.ts';

const FIND = SERVICE_CLASSES['study-root-find'];
const GET = SERVICE_CLASSES['study-root-get'];
const MOVE = SERVICE_CLASSES['study-root-move'];
const COMMITMENT = SERVICE_CLASSES['storage-commitment-push'];
const CT = '1.2.840.10008.5.1.4.1.1.2';
/** Longer than a test may take. */
const NEVER_MS = 600_000;
const servers: KeepingServer[] = [];

afterEach(async () => {
  for (const { server } of servers.splice(0)) await server.close(0);
});

async function serve(
  services: readonly ServiceClass<string>[],
  options: Partial<DicomServerOptions<string>> = {},
): Promise<KeepingServer> {
  const server = await keepingDicomServer({ services, ...options });
  servers.push(server);
  return server;
}

function instance(number: number, change: Partial<OutgoingInstance> = {}): OutgoingInstance {
  const sopInstanceUid = `1.2.3.${number}`;
  const record: DicomRecord = { SOPClassUID: CT, SOPInstanceUID: sopInstanceUid, InstanceNumber: String(number) };
  return {
    sopClassUid: CT,
    sopInstanceUid,
    transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN,
    dataSet: () => [encodeDataset(record)],
    ...change,
  };
}

/** A query service that counts up for ever, or to `last`. */
function counting(last = Number.POSITIVE_INFINITY, everyMs = 0): ServiceClass<string> {
  return {
    sopClass: FIND,
    async *find() {
      for (let number = 1; number <= last; number += 1) {
        if (everyMs > 0) await pause(everyMs);
        yield { identifier: { StudyInstanceUID: `1.2.${number}` }, ignoresKeys: number === 2 };
      }
      return { status: 'success' };
    },
  };
}

test('streams the matches of a query in order, and its last status', async () => {
  const asked: (string | null)[] = [];
  const { remote, ends } = await serve([
    {
      sopClass: FIND,
      async *find(identifier, { association, transferSyntaxUid }) {
        asked.push(text(identifier, 'PatientName'), association.callingAe, transferSyntaxUid);
        const named: DicomRecord = { SpecificCharacterSet: 'ISO_IR 192', PatientName: 'Mä^A', StudyInstanceUID: '1.2' };
        for (const match of [named, { StudyInstanceUID: '1.3' }]) yield { identifier: match };
        return { status: 'success' };
      },
    },
  ]);
  const found: (string | null)[] = [];
  const ended = await findAt(
    remote,
    FIND,
    { QueryRetrieveLevel: 'STUDY', SpecificCharacterSet: 'ISO_IR 192', PatientName: 'Mä*' },
    { onMatch: (match) => void found.push(text(match, 'StudyInstanceUID'), text(match, 'PatientName')) },
  );
  expect(ended).toEqual({ ok: true, value: { status: 0, errorComment: null, matches: 2 } });
  expect(asked).toEqual(['Mä*', 'SENDER', EXPLICIT_LITTLE_ENDIAN]);
  expect(found).toEqual(['1.2', 'Mä^A', '1.3', null]);
  await eventually(() => expect(ends).toMatchObject([{ outcome: 'released', counts: { operations: 1 } }]));
});

test('stops an endless query at C-CANCEL, and the association goes on', async () => {
  const { remote } = await serve([counting(Number.POSITIVE_INFINITY, 1)]);
  const ended = await findAt(remote, FIND, { QueryRetrieveLevel: 'STUDY' }, { onMatch: () => {}, limit: 5 });
  expect(ended).toEqual({ ok: true, value: { status: 0xfe00, errorComment: null, matches: 5 } });
});

test('stops a query that is stuck in its handler at C-CANCEL', async () => {
  let heard = false;
  const { remote } = await serve([
    {
      sopClass: FIND,
      async *find(_identifier, { signal }) {
        yield { identifier: { StudyInstanceUID: '1.2' } };
        await new Promise(() => signal.addEventListener('abort', () => (heard = true)));
        return { status: 'success' };
      },
    },
  ]);
  const stop = new AbortController();
  const ended = await findAt(
    remote,
    FIND,
    { QueryRetrieveLevel: 'STUDY' },
    { onMatch: () => stop.abort(), signal: stop.signal },
  );
  expect(ended).toMatchObject({ ok: true, value: { status: 0xfe00, matches: 1 } });
  expect(heard).toBe(true);
});

test('tells the handler when the peer hangs up in the middle of a query', async () => {
  const { promise: stopped, resolve } = Promise.withResolvers<void>();
  const { remote, ends } = await serve([
    {
      sopClass: FIND,
      async *find(_identifier, { signal }) {
        signal.addEventListener('abort', () => resolve());
        yield { identifier: { StudyInstanceUID: '1.2' } };
        await stopped;
        return { status: 'success' };
      },
    },
  ]);
  const hangUp = new AbortController();
  await findAt(
    { ...remote, signal: hangUp.signal },
    FIND,
    { QueryRetrieveLevel: 'STUDY' },
    { onMatch: () => hangUp.abort() },
  );
  await stopped;
  await eventually(() => expect(ends).toMatchObject([{ outcome: 'aborted' }]));
});

test('answers processing failure when a handler throws, and the association goes on', async () => {
  let calls = 0;
  const { remote, events } = await serve([
    {
      sopClass: FIND,
      async *find() {
        calls += 1;
        if (calls === 1) throw new Error('a bug');
        yield { identifier: { StudyInstanceUID: '1.2' } };
        return { status: 'success' };
      },
    },
  ]);
  const statuses = await onAssociation(
    remote,
    [{ sopClass: FIND, transferSyntaxes: SERVICE_SYNTAXES }],
    async (association) => {
      const [context] = association.contexts;
      if (!context) throw new Error('no context');
      const command = { commandField: COMMANDS['c-find'], affectedSopClass: FIND, priority: 0, dataSetType: 1 };
      const ask = () => association.request(context, command, [encodeDataset({ QueryRetrieveLevel: 'STUDY' })]);
      const answers = [await ask(), await ask()];
      return { ok: true, value: answers.map((answer) => answer.ok && answer.value.command.status) };
    },
  );
  expect(statuses).toEqual({ ok: true, value: [0x0110, 0] });
  expect(events).toMatchObject([{ kind: 'callback-failed' }]);
});

test('refuses an identifier that is too long, unreadable or absent, each with its own status', async () => {
  const { remote } = await serve([counting(1)]);
  const long = Buffer.alloc(SHORT_IDENTIFIER.mostBytes + 10, encodeDataset({ PatientName: 'A^B' }));
  const bodies: (Uint8Array | null)[] = [
    long,
    Buffer.from('0800500053480f270000', 'hex'),
    null,
    encodeDataset({ PatientName: '*' }),
  ];
  const statuses = await onAssociation(
    remote,
    [{ sopClass: FIND, transferSyntaxes: SERVICE_SYNTAXES }],
    async (association) => {
      const answers: (number | undefined)[] = [];
      for (const body of bodies) {
        const [context] = association.contexts;
        if (!context) throw new Error('no context');
        const dataSetType = body === null ? NO_DATA_SET : 1;
        const command = { commandField: COMMANDS['c-find'], affectedSopClass: FIND, priority: 0, dataSetType };
        const answer = await association.request(context, command, body === null ? undefined : [body]);
        answers.push(answer.ok ? answer.value.command.status : -1);
      }
      return { ok: true, value: answers };
    },
  );
  expect(statuses).toEqual({ ok: true, value: [0xa700, 0xc000, 0xa900, 0] });
});

test('sends what a C-GET asks for over the same association, and says what failed', async () => {
  const done: RetrievalCounts[] = [];
  const jpeg = instance(2, { transferSyntaxUid: JPEG_LOSSLESS });
  const both = instance(3, { transferSyntaxUid: JPEG_LOSSLESS, otherForms: [instance(3)] });
  const { remote } = await serve([
    {
      sopClass: GET,
      get: async () => ({
        instances: [instance(1), jpeg, both],
        unavailable: ['1.2.3.9'],
        onDone: (counts) => void done.push(counts),
      }),
    },
  ]);
  const stored: string[] = [];
  const got = await getFrom(
    remote,
    GET,
    { QueryRetrieveLevel: 'STUDY', StudyInstanceUID: '1.2' },
    {
      accepts: [{ sopClass: CT, transferSyntaxes: SERVICE_SYNTAXES }],
      store: async (incoming) => {
        const bytes = await collectBody(incoming);
        const read = readDataset(bytes, incoming.transferSyntaxUid);
        stored.push(incoming.sopInstanceUid, read.ok ? (text(read.value, 'InstanceNumber') ?? '') : 'unreadable');
        return { status: 'success' };
      },
    },
  );
  expect(stored).toEqual(['1.2.3.1', '1', '1.2.3.3', '3']);
  const counts = { remaining: 0, completed: 2, failed: 2, warning: 0 };
  expect(got).toEqual({
    ok: true,
    value: { status: 0xb000, errorComment: null, counts, failedUids: ['1.2.3.9', '1.2.3.2'] },
  });
  expect(done).toEqual([counts]);
});

test('stops a C-GET between two objects at C-CANCEL, and says how many remain', async () => {
  const { remote } = await serve([
    { sopClass: GET, get: async () => ({ instances: Array.from({ length: 500 }, (_, number) => instance(number)) }) },
  ]);
  const stop = new AbortController();
  let stored = 0;
  const got = await getFrom(
    remote,
    GET,
    { QueryRetrieveLevel: 'STUDY' },
    {
      accepts: [{ sopClass: CT, transferSyntaxes: SERVICE_SYNTAXES }],
      signal: stop.signal,
      store: async (incoming) => {
        await collectBody(incoming);
        stored += 1;
        if (stored === 3) stop.abort();
        await pause(1);
        return { status: 'success' };
      },
    },
  );
  if (!got.ok) throw new Error(got.error.code);
  const { completed, remaining } = got.value.counts;
  expect({ status: got.value.status, completed: completed >= 3, all: completed + remaining }).toEqual({
    status: 0xfe00,
    completed: true,
    all: 500,
  });
});

test('does not take a store from a peer that asked to be the one who is sent to', async () => {
  const { remote } = await serve([{ sopClass: GET, get: async () => ({ instances: [] }) }]);
  const roles = { scu: false, scp: true };
  const opened = await openAssociation(remote, [{ sopClass: CT, transferSyntaxes: SERVICE_SYNTAXES, roles }]);
  if (!opened.ok) throw new Error(opened.error.code);
  const [context] = opened.value.contexts;
  if (!context) throw new Error('no context');
  expect(context.requestor).toEqual(roles);
  const command = {
    commandField: COMMANDS['c-store'],
    affectedSopClass: CT,
    affectedSopInstance: '1.2.3',
    priority: 0,
    dataSetType: 1,
  };
  const answer = await opened.value.request(context, command, [encodeDataset({ PatientName: 'A^B' })]);
  expect(answer).toMatchObject({ ok: true, value: { command: { status: 0x0211 } } });
  await opened.value.release();
});

test('moves objects to another peer with the originator named, and refuses an unknown destination', async () => {
  const originators: unknown[] = [];
  const target = await serve([], {
    store: async (incoming) => {
      await collectBody(incoming);
      originators.push([incoming.sopInstanceUid, incoming.moveOriginatorAe, incoming.moveOriginatorMessageId]);
      return { status: incoming.sopInstanceUid === '1.2.3.2' ? 'processing-failure' : 'success' };
    },
  });
  const { remote } = await serve([
    {
      sopClass: MOVE,
      move: async (_identifier, destination) =>
        destination === 'TARGET'
          ? { instances: [instance(1), instance(2)], remote: target.remote }
          : { status: 'move-destination-unknown', errorComment: 'No such destination' },
    },
  ]);
  const keys = { QueryRetrieveLevel: 'STUDY', StudyInstanceUID: '1.2' };
  const moved = await moveFrom(remote, MOVE, keys, 'TARGET', {});
  expect(moved).toMatchObject({
    value: { status: 0xb000, counts: { completed: 1, failed: 1 }, failedUids: ['1.2.3.2'] },
  });
  expect(originators).toEqual([
    ['1.2.3.1', 'SENDER', 1],
    ['1.2.3.2', 'SENDER', 1],
  ]);
  expect(await moveFrom(remote, MOVE, keys, 'NOBODY', {})).toMatchObject({
    value: { status: 0xa801, errorComment: 'No such destination' },
  });
});

test('a destination that cannot be reached fails every sub-operation', async () => {
  const gone = await keepingDicomServer();
  await gone.server.close(0);
  const { remote } = await serve([
    { sopClass: MOVE, move: async () => ({ instances: [instance(1), instance(2)], remote: gone.remote }) },
  ]);
  expect(await moveFrom(remote, MOVE, { QueryRetrieveLevel: 'STUDY' }, 'GONE', {})).toMatchObject({
    value: { status: 0xa702, counts: { completed: 0, failed: 2 }, failedUids: ['1.2.3.1', '1.2.3.2'] },
  });
});

/** Bytes that cannot be read any further after `length` of them. */
function broken(number: number, length: number): OutgoingInstance {
  return instance(number, {
    dataSet: async function* () {
      if (length > 0) yield new Uint8Array(length);
      throw new Error('the disk says no');
    },
  });
}

test('an object that cannot be read fails alone, whether by C-MOVE or by C-GET', async () => {
  const target = await serve([]);
  const instances = [broken(1, 0), instance(2), broken(3, 500_000), instance(4)];
  const { remote, events } = await serve([
    { sopClass: MOVE, move: async () => ({ instances, remote: target.remote }) },
    { sopClass: GET, get: async () => ({ instances: instances.slice(0, 2) }) },
  ]);
  const keys = { QueryRetrieveLevel: 'STUDY', StudyInstanceUID: '1.2' };
  expect(await moveFrom(remote, MOVE, keys, 'TARGET', {})).toMatchObject({
    value: { status: 0xb000, counts: { completed: 2, failed: 2 }, failedUids: ['1.2.3.1', '1.2.3.3'] },
  });
  expect([...target.kept.keys()]).toEqual(['1.2.3.2', '1.2.3.4']);
  const got = await getFrom(remote, GET, keys, {
    accepts: [{ sopClass: CT, transferSyntaxes: SERVICE_SYNTAXES }],
    store: async (incoming) => {
      await collectBody(incoming);
      return { status: 'success' };
    },
  });
  expect(got).toMatchObject({
    value: { status: 0xb000, counts: { completed: 1, failed: 1 }, failedUids: ['1.2.3.1'] },
  });
  expect(events).toEqual([]);
});

test('serves every N-service, each with what it needs of the command', async () => {
  const seen: unknown[] = [];
  const { remote } = await serve([
    {
      sopClass: COMMITMENT,
      action: async ({ sopInstanceUid, actionTypeId, dataset }) => {
        seen.push(['action', sopInstanceUid, actionTypeId, dataset && text(dataset, 'TransactionUID')]);
        return { status: 'success', dataset: { TransactionUID: '2.5' } };
      },
      create: async ({ sopInstanceUid }) => {
        seen.push(['create', sopInstanceUid]);
        return { status: 'success', sopInstanceUid: '2.25.1' };
      },
      set: async ({ sopInstanceUid }) => {
        seen.push(['set', sopInstanceUid]);
        return { status: 'processing-failure', errorId: 0xa501, errorComment: 'It is over' };
      },
      getAttributes: async ({ attributes }) => {
        seen.push(['get', attributes]);
        return { status: 'success', dataset: { PatientID: '7' } };
      },
    },
  ]);
  const target = { sopClass: COMMITMENT, sopInstanceUid: '1.2.9' };
  const answers = await onAssociation(
    remote,
    [{ sopClass: COMMITMENT, transferSyntaxes: [IMPLICIT_LITTLE_ENDIAN] }],
    async (association) => ({
      ok: true,
      value: [
        await nAction(association, target, 1, { TransactionUID: '2.4' }),
        await nCreate(association, { ...target, sopInstanceUid: '' }, { PatientID: '7' }),
        await nSet(association, target, { PatientID: '8' }),
        await nGet(association, target, [0x00100020]),
        await nDelete(association, target),
        await nAction(association, { ...target, sopInstanceUid: 'no uid' }, 1, null),
      ].map(
        (answer) =>
          answer.ok && [
            answer.value.status,
            answer.value.sopInstanceUid,
            answer.value.errorId,
            answer.value.dataset &&
              (text(answer.value.dataset, 'TransactionUID') ?? text(answer.value.dataset, 'PatientID')),
          ],
      ),
    }),
  );
  expect(seen).toEqual([
    ['action', '1.2.9', 1, '2.4'],
    ['create', ''],
    ['set', '1.2.9'],
    ['get', [0x00100020]],
  ]);
  expect(answers).toEqual({
    ok: true,
    value: [
      [0, '1.2.9', null, '2.5'],
      [0, '2.25.1', null, null],
      [0x0110, '1.2.9', 0xa501, null],
      [0, '1.2.9', null, '7'],
      [0x0211, '1.2.9', null, null],
      [0x0117, 'no uid', null, null],
    ],
  });
});

test('reports an event on the association that asked for the action, and takes one where roles are reversed', async () => {
  const reported: unknown[] = [];
  const { remote } = await serve([
    {
      sopClass: COMMITMENT,
      action: async ({ reportEvent }) => {
        const event = { sopInstanceUid: '1.2.9', eventTypeId: 1, information: { TransactionUID: '2.4' } };
        setTimeout(() => void reportEvent(event).then((answer) => reported.push(answer.ok && answer.value.status)), 20);
        return { status: 'success' };
      },
      eventReport: async ({ eventTypeId, dataset }) => {
        reported.push([eventTypeId, dataset && text(dataset, 'TransactionUID')]);
        return { status: 'success' };
      },
    },
  ]);
  const target = { sopClass: COMMITMENT, sopInstanceUid: '1.2.9' };
  const taken: unknown[] = [];
  const proposal = { sopClass: COMMITMENT, transferSyntaxes: SERVICE_SYNTAXES };
  await onAssociation(
    remote,
    [proposal],
    async (association) => {
      const acted = await nAction(association, target, 1, { TransactionUID: '2.4' });
      await association.listen(2000, () => taken.length > 0);
      return acted;
    },
    takingEvents(async ({ eventTypeId, dataset }) => {
      taken.push([eventTypeId, dataset && text(dataset, 'TransactionUID')]);
      return 'success';
    }),
  );
  expect(taken).toEqual([[1, '2.4']]);
  await eventually(() => expect(reported).toEqual([0]));
  const answered = await onAssociation(remote, [{ ...proposal, roles: { scu: false, scp: true } }], (association) =>
    nEventReport(association, target, 2, { TransactionUID: '2.6' }),
  );
  expect(answered).toMatchObject({ ok: true, value: { status: 0 } });
  expect(reported).toEqual([0, [2, '2.6']]);
});

test('refuses an event from a peer that is not the SCP, and a context in which neither side may do anything', async () => {
  const { remote } = await serve([
    counting(1),
    { sopClass: COMMITMENT, eventReport: async () => ({ status: 'success' }) },
  ]);
  const both = { sopClass: COMMITMENT, transferSyntaxes: SERVICE_SYNTAXES };
  const asScu = await openAssociation(remote, [
    both,
    { sopClass: FIND, transferSyntaxes: SERVICE_SYNTAXES, roles: { scu: false, scp: true } },
  ]);
  if (!asScu.ok) throw new Error(asScu.error.code);
  expect(asScu.value.contexts).toEqual([]);
  await asScu.value.release();
});

test('offers a peer only the services it may use', async () => {
  const { remote } = await serve([counting(1), { sopClass: GET, get: async () => ({ instances: [] }) }], {
    policy: async () => ({ accept: true, correlationId: 'c', context: 'peer', services: [GET] }),
  });
  const opened = await openAssociation(
    remote,
    [FIND, GET].map((sopClass) => ({ sopClass, transferSyntaxes: SERVICE_SYNTAXES })),
  );
  if (!opened.ok) throw new Error(opened.error.code);
  expect(opened.value.contexts.map(({ sopClass }) => sopClass)).toEqual([GET]);
  await opened.value.release();
});

test('shows the user identity to the policy alone, and confirms a name where that is asked for', async () => {
  const seen: string[] = [];
  let shown: Uint8Array | undefined;
  const { server, ends } = await serve([{ ...counting(1), extendedAnswer: [0, 0, 0, 0, 0] }], {
    policy: async (offer, identity) => {
      shown = identity?.secondary;
      seen.push(
        `${identity?.type} ${Buffer.from(identity?.primary ?? []).toString()} ${Buffer.from(identity?.secondary ?? []).toString()}`,
      );
      return { accept: true, correlationId: 'c', context: JSON.stringify(offer) };
    },
    onAssociationEnd: (association, outcome, counts) => {
      expect(JSON.stringify(association)).not.toContain('secret');
      ends.push({ outcome, counts });
    },
  });
  const peer = await rawDicomPeer(server.port);
  const identity = { type: 2, wantsConfirmation: true, primary: Buffer.from('anna'), secondary: Buffer.from('secret') };
  await peer.send(
    associateRequest([CT], {
      userInformation: {
        maxPduLength: 16384,
        implementationClassUid: '1.2',
        implementationVersion: 'RAW',
        asyncOperations: { invoked: 5, performed: 0 },
        roles: [],
        extendedNegotiation: [
          { sopClass: CT, information: Uint8Array.of(0, 0, 0, 0, 0, 0) },
          { sopClass: FIND, information: Uint8Array.of(1, 1, 1) },
          { sopClass: '1.2.3', information: Uint8Array.of(1) },
        ],
        userIdentity: identity,
        isIdentityConfirmed: false,
      },
    }),
  );
  const accept = await peer.next();
  expect(accept?.kind === 'associate-accept' && accept.userInformation).toMatchObject({
    asyncOperations: { invoked: 1, performed: 1 },
    isIdentityConfirmed: true,
    userIdentity: null,
    extendedNegotiation: [
      { sopClass: CT, information: Buffer.from([2, 0, 0, 0, 0, 0]) },
      { sopClass: FIND, information: Buffer.from([0, 0, 0]) },
    ],
  });
  expect(seen).toEqual(['2 anna secret']);
  expect(shown?.every((byte) => byte === 0)).toBe(true); // and forgotten
  peer.hangUp();
  await eventually(() => expect(ends).toHaveLength(1));
});

/** A port that takes connections and says nothing. */
async function silentPort(): Promise<{ readonly port: number; readonly close: () => void }> {
  const server = createServer((socket) => socket.on('error', () => {}));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { readonly port: number };
  return { port, close: () => server.close() };
}

test('ends at once when it closes in the middle of a C-MOVE to a destination that says nothing', async () => {
  const silent = await silentPort();
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  const { server, remote } = await serve([
    {
      sopClass: MOVE,
      move: async () => {
        resolve();
        return { instances: [instance(1)], remote: { ...remote, port: silent.port, artimMs: NEVER_MS } };
      },
    },
  ]);
  const moved = moveFrom(remote, MOVE, { QueryRetrieveLevel: 'STUDY' }, 'SILENT', {});
  await asked;
  await server.close(0);
  expect((await moved).ok).toBe(false);
  silent.close();
});

test('gives up at once when it is told to, whatever the peer does', async () => {
  const silent = await silentPort();
  const stop = new AbortController();
  const remote = {
    ...{ host: '127.0.0.1', port: silent.port, callingAe: 'US', calledAe: 'SILENT', signal: stop.signal },
    ...{ artimMs: NEVER_MS, responseMs: NEVER_MS },
  };
  const asked = findAt(remote, FIND, { QueryRetrieveLevel: 'STUDY' }, { onMatch: () => {} });
  setTimeout(() => stop.abort(), 50);
  expect((await asked).ok).toBe(false);
  silent.close();
});

const findCommand = (change: Partial<CommandSet> = {}): Pdv => ({
  contextId: 1,
  isCommand: true,
  isLast: true,
  data: encodeCommandSet({
    commandField: COMMANDS['c-find'],
    messageId: 3,
    affectedSopClass: FIND,
    priority: 0,
    dataSetType: 1,
    ...change,
  }),
});
const identifier = (isLast: boolean, contextId = 1): Pdv => ({
  contextId,
  isCommand: false,
  isLast,
  data: encodeDataset({ QueryRetrieveLevel: 'STUDY' }),
});
function statusOf(pdu: Pdu | null): number | string | undefined {
  if (pdu?.kind !== 'data') return pdu?.kind ?? 'closed';
  const command = decodeCommandSet(pdu.pdvs[0]?.data ?? new Uint8Array(0));
  return command.ok ? command.value.status : 'malformed';
}

test.each([
  ['a peer that stalls in the middle of an identifier', [findCommand(), identifier(false)]],
  ['an identifier on another context', [findCommand(), identifier(true, 3)]],
  ['a command in the middle of an identifier', [findCommand(), identifier(false), findCommand()]],
] as const)('aborts %s', async (_name, pdvs) => {
  const { server, ends } = await serve([counting(1)], {
    timeouts: { artimMs: 500, idleMs: 5000, objectMs: 200, wholeObjectMs: 5000 },
  });
  const peer = await rawDicomPeer(server.port);
  await peer.send(associateRequest([FIND, GET]));
  await peer.next();
  await peer.send(dataPdu(...pdvs));
  expect(statusOf(await peer.next())).toBe('abort');
  peer.hangUp();
  await eventually(() => expect(ends).toMatchObject([{ outcome: 'failed' }]));
});

test('keeps a request that comes while another is answered until its turn', async () => {
  const { server } = await serve([counting(2, 20)]);
  const peer = await rawDicomPeer(server.port);
  await peer.send(associateRequest([FIND]));
  await peer.next();
  await peer.send(dataPdu(findCommand(), identifier(true), findCommand({ messageId: 4 }), identifier(true)));
  const statuses: unknown[] = [];
  for (let read = 0; read < 10; read += 1) {
    const pdu = await peer.next();
    if (pdu?.kind === 'data' && pdu.pdvs.some(({ isCommand }) => isCommand)) statuses.push(statusOf(pdu));
  }
  expect(statuses).toEqual([0xff00, 0xff01, 0, 0xff00, 0xff01, 0]);
  peer.hangUp();
});

test('waits for nothing longer than idle while no query is under way, and as long as one takes while it is', async () => {
  const { server } = await serve([counting(3, 150)], {
    timeouts: { artimMs: 500, idleMs: 200, objectMs: 500, wholeObjectMs: 5000 },
  });
  const peer = await rawDicomPeer(server.port);
  await peer.send(associateRequest([FIND]));
  await peer.next();
  await peer.send(dataPdu(findCommand(), identifier(true)));
  const statuses: unknown[] = [];
  for (let read = 0; read < 7; read += 1) {
    const pdu = await peer.next();
    if (pdu?.kind === 'data' && !pdu.pdvs[0]?.isCommand) continue;
    statuses.push(statusOf(pdu));
  }
  expect(statuses).toEqual([0xff00, 0xff01, 0xff00, 0]);
  expect(statusOf(await peer.next())).toBe('abort');
  peer.hangUp();
});

test('reads back every identifier it writes, in both little endian syntaxes', () => {
  const texts = fc
    .stringMatching(/^[A-Za-zäöü^ ]{1,30}$/)
    .map((one) => one.trim())
    .filter((one) => one !== '');
  fc.assert(
    fc.property(
      fc.constantFrom(EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN),
      texts,
      fc.nat(0xffff),
      (syntax, name, rows) => {
        const record = {
          SpecificCharacterSet: 'ISO_IR 192',
          PatientName: name,
          Rows: rows,
          OtherPatientIDsSequence: [{ PatientID: 'x' }],
        };
        const read = readDataset(encodeDataset(record, syntax), syntax);
        expect(read.ok && [text(read.value, 'PatientName'), read.value.elements.get(0x00280010)?.bytes.length]).toEqual(
          [name, 2],
        );
      },
    ),
  );
});
