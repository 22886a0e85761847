import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { instanceFromBytes, sendInstances } from '../../src/main/station/dicom/scu.ts';
import { type DicomRecord, encodeInstance } from '../../src/main/station/dicom/dataset/write-dataset.ts';
import { lookUpKeyword } from '../../src/main/station/dicom/dataset/dictionary.ts';
import { type Asker, signIn } from '../system/support/ask-station.ts';
import { endEverything, type RunningStation, startStation, temporaryFolder } from '../system/support/start-station.ts';
import { remoteOf } from '../system/support/studies.ts';
import { isSameAttribute, type JsonDataSet, toldByDcmtk } from './support/dcm2json.ts';
import { havePeers, runPeer } from './support/run-peer.ts';

const isHere = havePeers('findscu', 'dcm2json');
const data = path.resolve(import.meta.dirname, '../../../shared/data');
const SETS = ['ct-head-ge', 'mr-brain', 'cxr', 'dicom-variety/pydicom/charset_files'];
if (!existsSync(data)) console.error('without the real test data: generated objects alone are asked for');

/** One image of a study of its own kind, number `n` of its series. */
function anImage(n: number, changes: DicomRecord): DicomRecord {
  const study = typeof changes.StudyInstanceUID === 'string' ? changes.StudyInstanceUID : '1.2.10';
  const series = typeof changes.SeriesInstanceUID === 'string' ? changes.SeriesInstanceUID : `${study}.1`;
  return {
    ...{
      SpecificCharacterSet: 'ISO_IR 192',
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
      SOPInstanceUID: `${series}.${n}`,
    },
    ...{ StudyInstanceUID: study, StudyDate: '20260301', StudyTime: '101500', StudyDescription: 'CT Head' },
    ...{ PatientID: '4711', PatientBirthDate: '19600102', PatientSex: 'F', AccessionNumber: 'A1' },
    ...{ SeriesInstanceUID: series, SeriesNumber: 1, SeriesDescription: 'Head 5mm', Modality: 'CT' },
    ...{ InstanceNumber: n, Rows: 4, Columns: 4, SamplesPerPixel: 1, PhotometricInterpretation: 'MONOCHROME2' },
    ...{ BitsAllocated: 16, BitsStored: 12, HighBit: 11, PixelRepresentation: 0 },
    PixelData: new Uint16Array(16).fill(n),
    ...changes,
  };
}

/** Names and text that one character set after another writes; two series of a study, and a study of its own. */
const generated = [
  ...[1, 2, 3].map((n) => anImage(n, { PatientName: 'Müller^José=山田^太郎', ReferringPhysicianName: 'Løve^Åse' })),
  anImage(4, {
    ...{ PatientName: 'Müller^José=山田^太郎', SeriesInstanceUID: '1.2.10.2', SeriesNumber: 2, Modality: 'SR' },
    ...{ SOPClassUID: '1.2.840.10008.5.1.4.1.1.88.22', SeriesDescription: 'Befund', BodyPartExamined: 'HEAD' },
  }),
  anImage(1, { StudyInstanceUID: '1.2.11', PatientID: '4712', PatientName: 'Иванов^Пётр', StudyDescription: 'КТ' }),
].map((record) => encodeInstance({ ...record, Manufacturer: 'Håndværk' }));

const tag = (keyword: string) => (lookUpKeyword(keyword)?.tag ?? 0).toString(16).toUpperCase().padStart(8, '0');
const STUDY = tag('StudyInstanceUID');
const SERIES = tag('SeriesInstanceUID');
const SOP = tag('SOPInstanceUID');
/** Of the exchange itself, and where things are to be had. */
const OF_THE_ANSWER = [
  'SpecificCharacterSet',
  'QueryRetrieveLevel',
  'RetrieveAETitle',
  'RetrieveURL',
  'InstanceAvailability',
];
const KEYS = {
  STUDY: [
    ...['StudyDate', 'StudyTime', 'AccessionNumber', 'StudyID', 'StudyInstanceUID', 'StudyDescription', 'PatientName'],
    ...['ReferringPhysicianName', 'ModalitiesInStudy', 'NumberOfStudyRelatedSeries', 'NumberOfStudyRelatedInstances'],
    ...['SOPClassesInStudy', 'PatientID', 'IssuerOfPatientID', 'PatientBirthDate', 'PatientSex'],
  ],
  SERIES: [
    ...['SeriesInstanceUID', 'Modality', 'SeriesNumber', 'SeriesDescription', 'BodyPartExamined', 'PatientName'],
    ...['PerformedProcedureStepStartDate', 'PerformedProcedureStepStartTime', 'NumberOfSeriesRelatedInstances'],
  ],
  IMAGE: [
    ...['SOPInstanceUID', 'SOPClassUID', 'InstanceNumber', 'NumberOfFrames', 'Rows', 'Columns', 'BitsAllocated'],
    'PatientID',
  ],
} as const;

