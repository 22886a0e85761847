import { afterEach, beforeEach, expect, test } from 'vitest';
import { collectBody, keepingDicomServer } from '../../../../test/peers-scripted/keeping-dicom-server.ts';
import type { ReadDataset } from '../dicom/dataset/dataset.ts';
import { text, texts } from '../dicom/dataset/values.ts';
import { type DicomRecord, encodeDataset } from '../dicom/dataset/write-dataset.ts';
import { DEFAULT_ACCEPTS, type DicomServer, startDicomServer } from '../dicom/server.ts';
import type { RemoteAe } from '../dicom/open-association.ts';
import { findAt } from '../dicom/services/find.ts';
import { getFrom, moveFrom } from '../dicom/services/retrieve.ts';
import { SERVICE_CLASSES } from '../dicom/services/sop-classes.ts';
import { EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN, JPEG_LOSSLESS } from '../dicom/transfer-syntaxes.ts';
import { markDamaged } from '../platform/objects/records.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { aSlice, CT_CLASS } from '../testing/objects.ts';
import type { ArchiveAssociation } from './associations.ts';
import { findInstances, findSeries, findStudies, listSopClasses } from './find-studies.ts';
import { findOutgoing } from './outgoing-objects.ts';
import { configurePeers } from './peers.ts';
import { listInstances } from './queries.ts';
import { queryRetrieveServices } from './query-retrieve.ts';

const {
  'study-root-find': FIND,
  'study-root-get': GET,
  'study-root-move': MOVE,
  'patient-root-find': PATIENT_FIND,
} = SERVICE_CLASSES;
let clinic: Clinic;
let server: DicomServer;
let remote: RemoteAe;
let caller: 'PACS' | 'SOUTH';

beforeEach(async () => {
  clinic = openClinic();
  caller = 'PACS';
  const { db, archive } = clinic;
  server = await startDicomServer<ArchiveAssociation>({
    host: '127.0.0.1',
    port: 0,
    maxAssociations: 8,
    timeouts: { artimMs: 60_000, idleMs: 60_000, objectMs: 60_000, wholeObjectMs: 60_000 },
    maxPduLength: 64 * 1024,
    accepts: DEFAULT_ACCEPTS,
    services: queryRetrieveServices({
      db,
      objects: archive.objects,
      clock: archive.clock,
      writeExplicit: async () => null,
      mostMatches: 262,
      mostObjects: 3,
      search: {
        studies: async (siteIds, keys, page) => findStudies(db, siteIds, keys, page),
        series: async (siteIds, keys, page) => findSeries(db, siteIds, keys, page),
        instances: async (siteIds, keys, page) => findInstances(db, siteIds, keys, page),
        outgoing: async (siteIds, keys, limit) => findOutgoing(db, siteIds, keys, limit),
        sopClasses: async (siteIds, studyUid) => listSopClasses(db, siteIds, studyUid),
      },
    }),
    policy: async () => ({ accept: true, correlationId: 'query', context: clinic.associate(caller) }),
    store: async () => ({ status: 'not-authorized' }),
  });
  remote = { host: '127.0.0.1', port: server.port, callingAe: 'PACS', calledAe: 'WETREAD' };
});
afterEach(async () => {
  await server.close(0);
  clinic.close();
});

async function ask(keys: DicomRecord, sopClass: string = FIND) {
  const matches: ReadDataset[] = [];
  const ended = await findAt(remote, sopClass, keys, { onMatch: (match) => void matches.push(match) });
  if (!ended.ok) throw new Error(ended.error.code);
  return { ...ended.value, matches };
}

const uidsOf = (matches: readonly ReadDataset[], keyword = 'StudyInstanceUID') =>
  matches.map((match) => text(match, keyword));

