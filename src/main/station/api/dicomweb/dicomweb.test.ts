import { afterEach, beforeEach, expect, test } from 'vitest';
import { encodeInstance } from '../../dicom/dataset/write-dataset.ts';
import { PART10_HEAD_LENGTH, readPart10Header } from '../../dicom/part10.ts';
import { STUDY, testAnswers } from '../test-answers.ts';
import { startTestStation, type TestStation } from '../test-station.ts';
import type { InstanceKeys, ObjectPath, Page } from '../../archive/index.ts';
import type { DicomwebServices, StoredInstance } from './services.ts';

const EXPLICIT = '1.2.840.10008.1.2.1';
const JPEG = '1.2.840.10008.1.2.4.70';
const CT = '1.2.840.10008.5.1.4.1.1.2';
const FRAGMENTS = [Uint8Array.of(0xff, 0xd8, 1, 2), Uint8Array.of(0xff, 0xd8, 3, 4, 5, 6)];

const base = {
  SOPClassUID: CT,
  StudyInstanceUID: '1.2',
  PatientName: 'DOE^JANE',
  PatientID: '77',
  Modality: 'CT',
  SamplesPerPixel: 1,
  PhotometricInterpretation: 'MONOCHROME2',
  Rows: 2,
  Columns: 2,
  BitsAllocated: 16,
  BitsStored: 16,
  HighBit: 15,
  PixelRepresentation: 0,
};
const pixels = Uint16Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const native = store('1.2.1', '1.2.1.1', EXPLICIT, { NumberOfFrames: 2, PixelData: pixels });
const jpeg = store('1.2.1', '1.2.1.2', JPEG, { NumberOfFrames: 2, PixelData: { fragments: FRAGMENTS } });
const report = store('1.2.2', '1.2.2.1', EXPLICIT, {});
const all = [native, jpeg, report];

type Stored = { readonly file: Uint8Array; readonly instance: StoredInstance };

function store(seriesUid: string, sopUid: string, transferSyntaxUid: string, more: object): Stored {
  const record = { ...base, SeriesInstanceUID: seriesUid, SOPInstanceUID: sopUid, ...more };
  const file = encodeInstance(record, { transferSyntaxUid });
  const header = readPart10Header(file.subarray(0, PART10_HEAD_LENGTH));
  if (!header.ok) throw new Error(header.error.code);
  const where = {
    digest: sopUid,
    encoding: 'plain',
    sizeBytes: file.length,
    bodyOffset: header.value.dataSetOffset,
  } as const;
  const uids = { studyUid: '1.2', seriesUid, sopUid, sopClassUid: CT, transferSyntaxUid };
  const row = { seriesId: seriesUid, frames: 1, frameIndex: null };
  return { file, instance: { ...where, ...uids, ...row, studyId: STUDY } };
}

let station: TestStation;
let token: string;
let asked: { keys: InstanceKeys; page: Page }[];