let station: RunningStation;
let radiologist: Asker;
/** What DCMTK tells of every object that the station lists. */
let listed: readonly JsonDataSet[];

const one = (dataSet: JsonDataSet, at: string) => dataSet[at]?.Value?.[0];
const uidOf = (dataSet: JsonDataSet, at: string) => {
  const value = one(dataSet, at);
  return typeof value === 'string' ? value : '';
};
/** Values without their order. */
const asSet = (values: readonly unknown[]) =>
  values
    .map((value) => JSON.stringify(value))
    .toSorted((a, b) => (a < b ? -1 : 1))
    .join();

beforeAll(async () => {
  if (!isHere) return;
  const peer = { aeTitle: 'MODALITY1', address: '127.0.0.1', services: ['store', 'query'] };
  station = await startStation({
    demo: true,
    config: {
      dicom: { host: '127.0.0.1', peers: [peer] },
      disk: { lowBytes: 2, fullBytes: 1 },
      inference: { shippedModels: [] },
    },
  });
  radiologist = await signIn(station, 'radiologist', 'demo');
  const real = SETS.map((set) => path.join(data, set))
    .filter(existsSync)
    .flatMap((folder) => readdirSync(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(path.join(entry.parentPath, entry.name)));
  const folder = temporaryFolder();
  const sent = [...generated, ...real].flatMap((file) => {
    const instance = instanceFromBytes(file);
    const told = instance.ok ? toldByDcmtk(file, folder) : null;
    return instance.ok && told !== null ? [{ instance: instance.value, told }] : [];
  });
  await sendInstances(
    remoteOf(station),
    sent.map(({ instance }) => instance),
  );
  // Of several under one UID the first stays, or the newest header of the same pixels: what is kept is told again.
  const kept: JsonDataSet[] = [];
  for (const match of await search('/instances')) {
    const [studyUid = '', seriesUid = '', sopUid = ''] = [STUDY, SERIES, SOP].map((at) => uidOf(match, at));
    const file = await radiologist.storedFile('demo', { studyUid, seriesUid, sopUid });
    const told = file === null ? null : toldByDcmtk(file, folder);
    if (told === null) throw new Error('DCMTK cannot tell what is kept');
    kept.push(told);
  }
  listed = kept;
  const known = new Set(sent.map(({ told }) => one(told, SOP)));
  if (listed.some((file) => !known.has(one(file, SOP)))) throw new Error('something is listed that was not sent');
  if (listed.length < known.size * 0.9) throw new Error(`of ${known.size} objects ${listed.length} are listed`);
  console.log(`${listed.length} objects to hold answers against`);
}, 300_000);
afterAll(async () => {
  await station?.stop();
  await endEverything();
});

/** Every match of a search. */
async function search(address: string, more = ''): Promise<readonly JsonDataSet[]> {
  const matches: JsonDataSet[] = [];
  for (;;) {
    const asked = `/dicomweb/demo${address}?limit=200&offset=${matches.length}${more}`;
    const answer = await radiologist.fetch(asked, { headers: { accept: 'application/dicom+json' } });
    if (answer.status === 204) return matches;
    expect(answer.status).toBe(200);
    matches.push(...(JSON.parse(answer.text) as JsonDataSet[]));
  }
}

/** The matches of a C-FIND, as DCMTK wrote them down and tells them. */
async function find(level: keyof typeof KEYS, ...above: readonly string[]): Promise<readonly JsonDataSet[]> {
  const folder = path.join(temporaryFolder(), 'matches');
  mkdirSync(folder);
  const keys = [`QueryRetrieveLevel=${level}`, ...above, ...KEYS[level]].flatMap((key) => ['-k', key]);
  const us = ['-aet', 'MODALITY1', '-aec', 'WETREAD', '127.0.0.1', String(station.dicom.port)];
  expect(await runPeer('findscu', ['-S', '-X', '-od', folder, ...keys, ...us])).toMatchObject({ exitCode: 0 });
  return readdirSync(folder).map((name) => {
    const told = toldByDcmtk(readFileSync(path.join(folder, name)), temporaryFolder());
    if (told === null) throw new Error('DCMTK cannot tell what it was answered');
    return told;
  });
}

/** In what a match tells otherwise than the files it is about. */
function otherwise(match: JsonDataSet, files: readonly JsonDataSet[]): readonly string[] {
  // A series or an instance is told with its study.
  const study = filesOf(match, STUDY);
  const [ofStudy, ofSeries] = [KEYS.STUDY.map(tag), KEYS.SERIES.map(tag)];
  const series = filesOf(match, SERIES);
  const distinct = (at: string, among: readonly JsonDataSet[]) =>
    [...new Set(among.map((file) => one(file, at)))].filter((value) => value !== undefined);
  const counted: Readonly<Record<string, readonly unknown[]>> = {
    [tag('NumberOfStudyRelatedInstances')]: [distinct(SOP, study).length],
    [tag('NumberOfSeriesRelatedInstances')]: [distinct(SOP, series).length],
    [tag('NumberOfStudyRelatedSeries')]: [distinct(SERIES, study).length],
    [tag('ModalitiesInStudy')]: distinct(tag('Modality'), study),
    [tag('SOPClassesInStudy')]: distinct(tag('SOPClassUID'), study),
  };
  const passedOver = OF_THE_ANSWER.map(tag);
  return Object.entries(match).flatMap(([at, mine]) => {
    if (passedOver.includes(at)) return [];
    const count = counted[at];
    if (count !== undefined) return asSet(mine.Value ?? []) === asSet(count) ? [] : [`${at} is not ${asSet(count)}`];
    // An object without a number of frames has one; a number without an issuer is the site's.
    const isUnsaid = [tag('NumberOfFrames'), tag('IssuerOfPatientID')].includes(at);
    const unsaid = at === tag('NumberOfFrames') ? { vr: 'IS', Value: [1] } : isUnsaid ? mine : { vr: mine.vr };
    const about = ofStudy.includes(at) ? study : ofSeries.includes(at) ? series : files;
    return about.some((file) => isSameAttribute(mine, file[at] ?? unsaid)) ? [] : [`${at} ${mine.vr}`];
  });
}

const filesOf = (match: JsonDataSet, at: string) => listed.filter((file) => one(file, at) === one(match, at));

/** Holds every match against its files: none is told otherwise, none is missing, and there is something to tell. */
function expectTrue(matches: readonly JsonDataSet[], at: string, tells: readonly string[], among = listed): void {
  expect(new Set(matches.map((match) => one(match, at)))).toEqual(new Set(among.map((file) => one(file, at))));
  expect(matches.flatMap((match) => otherwise(match, filesOf(match, at)))).toEqual([]);
  for (const keyword of tells)
    expect([keyword, matches.every((match) => tag(keyword) in match)]).toEqual([keyword, true]);
}

test.skipIf(!isHere)('a search at each level tells field by field what DCMTK tells of the files', async () => {
  const fields = '&includefield=Manufacturer&includefield=PixelSpacing';
  expectTrue(await search('/studies'), STUDY, ['PatientName', 'StudyDate', 'NumberOfStudyRelatedInstances']);
  expectTrue(await search('/series', fields), SERIES, ['Modality', 'NumberOfSeriesRelatedInstances']);
  const instances = await search('/instances', fields);
  expectTrue(instances, SOP, ['SOPClassUID', 'Rows']);
  for (const keyword of ['Manufacturer', 'PixelSpacing'])
    expect(instances.some((match) => tag(keyword) in match)).toBe(true);
});

test.skipIf(!isHere)(
  'a C-FIND at each level, as findscu takes it, tells field by field what DCMTK tells of the files',
  async () => {
    const studies = await find('STUDY');
    expectTrue(studies, STUDY, KEYS.STUDY);
    for (const study of studies) {
      const above = `StudyInstanceUID=${uidOf(study, STUDY)}`;
      const files = filesOf(study, STUDY);
      const series = await find('SERIES', above);
      expectTrue(series, SERIES, KEYS.SERIES, files);
      const [first] = series;
      if (first === undefined) continue;
      const images = await find('IMAGE', above, `SeriesInstanceUID=${uidOf(first, SERIES)}`);
      expectTrue(images, SOP, KEYS.IMAGE, filesOf(first, SERIES));
    }
  },
);

test.skipIf(!isHere)('an answer that tells otherwise is noticed', async () => {
  const [match] = await search('/studies');
  const [file] = match === undefined ? [] : filesOf(match, STUDY);
  if (match === undefined || file === undefined) throw new Error('nothing was found');
  const files = filesOf(match, STUDY);
  for (const [keyword, value] of [
    ['PatientName', { Alphabetic: 'Nobody' }],
    ['NumberOfStudyRelatedInstances', files.length + 1],
    ['StudyDate', '18000101'],
  ] as const) {
    const vr = lookUpKeyword(keyword)?.vr ?? '';
    expect(otherwise({ ...match, [tag(keyword)]: { vr, Value: [value] } }, files)).toHaveLength(1);
  }
});
