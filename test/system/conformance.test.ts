import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DIMSE_STATUS } from '../../src/main/station/dicom/dimse/status.ts';
import type { ServiceClass } from '../../src/main/station/dicom/server-services.ts';
import { SERVICE_CLASSES } from '../../src/main/station/dicom/services/sop-classes.ts';
import { TLS_PROFILE } from '../../src/main/station/dicom/tls.ts';
import { REJECTIONS } from '../../src/main/station/dicom/upper-layer/rejection.ts';
import { PEER_SERVICES } from '../../src/shared/domain/peer.ts';
import { keepingDicomServer, type KeepingServer } from '../peers-scripted/keeping-dicom-server.ts';
import { type Asker, askAs, jsonBody, signIn } from './support/ask-station.ts';
import {
  acceptedClasses,
  acceptedStorage,
  answeredKeys,
  generalFacts,
  mediaTypes,
  type NegotiatedGeneral,
  searchedKeys,
  unmatchedKeys,
} from './support/conformance-facts.ts';
import { negotiate, recordProposals } from './support/negotiate.ts';
import { PROVOCATIONS } from './support/provoke.ts';
import { endEverything, type RunningStation, startStation } from './support/start-station.ts';
import { differences, listed, misstate, readStatement, type Statement } from './support/statement.ts';
import { notAccepted, type PhantomStudy, phantomStudy, remoteOf, sendObjects } from './support/studies.ts';
import { until } from './support/until.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const MARKDOWN = readFileSync(path.join(ROOT, 'docs/conformance.md'), 'utf8');
const stated = readStatement(MARKDOWN);
const misstated = (passage: string, slip: string) => misstate(MARKDOWN, passage, slip);
/** An archive that has every study and parts with none. */
const ARCHIVE: readonly ServiceClass<string>[] = [
  {
    sopClass: SERVICE_CLASSES['study-root-find'],
    async *find() {
      yield { identifier: { QueryRetrieveLevel: 'STUDY', StudyInstanceUID: '1.2.3' } };
      return { status: 'success' };
    },
  },
  { sopClass: SERVICE_CLASSES['study-root-get'], get: async () => ({ status: 'suboperations-not-performed' }) },
  { sopClass: SERVICE_CLASSES['study-root-move'], move: async () => ({ status: 'suboperations-not-performed' }) },
];

let station: RunningStation;
let radiologist: Asker;
let administrator: Asker;
let service: Asker;
let study: PhantomStudy;
let archive: KeepingServer;
let asked: Awaited<ReturnType<typeof recordProposals>>;

beforeAll(async () => {
  archive = await keepingDicomServer({ services: ARCHIVE });
  asked = await recordProposals(archive.server.port);
  const peer = (aeTitle: string, services: readonly string[]) => ({ aeTitle, address: '127.0.0.1', services });
  station = await startStation({
    demo: true,
    config: {
      dicom: {
        host: '127.0.0.1',
        peers: [
          peer('MODALITY1', PEER_SERVICES),
          ...PEER_SERVICES.map((service) => peer(`ONLY-${service.toUpperCase()}`, [service])),
          ...[1, 2, 3, 4, 5].map((number) => peer(`CROWD${number}`, ['store'])),
          { ...peer('PACS', ['store']), host: '127.0.0.1', port: asked.port, isArchive: true },
        ],
      },
      completeness: { quietMs: { CT: 2000 }, quietOtherMs: 2000 },
      disk: { lowBytes: 2, fullBytes: 1 },
      inference: { shippedModels: [] },
    },
  });
  radiologist = await signIn(station, 'radiologist', 'demo');
  administrator = await signIn(station, 'administrator', 'demo');
  const made = await administrator.fetch('/api/v1/service-tokens', jsonBody({ name: 'sender', expiresInDays: 1 }));
  service = askAs(station.http, JSON.parse(made.text).token);
  study = phantomStudy({ seed: 811, matrix: 64, slices: 4 });
  const refused = notAccepted(await sendObjects(remoteOf(station), study.objects));
  if (refused.length > 0) throw new Error(`${refused.length} objects were not taken`);
});

afterAll(async () => {
  await asked.close();
  await archive.server.close(0);
  await station.stop();
  await endEverything();
});