test('answers a study query with what was asked for, and names its character set only where one is needed', async () => {
  await clinic.send([
    aSlice(1),
    aSlice(2),
    aSlice(1, { SeriesInstanceUID: '1.2.10.2', Modality: 'MR', SeriesNumber: 2 }),
  ]);
  await clinic.send([
    aSlice(1, { StudyInstanceUID: '1.2.20', PatientID: '4712', PatientName: 'Müller^Jörg', AccessionNumber: 'B7' }),
  ]);
  const { status, matches } = await ask({
    QueryRetrieveLevel: 'STUDY',
    PatientName: 'doe*',
    PatientID: '',
    ModalitiesInStudy: '',
    NumberOfStudyRelatedSeries: '',
    NumberOfStudyRelatedInstances: '',
    SOPClassesInStudy: '',
    InstanceAvailability: '',
    StudyDate: '20260201-20260331',
  });
  expect(status).toBe(0);
  const shown = matches.map(
    (match) =>
      Object.fromEntries([...match.elements.keys()].map((tag) => [tag.toString(16), true])) && {
        charset: text(match, 'SpecificCharacterSet'),
        level: text(match, 'QueryRetrieveLevel'),
        name: text(match, 'PatientName'),
        id: text(match, 'PatientID'),
        modalities: texts(match, 'ModalitiesInStudy'),
        series: text(match, 'NumberOfStudyRelatedSeries'),
        instances: text(match, 'NumberOfStudyRelatedInstances'),
        classes: texts(match, 'SOPClassesInStudy'),
        availability: text(match, 'InstanceAvailability'),
        retrieveAe: text(match, 'RetrieveAETitle'),
        notAsked: text(match, 'AccessionNumber'),
      },
  );
  expect(shown).toEqual([
    {
      charset: null,
      level: 'STUDY',
      name: 'Doe^Jane',
      id: '4711',
      modalities: ['CT', 'MR'],
      series: '2',
      instances: '3',
      classes: [CT_CLASS],
      availability: 'ONLINE',
      retrieveAe: 'WETREAD',
      notAsked: null,
    },
  ]);
  const sets: (string | null)[] = [];
  for (const asked of ['ISO_IR 100', 'ISO_IR 192', null]) {
    const named: DicomRecord = asked === null ? {} : { SpecificCharacterSet: asked };
    const { matches: found } = await ask({ QueryRetrieveLevel: 'STUDY', ...named, PatientID: '4712', PatientName: '' });
    expect(found.map((match) => text(match, 'PatientName'))).toEqual(['Müller^Jörg']);
    sets.push(found[0] ? text(found[0], 'SpecificCharacterSet') : null);
  }
  expect(sets).toEqual(['ISO_IR 100', 'ISO_IR 192', 'ISO_IR 192']);
});

test('answers series and images below one study, and patients above it', async () => {
  await clinic.send([
    aSlice(1),
    aSlice(2),
    aSlice(1, { SeriesInstanceUID: '1.2.10.2', Modality: 'MR', SeriesNumber: 2 }),
  ]);
  await clinic.send([aSlice(1, { StudyInstanceUID: '1.2.20' })]);
  const series = await ask({
    QueryRetrieveLevel: 'SERIES',
    StudyInstanceUID: '1.2.10',
    SeriesInstanceUID: '',
    Modality: 'MR',
    PatientID: '',
  });
  expect(series.matches.map((match) => [text(match, 'SeriesInstanceUID'), text(match, 'PatientID')])).toEqual([
    ['1.2.10.2', '4711'],
  ]);
  const images = await ask({
    QueryRetrieveLevel: 'IMAGE',
    StudyInstanceUID: '1.2.10',
    SeriesInstanceUID: '1.2.10.1',
    SOPInstanceUID: '',
    Rows: null,
  });
  expect(uidsOf(images.matches, 'SOPInstanceUID')).toEqual(['1.2.10.1.1', '1.2.10.1.2']);
  const patients = await ask({ QueryRetrieveLevel: 'PATIENT', PatientID: '4711', PatientName: '' }, PATIENT_FIND);
  expect(patients.matches.map((match) => [text(match, 'PatientID'), text(match, 'PatientName')])).toEqual([
    ['4711', 'Doe^Jane'],
  ]);
  const list = await ask({ QueryRetrieveLevel: 'STUDY', StudyInstanceUID: ['1.2.10', '1.2.20', '1.2.99'] });
  expect(new Set(uidsOf(list.matches))).toEqual(new Set(['1.2.10', '1.2.20']));
});