const bytesOf = (digest: string) => {
  const found = all.find(({ instance }) => instance.digest === digest);
  return found === undefined ? Promise.reject(new Error('gone')) : Promise.resolve(Buffer.from(found.file));
};
const damaged = new Set<string>();
const services: DicomwebServices = {
  ...testAnswers().dicomweb,
  isDamaged: (digest) => damaged.has(digest),
  isAway: () => false,
  findStudies(_scope, keys, page) {
    asked.push({ keys, page });
    const match = {
      studyUid: '1.2',
      dateRaw: '20260102',
      timeRaw: null,
      zoneOffsetRaw: null,
      accession: 'A1',
      description: 'CT head',
      modalities: ['CT', 'SR'],
      referringPhysician: null,
      patientName: 'DOE^JANE=ドウ^ジェイン',
      patientId: '77',
      issuer: null,
      birthDateRaw: null,
      sex: 'F',
      dicomStudyId: null,
      series: 2,
      instances: 3,
      availability: 'ONLINE' as const,
    };
    return Promise.resolve(
      keys.patientName === 'NOBODY' ? [] : Array.from({ length: 2 }, () => match).slice(0, page.limit),
    );
  },
  findSeries(_scope, keys, page) {
    asked.push({ keys, page });
    const match = {
      studyUid: '1.2',
      seriesUid: '1.2.1',
      modality: 'CT',
      number: 1,
      description: null,
      bodyPart: 'HEAD',
      seriesId: 'x1',
      performedDateRaw: '20260102',
      performedTimeRaw: null,
      requests: [{ scheduledStepId: 'S1', requestedProcedureId: null, accession: null, studyUid: null }],
      instances: 2,
      availability: 'ONLINE' as const,
    };
    return Promise.resolve([match]);
  },
  findInstances(_scope, keys, page) {
    asked.push({ keys, page });
    const uids = { studyUid: '1.2', seriesUid: '1.2.1', sopUid: '1.2.1.1', sopClassUid: CT };
    const image = { number: 1, frames: 2, rows: 2, columns: 2, bitsAllocated: 16 };
    return Promise.resolve([{ ...uids, ...image, availability: 'NEARLINE' as const }]);
  },
  listInstances: async (_scope, { studyUid, seriesUid, sopUid }: ObjectPath) =>
    all
      .map(({ instance }) => instance)
      .filter((one) => one.studyUid === studyUid && [undefined, one.seriesUid].includes(seriesUid))
      .filter((one) => [undefined, one.sopUid].includes(sopUid)),
  objects: {
    read: bytesOf,
    readRange: async (digest, _encoding, start, length) => (await bytesOf(digest)).subarray(start, start + length),
    sizeBytes: async (digest) => (await bytesOf(digest)).length,
  },
};

beforeEach(async () => {
  asked = [];
  station = await startTestStation(testAnswers({ dicomweb: services }));
  token = await station.token('radiologist');
});
afterEach(() => station.stop());

const get = (path: string, accept?: string) =>
  station.ask(token, `/dicomweb/north${path}`, accept === undefined ? {} : { headers: { accept } });

/** The parts of a multipart answer: their headers, and their bytes. */
async function partsOf(answer: Response): Promise<readonly { readonly head: string; readonly bytes: Buffer }[]> {
  const boundary = /boundary=([\w-]+)/.exec(answer.headers.get('content-type') ?? '')?.[1] ?? '';
  const body = Buffer.from(await answer.arrayBuffer());
  expect(answer.headers.get('content-length')).toBe(String(body.length));
  const pieces = body.toString('latin1').split(`--${boundary}`);
  expect([pieces[0], pieces.at(-1)]).toEqual(['', '--\r\n']);
  return pieces.slice(1, -1).map((piece) => {
    const at = piece.indexOf('\r\n\r\n');
    return { head: piece.slice(2, at), bytes: Buffer.from(piece.slice(at + 4, -2), 'latin1') };
  });
}

test('finds studies as DICOM JSON with their addresses, and warns when there are more', async () => {
  const answer = await get('/studies?PatientName=DOE*&limit=1&offset=5&StudyDate=20260101-');
  expect([answer.status, answer.headers.get('content-type'), answer.headers.get('cache-control')]).toEqual([
    200,
    expect.stringContaining('application/dicom+json'),
    'no-store',
  ]);
  expect(answer.headers.get('warning')).toContain('additional results');
  expect(asked).toEqual([
    { keys: { patientName: 'DOE*', studyDate: { from: '20260101', to: null } }, page: { limit: 2, offset: 5 } },
  ]);
  const [study] = (await answer.json()) as Record<string, unknown>[];
  expect(study).toMatchObject({
    '00080020': { vr: 'DA', Value: ['20260102'] },
    '00080030': { vr: 'TM' },
    '00080061': { vr: 'CS', Value: ['CT', 'SR'] },
    '00081190': { vr: 'UR', Value: [`${station.origin}/dicomweb/north/studies/1.2`] },
    '00100010': { vr: 'PN', Value: [{ Alphabetic: 'DOE^JANE', Ideographic: 'ドウ^ジェイン' }] },
    '0020000D': { vr: 'UI', Value: ['1.2'] },
    '00201206': { vr: 'IS', Value: [2] },
    '00201208': { vr: 'IS', Value: [3] },
  });
  expect(station.events().at(-1)).toEqual({
    kind: 'studies-searched',
    studyId: null,
    payload: { surface: 'dicomweb', results: 1 },
  });
});