describe('storage', () => {
  const compare = (statement: Statement, accepted: ReadonlyMap<string, readonly string[]>) => {
    const syntaxes = statement('Transfer syntaxes').map(([, uid = '']) => uid);
    return [
      ...differences(
        'storage class',
        statement('Storage SOP classes').map(([, uid = '']) => uid),
        accepted.keys(),
      ),
      ...[...accepted].flatMap(([uid, taken]) => differences(`syntaxes of ${uid}`, syntaxes, taken)),
    ];
  };
  let accepted: ReadonlyMap<string, readonly string[]>;
  beforeAll(async () => {
    accepted = await acceptedStorage(station.dicom.port, 'MODALITY1', stated);
  });

  test('every class in every syntax of the statement is accepted, and none besides', () => {
    expect(compare(stated, accepted)).toEqual([]);
  });

  test.each([
    ['a class left out', '| CT Image | 1.2.840.10008.5.1.4.1.1.2 | A | image |\n', ''],
    ['a class too many', '1.2.840.10008.5.1.4.1.1.481.3 ', '1.2.840.10008.5.1.4.1.1.481.2 '],
    ['a syntax left out', '| RLE Lossless | 1.2.840.10008.1.2.5 | no |\n', ''],
    ['a syntax too many', '1.2.840.10008.1.2.4.203 ', '1.2.840.10008.1.2.4.110 '],
  ])('%s is noticed', (_what, passage, slip) => {
    expect(compare(misstated(passage, slip), accepted)).not.toEqual([]);
  });

  test('of several syntaxes the first of the table is chosen', async () => {
    const syntaxes = stated('Transfer syntaxes').map(([, uid = '']) => uid);
    const contexts = syntaxes.map((_, index) => ({
      sopClass: '1.2.840.10008.5.1.4.1.1.2',
      transferSyntaxes: syntaxes.slice(index).toReversed(),
    }));
    const { accept, close } = await negotiate({ port: station.dicom.port, callingAe: 'MODALITY1', contexts });
    expect(accept?.contexts.map(({ transferSyntaxes }) => transferSyntaxes[0])).toEqual(syntaxes);
    await close();
  });
});

describe('services', () => {
  const classesFor = (statement: Statement, service: string) =>
    statement('Network services')
      .filter((row) => ['always', service].includes(row[6] ?? ''))
      .map(([, , uid = '', , , roles = '']) => `${uid} ${roles}`);

  test.each(PEER_SERVICES)(
    'a peer with %s alone may use what the table says, in the roles it says',
    async (service) => {
      const found = await acceptedClasses(station.dicom.port, `ONLY-${service.toUpperCase()}`, stated);
      expect(differences(service, classesFor(stated, service), found.services)).toEqual([]);
      expect(found.storage).toBe({ store: 'SCU', retrieve: 'SCP' }[service as string] ?? 'refused');
      const slip = misstated('| SCU | `query` |', '| SCU, SCP | `retrieve` |');
      if (service === 'query' || service === 'retrieve')
        expect(differences(service, classesFor(slip, service), found.services)).not.toEqual([]);
    },
  );

  const hasProposed = (uid: string) =>
    asked.proposals.some(({ contexts }) => contexts.some(({ abstractSyntax }) => abstractSyntax === uid));

  const isCt = ({ abstractSyntax }: { readonly abstractSyntax: string }) =>
    abstractSyntax === '1.2.840.10008.5.1.4.1.1.2';

  test('as SCU we propose what the table says', async () => {
    const peers = JSON.parse((await radiologist.fetch('/api/v1/peers')).text);
    const { peerId } = peers.find(({ aeTitle }: { aeTitle: string }) => aeTitle === 'PACS');
    const ask = (url: string, body: unknown) => radiologist.fetch(`/api/v1${url}`, jsonBody(body));
    await ask(`/peers/${peerId}/echoes`, {});
    await ask(`/peers/${peerId}/queries`, { question: { patientId: 'nobody' } });
    for (const [how, suffix] of [
      ['c-get', '2.3'],
      ['c-move', '2.2'],
    ] as const) {
      const studyUid = `1.2.3.${suffix}`;
      expect((await ask('/retrievals', { peerId, studyUid, how })).status).toBe(202);
      await until(() => hasProposed(`1.2.840.10008.5.1.4.1.2.${suffix}`));
    }
    const [found] = JSON.parse((await radiologist.fetch(`/api/v1/studies?studyUid=${study.studyUid}`)).text);
    const owed = await administrator.fetch(`/api/v1/studies/${found.studyId}/commitments`, jsonBody({ peer: 'PACS' }));
    expect(owed.status).toBeLessThan(300);
    await until(() => hasProposed('1.2.840.10008.1.20.1'));
    const { row } = await radiologist.study(found.studyId);
    const send = { patientId: row.patient.patientId, peerId };
    expect((await ask(`/studies/${found.studyId}/deliveries`, send)).status).toBe(202);
    await until(() => archive.kept.size === study.objects.length);
    const sending = asked.proposals.find(
      ({ contexts, userInformation }) => userInformation.roles.length === 0 && contexts.some(isCt),
    );
    // As it is kept, and as what it may be rewritten to (4.8).
    expect(sending?.contexts.filter(isCt).map(({ transferSyntaxes }) => transferSyntaxes)).toEqual([
      ['1.2.840.10008.1.2.1'],
      ['1.2.840.10008.1.2'],
    ]);
    const storage = new Set(stated('Storage SOP classes').map(([, uid = '']) => uid));
    const proposed = asked.proposals.flatMap(({ contexts }) => contexts);
    const services = proposed.map(({ abstractSyntax }) => abstractSyntax).filter((uid) => !storage.has(uid));
    const scu = stated('Network services').flatMap(([, , uid = '', isScu]) => (isScu === 'yes' ? [uid] : []));
    expect(differences('SCU', scu, services)).toEqual([]);
    // For C-GET: all that is taken in otherwise, we being its SCP.
    const fetching = asked.proposals.find(({ contexts }) => contexts.length > 2);
    expect(
      differences('C-GET', storage, fetching?.userInformation.roles.map(({ sopClass }) => sopClass) ?? []),
    ).toEqual([]);
    expect(fetching?.userInformation.roles.every(({ scu: isScu, scp }) => scp && !isScu)).toBe(true);
    // The peer does not say which classes there are: all of them, uncompressed.
    for (const context of fetching?.contexts.slice(1) ?? [])
      expect(context.transferSyntaxes).toEqual(['1.2.840.10008.1.2.1', '1.2.840.10008.1.2']);
    for (const { userInformation, applicationContext } of asked.proposals) {
      expect(userInformation).toMatchObject({ asyncOperations: null, extendedNegotiation: [], userIdentity: null });
      expect(general(stated)).toMatchObject({
        maxPdu: userInformation.maxPduLength,
        implementation: userInformation.implementationClassUid,
        version: userInformation.implementationVersion,
        applicationContext,
      });
    }
  });
});