test.each([
  ['no level', { StudyInstanceUID: '1.2.10' }, FIND],
  ['a level of the other root', { QueryRetrieveLevel: 'PATIENT', PatientID: '4711' }, FIND],
  ['a series query without its study', { QueryRetrieveLevel: 'SERIES', SeriesInstanceUID: '' }, FIND],
  [
    'an image query with several studies',
    { QueryRetrieveLevel: 'IMAGE', StudyInstanceUID: ['1.2', '1.3'], SeriesInstanceUID: '1.2' },
    FIND,
  ],
  [
    'a study query of the patient root without its patient',
    { QueryRetrieveLevel: 'STUDY', StudyInstanceUID: '' },
    PATIENT_FIND,
  ],
  ['a date that is none', { QueryRetrieveLevel: 'STUDY', StudyDate: 'yesterday' }, FIND],
] as const)('refuses %s with A900, and says which key it is about', async (_what, keys, sopClass) => {
  const { status, errorComment, matches } = await ask(keys, sopClass);
  expect({ status, matches: matches.length, says: errorComment !== null && errorComment.length > 0 }).toEqual({
    status: 0xa900,
    matches: 0,
    says: true,
  });
});

test('keeps to the site of the peer, leaves out what is hidden, and records every search and retrieval', async () => {
  await clinic.send([aSlice(1)]);
  await clinic.send([aSlice(1, { StudyInstanceUID: '1.2.30', PatientID: '99' })], 'SOUTH');
  expect(uidsOf((await ask({ QueryRetrieveLevel: 'STUDY', StudyInstanceUID: '' })).matches)).toEqual(['1.2.10']);
  caller = 'SOUTH';
  expect(uidsOf((await ask({ QueryRetrieveLevel: 'STUDY', StudyInstanceUID: '' })).matches)).toEqual(['1.2.30']);
  const got = await getFrom(
    remote,
    GET,
    { QueryRetrieveLevel: 'STUDY', StudyInstanceUID: '1.2.10' },
    {
      accepts: DEFAULT_ACCEPTS.slice(0, 20),
      store: async () => ({ status: 'success' }),
    },
  );
  expect(got).toMatchObject({ value: { status: 0, counts: { completed: 0 } } });
  caller = 'PACS';
  clinic.db.prepare('UPDATE instances SET is_hidden = 1').run();
  expect((await ask({ QueryRetrieveLevel: 'STUDY', StudyInstanceUID: '' })).matches).toEqual([]);
  const searches = clinic
    .events('studies-searched')
    .map(({ siteId, payload }) => [siteId, payload.surface, payload.results]);
  expect(searches).toEqual([
    [clinic.north.siteId, 'c-find', 1],
    [clinic.south.siteId, 'c-find', 1],
    [clinic.north.siteId, 'c-find', 0],
  ]);
});

test('sends by C-GET the bytes as they were received; a damaged object is a failed sub-operation', async () => {
  const sent = [aSlice(1), aSlice(2), aSlice(3)];
  const studyId = await clinic.send(sent);
  const [first] = listInstances(clinic.db, studyId);
  inTransaction(clinic.db, () => markDamaged(clinic.db, first?.digest ?? '', 'damaged', 0));
  const stored = new Map<string, Uint8Array>();
  const got = await getFrom(
    remote,
    GET,
    { QueryRetrieveLevel: 'SERIES', StudyInstanceUID: '1.2.10', SeriesInstanceUID: '1.2.10.1' },
    {
      accepts: DEFAULT_ACCEPTS.filter(({ sopClass }) => sopClass === CT_CLASS),
      store: async (incoming) => {
        stored.set(incoming.sopInstanceUid, await collectBody(incoming));
        return { status: 'success' };
      },
    },
  );
  expect(got).toMatchObject({
    value: { status: 0xb000, counts: { completed: 2, failed: 1 }, failedUids: [first?.sopUid] },
  });
  expect([...stored]).toEqual(sent.slice(1).map((record) => [record.SOPInstanceUID, encodeDataset(record)]));
  expect(clinic.events('study-read')).toMatchObject([{ studyId, payload: { surface: 'c-get' } }]);
});