test('finds series and instances below what the path names', async () => {
  const series = (await (await get('/studies/1.2/series?Modality=CT')).json()) as Record<string, unknown>[];
  const instances = (await (await get('/studies/1.2/series/1.2.1/instances')).json()) as Record<string, unknown>[];
  const anywhere = (await (await get('/series?SeriesInstanceUID=1.2.1')).json()) as Record<string, unknown>[];
  expect(anywhere[0]).toMatchObject({ '0020000E': { Value: ['1.2.1'] }, '00100020': { Value: ['77'] } });
  expect(series[0]).not.toHaveProperty('00100020');
  expect(series[0]).toMatchObject({
    '00400244': { Value: ['20260102'] },
    '00400275': { Value: [{ '00400009': { Value: ['S1'] } }] },
  });
  expect(asked.map(({ keys }) => keys)).toEqual([
    { modality: 'CT', studyUids: ['1.2'] },
    { studyUids: ['1.2'], seriesUids: ['1.2.1'] },
    { seriesUids: ['1.2.1'] },
    { studyUids: ['1.2'] }, // every series with its study, where the path names none
  ]);
  expect(series[0]).toMatchObject({ '0020000E': { vr: 'UI', Value: ['1.2.1'] }, '00201209': { vr: 'IS', Value: [2] } });
  expect(instances[0]).toMatchObject({
    '00080018': { vr: 'UI', Value: ['1.2.1.1'] },
    '00081190': { Value: [`${station.origin}/dicomweb/north/studies/1.2/series/1.2.1/instances/1.2.1.1`] },
    '00280008': { vr: 'IS', Value: [2] },
  });
});

test('takes what is not indexed from a stored header, only what was asked for, and names what is no parameter', async () => {
  const fields = 'includefield=PatientSex&includefield=00280100,BodyPartExamined';
  const [instance] = (await (await get(`/studies/1.2/series/1.2.1/instances?${fields}`)).json()) as Record<
    string,
    unknown
  >[];
  expect(instance).toMatchObject({ '00280100': { vr: 'US', Value: [16] }, '00080056': { Value: ['NEARLINE'] } });
  expect(instance).not.toHaveProperty('00180015');
  expect(instance).not.toHaveProperty('00280103');
  const passed = await get('/studies?DOE^JANE=1&colour=red&includefield=nothing&limit=1');
  const warning = passed.headers.get('warning')?.replaceAll(/299 \S+/g, '299');
  expect([passed.status, warning]).toEqual([
    200,
    '299 "The following query parameters are not supported: ?, colour, nothing", 299 "There are additional results that can be requested"',
  ]);
  expect([(await get('/studies?PatientComments=x')).status, (await get('/studies?fuzzymatching=true')).status]).toEqual(
    [400, 200],
  );
});

test('answers 204 to no match, 400 to what is no key, 406 to a format it has not, 404 to another site', async () => {
  expect((await get('/studies?PatientName=NOBODY')).status).toBe(204);
  expect((await get('/studies?StudyInstanceUID=DOE')).status).toBe(400);
  expect((await get('/studies', 'multipart/related; type="application/dicom+xml"')).status).toBe(406);
  expect((await station.ask(token, '/dicomweb/south/studies')).status).toBe(404);
});

test('retrieves files byte for byte as stored, in parts or alone', async () => {
  const study = await get('/studies/1.2');
  expect(study.headers.get('content-type')).toMatch(/^multipart\/related; type="application\/dicom"; boundary=/);
  const parts = await partsOf(study);
  expect(parts.map(({ bytes }) => bytes)).toEqual(all.map(({ file }) => Buffer.from(file)));
  expect(parts[1]?.head).toContain(`Content-Type: application/dicom; transfer-syntax=${JPEG}`);
  expect(await partsOf(await get('/studies/1.2/series/1.2.1'))).toHaveLength(2);
  const alone = await get('/studies/1.2/series/1.2.1/instances/1.2.1.1', 'application/dicom');
  expect(alone.headers.get('content-type')).toBe(`application/dicom; transfer-syntax=${EXPLICIT}`);
  expect(Buffer.from(await alone.arrayBuffer())).toEqual(Buffer.from(native.file));
  const other = `multipart/related; type="application/dicom"; transfer-syntax=${JPEG}`;
  expect((await get('/studies/1.2', other)).status).toBe(406);
});