/** What the statement says of every association. */
function general(statement: Statement): NegotiatedGeneral {
  const item = (name: string) => statement('General').find(([what]) => what === name)?.[1] ?? '';
  const extended = (of: string) =>
    listed(statement('Extended negotiation').find(([what = '']) => listed(what).includes(of))?.[1]).map(Number);
  return {
    applicationContext: item('Application context'),
    implementation: item('Implementation class UID'),
    version: item('Implementation version name'),
    maxPdu: Number(item('Maximum PDU received')),
    contexts: Number(item('Presentation contexts of one association')),
    asyncOperations: item('Asynchronous operations window'),
    extended: { storage: extended('Storage'), find: extended('FIND'), move: extended('MOVE'), get: extended('GET') },
    perPeer: Number(item('Associations at once of one calling title')),
    associations: Number(item('Associations at once')),
  };
}

describe('associations', () => {
  test('are as table 4.1-1 and 4.1-2 say, up to the limits', async () => {
    const found = await generalFacts(station.dicom.port, ['CROWD1', 'CROWD2', 'CROWD3', 'CROWD4', 'CROWD5']);
    expect(found).toEqual(general(stated));
    for (const [passage, slip] of [
      ['| Maximum PDU received | 131072 |', '| Maximum PDU received | 65536 |'],
      ['| Associations at once | 32 |', '| Associations at once | 64 |'],
      ['| FIND | 0, 0, 0, 0, 0 |', '| FIND | 1, 0, 0, 0, 0 |'],
    ] as const)
      expect(found).not.toEqual(general(misstated(passage, slip)));
  });

  test('user identity is confirmed for the types the statement names', async () => {
    const confirmed = await Promise.all(
      [1, 2, 3, 4, 5].map(async (type) => {
        const identity = {
          type,
          wantsConfirmation: true,
          primary: Buffer.from('somebody'),
          secondary: Buffer.alloc(0),
        };
        const { accept, close } = await negotiate({
          ...{ port: station.dicom.port, callingAe: 'MODALITY1' },
          contexts: [{ sopClass: '1.2.840.10008.1.1', transferSyntaxes: ['1.2.840.10008.1.2'] }],
          user: { userIdentity: identity },
        });
        await close();
        return accept?.userInformation.isIdentityConfirmed;
      }),
    );
    expect(confirmed).toEqual([true, true, false, false, false]);
    expect(MARKDOWN).toContain('Types 1 and 2 (name; name and passcode) are read and, where asked, confirmed');
  });

  test('are rejected by the codes of table 4.1-3', async () => {
    const rows = stated('Rejections').map(([codes = '', name = '']) => `${name} ${codes}`);
    const known = Object.entries(REJECTIONS).map(
      ([name, one]) => `${name} ${one.result}, ${one.source}, ${one.reason}`,
    );
    expect(differences('rejection', rows, known)).toEqual([]);
    const echo = {
      ...{ port: station.dicom.port, callingAe: 'MODALITY1' },
      contexts: [{ sopClass: '1.2.840.10008.1.1', transferSyntaxes: ['1.2.840.10008.1.2'] }],
    };
    for (const [name, change] of [
      ['application-context-not-supported', { applicationContext: '1.2.3' }],
      ['calling-ae-not-recognized', { callingAe: 'STRANGER' }],
      ['called-ae-not-recognized', { calledAe: 'wetread' }],
      ['protocol-version-not-supported', { protocolVersion: 2 }],
    ] as const) {
      const { rejection } = await negotiate({ ...echo, ...change });
      expect(`${name} ${rejection?.result}, ${rejection?.source}, ${rejection?.reason}`).toBe(
        rows.find((row) => row.startsWith(name)),
      );
    }
  });
});