test.each([[[EXPLICIT_LITTLE_ENDIAN]], [[IMPLICIT_LITTLE_ENDIAN]]])(
  'names of 2,000 objects that failed as many as an answer holds, and counts all of them: %s',
  async (transferSyntaxes) => {
    const unavailable = Array.from(
      { length: 2000 },
      (_, n) => `1.2.826.0.1.3680043.10.1234.1234567890.${10_000_000 + n}`,
    );
    const peer = await keepingDicomServer({
      services: [{ sopClass: GET, get: async () => ({ instances: [], unavailable }) }],
    });
    try {
      const got = await getFrom(
        peer.remote,
        GET,
        { QueryRetrieveLevel: 'STUDY', StudyInstanceUID: '1.2.10' },
        { accepts: [{ sopClass: CT_CLASS, transferSyntaxes }], store: async () => ({ status: 'success' }) },
      );
      expect(got).toMatchObject({ ok: true, value: { status: 0xa702, counts: { completed: 0, failed: 2000 } } });
      const named = got.ok ? got.value.failedUids : [];
      expect(named).toEqual(unavailable.slice(0, named.length));
      expect(named.length).toBeGreaterThan(1000);
    } finally {
      await peer.server.close(0);
    }
  },
);

test('tells who asks for more objects than we send at once to ask for less, and sends none', async () => {
  const fetch = () =>
    getFrom(
      remote,
      GET,
      { QueryRetrieveLevel: 'STUDY', StudyInstanceUID: '1.2.10' },
      {
        accepts: DEFAULT_ACCEPTS.filter(({ sopClass }) => sopClass === CT_CLASS),
        store: async () => ({ status: 'success' }),
      },
    );
  await clinic.send([1, 2, 3].map((n) => aSlice(n)));
  expect(await fetch()).toMatchObject({ value: { status: 0, counts: { completed: 3 } } });
  await clinic.send([aSlice(4)]);
  expect(await fetch()).toMatchObject({ value: { status: 0xa701, counts: { completed: 0 } } });
  expect(clinic.events('study-read')).toHaveLength(1);
});

test('writes explicit VR as implicit for a peer that takes nothing else, and says where that cannot be done', async () => {
  const record = aSlice(1, {
    RequestAttributesSequence: [{ ScheduledProcedureStepID: 'S1' }],
    DataSetTrailingPadding: new Uint8Array(6),
  });
  const packed = aSlice(2, { PixelData: { fragments: [Uint8Array.of(1, 2, 3, 4)] } });
  await clinic.send([record, packed]);
  clinic.db
    .prepare('UPDATE instance_versions SET transfer_syntax_uid = ? WHERE sop_uid = ?')
    .run(JPEG_LOSSLESS, '1.2.10.1.2');
  const stored = new Map<string, Uint8Array>();
  const got = await getFrom(
    remote,
    GET,
    { QueryRetrieveLevel: 'STUDY', StudyInstanceUID: '1.2.10' },
    {
      accepts: [{ sopClass: CT_CLASS, transferSyntaxes: [IMPLICIT_LITTLE_ENDIAN] }],
      store: async (incoming) => {
        stored.set(incoming.sopInstanceUid, await collectBody(incoming));
        return { status: 'success' };
      },
    },
  );
  expect(got).toMatchObject({
    value: { status: 0xb000, counts: { completed: 1, failed: 1 }, failedUids: ['1.2.10.1.2'] },
  });
  expect([...stored]).toEqual([['1.2.10.1.1', encodeDataset(record, IMPLICIT_LITTLE_ENDIAN)]]);
});