test('retrieves metadata without pixels, which it names', async () => {
  const answer = await get('/studies/1.2/metadata');
  expect(answer.headers.get('content-type')).toContain('application/dicom+json');
  const metadata = (await answer.json()) as Record<string, { vr: string; Value?: unknown[]; BulkDataURI?: string }>[];
  expect(metadata.map((one) => one['00080018']?.Value)).toEqual([['1.2.1.1'], ['1.2.1.2'], ['1.2.2.1']]);
  const instance = `${station.origin}/dicomweb/north/studies/1.2/series/1.2.1/instances/1.2.1.1`;
  expect(metadata[0]?.['7FE00010']).toEqual({ vr: 'OW', BulkDataURI: `${instance}/pixeldata` });
  expect(metadata[0]?.['00280010']).toEqual({ vr: 'US', Value: [2] });
  expect(metadata[2]?.['7FE00010']).toBeUndefined();
  expect(await (await get('/studies/1.2/series/1.2.2/metadata')).json()).toHaveLength(1);
  expect(await (await get('/studies/1.2/series/1.2.1/instances/1.2.1.2/metadata')).json()).toHaveLength(1);
});

test('retrieves native frames as their bytes, in the order asked', async () => {
  const path = '/studies/1.2/series/1.2.1/instances/1.2.1.1';
  const accept = 'multipart/related; type="application/octet-stream"';
  const frames = await partsOf(await get(`${path}/frames/2,1`, accept));
  const bytes = Buffer.from(pixels.buffer);
  expect(frames.map((frame) => frame.bytes)).toEqual([bytes.subarray(8), bytes.subarray(0, 8)]);
  expect(frames[0]?.head).toContain(`Content-Type: application/octet-stream; transfer-syntax=${EXPLICIT}`);
  expect((await partsOf(await get(`${path}/pixeldata`))).map((frame) => frame.bytes)).toEqual([
    bytes.subarray(0, 8),
    bytes.subarray(8),
  ]);
});

test('retrieves compressed frames as what they are', async () => {
  const path = '/studies/1.2/series/1.2.1/instances/1.2.1.2/frames';
  const answer = await get(`${path}/1,2`, `multipart/related; type="image/jpeg"; transfer-syntax=${JPEG}`);
  expect(answer.headers.get('content-type')).toContain('type="image/jpeg"');
  const frames = await partsOf(answer);
  expect(frames.map(({ bytes }) => bytes)).toEqual(FRAGMENTS.map((fragment) => Buffer.from(fragment)));
  expect(frames[0]?.head).toContain(`Content-Type: image/jpeg; transfer-syntax=${JPEG}`);
  const alone = await get(`${path}/2`, 'image/jpeg');
  expect([alone.headers.get('content-type'), Buffer.from(await alone.arrayBuffer())]).toEqual([
    `image/jpeg; transfer-syntax=${JPEG}`,
    Buffer.from(FRAGMENTS[1]!),
  ]);
  expect((await get(`${path}/1`, 'multipart/related; type="application/octet-stream"')).status).toBe(406);
});

test.each([
  ['/studies/1.2/series/1.2.1/instances/1.2.1.1/frames/3', 404],
  ['/studies/1.2/series/1.2.1/instances/1.2.1.1/frames/0', 400],
  ['/studies/1.2/series/1.2.1/instances/1.2.1.1/frames/1,', 400],
  ['/studies/1.2/series/1.2.1/instances/1.2.1.1/frames/all', 400],
  ['/studies/1.2/series/1.2.2/instances/1.2.2.1/frames/1', 404],
  ['/studies/1.2/series/1.2.2/instances/1.2.1.1', 404],
  ['/studies/1.9', 404],
  ['/studies/DOE%5EJANE/metadata', 400],
])('GET %s is %i', async (path, status) => {
  expect((await get(path)).status).toBe(status);
});

test('records a retrieval once for a study and session, not once a frame', async () => {
  const before = station.events().length;
  const path = '/studies/1.2/series/1.2.1/instances/1.2.1.1';
  for (const part of ['/frames/1', '/frames/2', '/metadata', '']) await (await get(`${path}${part}`)).arrayBuffer();
  expect(station.events().slice(before)).toEqual([
    { kind: 'study-read', studyId: STUDY, payload: { surface: 'dicomweb' } },
  ]);
});