describe('statuses', () => {
  /** Where the answers of each service are made, and what every answer of a kind may end with. */
  const SERVICES = [
    ['Storage statuses', ['archive/receive-object.ts', 'dicom/dimse/answer-store.ts'], []],
    [
      'Query/Retrieve statuses',
      [
        ...['archive/query-retrieve.ts', 'archive/query-keys.ts', 'dicom/dimse/answer-find.ts'],
        ...['dicom/dimse/answer-retrieve.ts', 'dicom/dimse/answer-request.ts'],
      ],
      [],
    ],
    [
      'Commitment statuses',
      ['archive/commitment-asked.ts', 'archive/commitment-requests.ts', 'dicom/dimse/answer-normalized.ts'],
      ['resource-limitation', 'processing-failure'],
    ],
    [
      'MPPS statuses',
      ['archive/mpps.ts', 'dicom/dimse/answer-normalized.ts'],
      ['resource-limitation', 'processing-failure'],
    ],
    [
      'IAN statuses',
      ['archive/availability-notice.ts', 'dicom/dimse/answer-normalized.ts'],
      ['resource-limitation', 'processing-failure'],
    ],
  ] as const;
  /** Names in those files that are no answers of that service: a reason in a report, what only long lists are told. */
  const NO_ANSWERS: Readonly<Record<string, readonly string[]>> = {
    'Commitment statuses': ['class-instance-conflict'],
    'Query/Retrieve statuses': ['resource-limitation'],
  };
  const hex = (name: string) =>
    DIMSE_STATUS[name as keyof typeof DIMSE_STATUS].toString(16).toUpperCase().padStart(4, '0');

  function given(title: string, files: readonly string[], besides: readonly string[]): readonly string[] {
    const names = files.flatMap((file) => {
      const code = readFileSync(path.join(ROOT, 'src/main/station', file), 'utf8').replaceAll(
        /^\s*(?:\*|\/\/).*$/gm,
        '',
      );
      return [...code.matchAll(/'([a-z-]+)'/g)].map(([, name = '']) => name);
    });
    return [...names, ...besides]
      .filter((name) => Object.hasOwn(DIMSE_STATUS, name) && NO_ANSWERS[title]?.includes(name) !== true)
      .map(hex);
  }

  test.each(SERVICES)('%s are those that the code answers with', (title, files, besides) => {
    const compare = (statement: Statement) =>
      differences(
        title,
        statement(title).map(([status = '']) => status),
        given(title, files, besides),
      );
    expect(compare(stated)).toEqual([]);
    // A table that says one status less, or another one.
    const [first = ''] = stated(title)[0] ?? [];
    const at = MARKDOWN.indexOf(title);
    const slip = `${MARKDOWN.slice(0, at)}${MARKDOWN.slice(at).replace(`| ${first} |`, '| C123 |')}`;
    expect(compare(readStatement(slip))).toHaveLength(2);
  });
});