test('sends by C-MOVE to a configured peer that can be called, and to nobody else', async () => {
  await clinic.send([aSlice(1), aSlice(2)]);
  const target = await keepingDicomServer();
  configurePeers(clinic.db, clinic.north.siteId, 'WETREAD', [
    { aeTitle: 'PACS', address: '10.0.0.1', intent: 'comparison' },
    { aeTitle: 'VIEWER', address: '', intent: 'comparison', host: '127.0.0.1', port: target.server.port },
  ]);
  const keys = { QueryRetrieveLevel: 'STUDY', StudyInstanceUID: '1.2.10' };
  expect(await moveFrom(remote, MOVE, keys, 'VIEWER', {})).toMatchObject({
    value: { status: 0, counts: { completed: 2, failed: 0 } },
  });
  expect([...target.kept.keys()]).toEqual(['1.2.10.1.1', '1.2.10.1.2']);
  for (const nobody of ['PACS', 'STRANGER'])
    expect(await moveFrom(remote, MOVE, keys, nobody, {})).toMatchObject({ value: { status: 0xa801 } });
  expect(
    await moveFrom(remote, MOVE, { QueryRetrieveLevel: 'STUDY', StudyInstanceUID: '1.2.*' }, 'VIEWER', {}),
  ).toMatchObject({ value: { status: 0xa900 } });
  expect(clinic.events('study-read')).toMatchObject([{ payload: { surface: 'c-move' } }]);
  await target.server.close(0);
});

test('answers more matches than a page, each once, and says at its limit that there may be more', async () => {
  const many = Array.from({ length: 260 }, (_, study) =>
    aSlice(1, { StudyInstanceUID: `1.2.5.${study}`, PatientID: `P${study}`, PatientName: `Many^${study}` }),
  );
  await Promise.all(many.map((slice) => clinic.send([slice])));
  const { status, matches } = await ask({ QueryRetrieveLevel: 'STUDY', PatientName: 'Many*', StudyInstanceUID: '' });
  expect({ status, all: matches.length, different: new Set(uidsOf(matches)).size }).toEqual({
    status: 0,
    all: 260,
    different: 260,
  });
  for (const study of ['a', 'b', 'c'])
    await clinic.send([
      aSlice(1, { StudyInstanceUID: `1.2.6.${study.charCodeAt(0)}`, PatientID: study, PatientName: `Many^${study}` }),
    ]);
  const more = await ask({ QueryRetrieveLevel: 'STUDY', PatientName: 'Many*', StudyInstanceUID: '' });
  expect([more.status, more.matches.length]).toEqual([0xb001, 262]);
});

test('refuses a key longer than any attribute, and looks at no more groups and words of a name than it can have', async () => {
  const study = { QueryRetrieveLevel: 'STUDY', StudyInstanceUID: '' };
  await clinic.send([aSlice(1, { PatientName: 'Doe^Jane' })]);
  const answers = [
    await ask({ ...study, StudyDescription: '*a'.repeat(30_000) }),
    await ask({ ...study, PatientName: Array(3_000).fill('a').join('=') }),
    await ask({ ...study, PatientName: Array(500).fill('doe').join('=') }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([0xa900, 0xa900, 0xa900]);
  const many = await ask({ ...study, PatientName: Array(200).fill('doe*').join('=') });
  expect([many.status, many.matches.length]).toEqual([0, 1]);
  const words = findStudies(
    clinic.db,
    [clinic.north.siteId],
    { patientName: Array.from({ length: 250 }, (_, at) => `w${at}`).join(' '), fuzzyNames: true },
    { limit: 10, offset: 0 },
  );
  expect(words).toEqual([]);
});