describe('a request', () => {
  const named = PROVOCATIONS.map((one, index) => ({ ...one, code: one.status.toString(16).padStart(4, '0'), index }));

  test.each(named)('of $title is answered $code as provoked ($index)', async ({ title, status, code, ask }) => {
    const [object] = study.objects;
    if (object === undefined) throw new Error('the study has no objects');
    expect(await ask(remoteOf(station), object)).toBe(status);
    expect(stated(title).map(([one]) => one)).toContain(code.toUpperCase());
  });
});

describe('queries', () => {
  const levels = ['PATIENT', 'STUDY', 'SERIES', 'IMAGE'];
  const keysAt = (statement: Statement, level: string) => {
    const rows = statement('Query keys').filter(([of = '']) => levels.indexOf(of) <= levels.indexOf(level));
    const keys = (column: number) =>
      rows.flatMap((row) =>
        listed(row[column]).flatMap((key) =>
          key.endsWith('*') ? (row[0] === level ? [key.slice(0, -1)] : []) : [key],
        ),
      );
    return { matched: keys(1), told: keys(2) };
  };

  test.each(levels)(
    'at level %s answer every attribute of table 4.3-1 and no other of the dictionary',
    async (level) => {
      const found = await answeredKeys(remoteOf(station), study, level);
      const compare = (statement: Statement) => {
        const { matched, told } = keysAt(statement, level);
        return differences(level, [...matched, ...told], found);
      };
      expect(compare(stated)).toEqual([]);
      expect(
        compare(misstated('IssuerOfPatientID, PatientBirthDate, PatientSex | Ret', 'PatientAge | Ret')),
      ).not.toEqual([]);
    },
  );

  test.each(levels)('at level %s match on every key of the table that is matched, and on no other', async (level) => {
    const { matched, told } = keysAt(stated, level);
    const unmatched = await unmatchedKeys(remoteOf(station), study, level, [...matched, ...told]);
    expect(unmatched.toSorted()).toEqual(told.toSorted());
  });
});

describe('DICOMweb', () => {
  test.each(stated('Resources'))(
    '%s %s %s is answered as %s',
    async (_service, method = '', resource = '', types = '') => {
      expect(await mediaTypes(radiologist, service, study, { method, resource, types: listed(types) })).toEqual([]);
    },
  );

  const keysAt = (statement: Statement, level: string) => {
    const levels = ['study', 'series', 'instance'];
    const rows = statement('Search keys').filter(([of = '']) => levels.indexOf(of) <= levels.indexOf(level));
    return rows.flatMap((row) => listed(row[1]));
  };

  test.each(['study', 'series', 'instance'])(
    'a search at level %s takes the keys of table 8.7-2, and of the dictionary no other',
    { timeout: 300_000 },
    async (level) => {
      const every = keysAt(stated, 'instance');
      const resource = { study: '/studies', series: '/series' }[level] ?? '/instances';
      // What is taken at the lowest level is taken at none where it is not: the dictionary is asked once.
      const others = level === 'instance' ? undefined : every;
      const found = await searchedKeys(radiologist, resource, others);
      const nested =
        level === 'instance'
          ? await searchedKeys(
              radiologist,
              resource,
              every.filter((key) => key.includes('.')),
            )
          : [];
      const compare = (statement: Statement) => differences(level, keysAt(statement, level), [...found, ...nested]);
      expect(compare(stated)).toEqual([]);
      expect(compare(misstated('| study | StudyDate, StudyTime,', '| study | StudyDate, PatientAge,'))).toHaveLength(2);
    },
  );

  test('a media type or resource that is not ours is noticed', async () => {
    const slips = [
      { method: 'GET', resource: '/studies', types: ['application/dicom+xml'] },
      { method: 'GET', resource: '/studies/{study}/rendered', types: ['image/gif'] },
      { method: 'GET', resource: '/workitems', types: ['application/dicom+json'] },
    ];
    for (const slip of slips) expect(await mediaTypes(radiologist, service, study, slip)).not.toEqual([]);
  });
});

test('the TLS suites are those offered', () => {
  expect(stated('TLS suites').map(([suite]) => suite)).toEqual(TLS_PROFILE.ciphers.split(':'));
});
