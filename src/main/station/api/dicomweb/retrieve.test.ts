import { inflateSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  createMetadataKeeper,
  findStudyIdByUid,
  hideObjects,
  nextWantedMetadata,
  receiveObject,
  undoIdentityChange,
} from '../../archive/index.ts';
import { readDataset } from '../../dicom/dataset/read-dataset.ts';
import { number, text } from '../../dicom/dataset/values.ts';
import { encodeDataset } from '../../dicom/dataset/write-dataset.ts';
import { PART10_HEAD_LENGTH, readPart10Header } from '../../dicom/part10.ts';
import { decodeFrame } from '../../dicom/pixel/decode-frame.ts';
import { EXPLICIT_LITTLE_ENDIAN, JPEG_BASELINE, RLE_LOSSLESS } from '../../dicom/transfer-syntaxes.ts';
import { aSlice, arrivalOf, OTHER_CLASSES, without } from '../../testing/objects.ts';
import { storedMetadata } from '../services/dicomweb-services.ts';
import { describeHidden } from '../services/hidden-images.ts';
import { openWebClinic, type WebClinic } from './test-web-clinic.ts';
import { namedPhotometric } from './retrieve-frames.ts';

const SIZE = 32;
const SERIES = '/studies/1.2.10/series/1.2.10.1';
const BULK = new Uint8Array(5000).map((_, index) => index);
let web: WebClinic;

/** A ramp from black at the left to white at the right, `n` added. */
const ramp = (n: number) => Uint16Array.from({ length: SIZE * SIZE }, (_, index) => (index % SIZE) * 100 + n);
const image = { Rows: SIZE, Columns: SIZE, WindowCenter: 1600, WindowWidth: 3200 };

/** A frame in RLE of literal runs only (PS3.5 §G.3): high bytes, then low bytes. */
function rle(samples: Uint16Array): Uint8Array {
  const planes = [8, 0].map((shift) => Buffer.from(samples.map((sample) => (sample >> shift) & 0xff)));
  const segments = planes.map((plane) => {
    const runs = Array.from({ length: plane.length / 128 }, (_, run) => plane.subarray(run * 128, run * 128 + 128));
    return Buffer.concat(runs.flatMap((run) => [Buffer.from([127]), run]));
  });
  const header = Buffer.alloc(64);
  header.writeUInt32LE(2, 0);
  header.writeUInt32LE(64, 4);
  header.writeUInt32LE(64 + (segments[0]?.length ?? 0), 8);
  return Buffer.concat([header, ...segments]);
}

beforeAll(async () => {
  web = await openWebClinic();
  const { clinic } = web;
  await clinic.send([
    aSlice(1, { ...image, PixelData: ramp(1) }),
    aSlice(2, { ...image, NumberOfFrames: 3, PixelData: Uint16Array.from([1, 2, 3].flatMap((n) => [...ramp(n)])) }),
    without(
      aSlice(4, { SOPClassUID: OTHER_CLASSES.report, Modality: 'SR', SeriesInstanceUID: '1.2.10.2', SeriesNumber: 2 }),
      ...['PixelData', 'Rows', 'Columns', 'BitsAllocated'],
    ),
    aSlice(5, {
      ...image,
      PixelData: ramp(5),
      '00091010': { privateVr: 'OB', value: BULK },
      '00090010': { privateVr: 'LO', value: 'TEST' },
    }),
  ]);
  const packed = aSlice(3, { ...image, NumberOfFrames: 2, PixelData: { fragments: [ramp(7), ramp(8)].map(rle) } });
  const arrival = { ...arrivalOf(packed, encodeDataset(packed)), transferSyntaxUid: RLE_LOSSLESS };
  const answer = await receiveObject(clinic.archive, arrival, clinic.associate());
  if (answer.status !== 'success') throw new Error(answer.status);
}, 60_000);
afterAll(() => web.close());

const get = (path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET') =>
  web.station.ask(web.token, `/dicomweb/north${path}`, { headers, method });
const bytesOf = async (answer: Response) => Buffer.from(await answer.arrayBuffer());
const instance = (n: number) => `${SERIES}/instances/1.2.10.1.${n}`;
const pixelsOf = (samples: Uint16Array) => Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);

test('decodes a compressed object into explicit VR little endian where no transfer syntax is named', async () => {
  const answer = await get(instance(3), { accept: 'application/dicom' });
  expect([answer.status, answer.headers.get('content-type')]).toEqual([
    200,
    `application/dicom; transfer-syntax=${EXPLICIT_LITTLE_ENDIAN}`,
  ]);
  const file = await bytesOf(answer);
  expect(String(file.length)).toBe(answer.headers.get('content-length'));
  const header = readPart10Header(file.subarray(0, PART10_HEAD_LENGTH));
  if (!header.ok) throw new Error(header.error.code);
  expect(header.value).toMatchObject({ transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN, sopInstanceUid: '1.2.10.1.3' });
  const body = file.subarray(header.value.dataSetOffset);
  const read = readDataset(body, EXPLICIT_LITTLE_ENDIAN);
  if (!read.ok) throw new Error(read.error.code);
  expect([
    text(read.value, 'PatientName'),
    number(read.value, 'NumberOfFrames'),
    number(read.value, 'BitsStored'),
  ]).toEqual(['Doe^Jane', 2, 12]);
  const { offset = 0, length } = read.value.pixelData ?? {};
  const expected = Buffer.concat(
    [ramp(7), ramp(8)].map((samples) => pixelsOf(samples.map((sample) => sample & 0xfff))),
  );
  expect(length).toBe(expected.length);
  expect(body.subarray(offset, offset + expected.length).equals(expected)).toBe(true);
  const stored = await get(instance(3), { accept: 'application/dicom; transfer-syntax=*' });
  expect(stored.headers.get('content-type')).toContain(RLE_LOSSLESS);
});

test('gives frames as stored, or decoded, alone or in parts', async () => {
  const decoded = await get(`${instance(3)}/frames/2`, { accept: 'application/octet-stream' });
  expect((await bytesOf(decoded)).equals(pixelsOf(ramp(8)))).toBe(true);
  const asStored = await get(`${instance(3)}/frames/2`, { accept: 'multipart/related; type="image/dicom-rle"' });
  const body = await bytesOf(asStored);
  expect(body.includes(Buffer.from(rle(ramp(8))))).toBe(true);
  expect(body.toString('latin1')).toContain(`/instances/1.2.10.1.3/frames/2\r\n`);
  const native = await get(`${instance(2)}/frames/3,1`, { accept: '*/*' });
  const parts = await bytesOf(native);
  expect(parts.indexOf(pixelsOf(ramp(3)))).toBeLessThan(parts.indexOf(pixelsOf(ramp(1))));
  expect((await get(`${instance(2)}/frames/4`)).status).toBe(404);
  expect((await get(`${instance(2)}/frames/0`)).status).toBe(400);
  expect((await get(`${instance(3)}/frames/1`, { accept: 'image/jp2' })).status).toBe(406);
});

test('renders the window asked for into PNG, scaled to the viewport', async () => {
  const answer = await get(`${instance(1)}/rendered?window=1600,3200,linear&viewport=16,16`, { accept: 'image/png' });
  expect([answer.status, answer.headers.get('content-type'), answer.headers.get('cache-control')]).toEqual([
    200,
    'image/png',
    'no-store',
  ]);
  const png = await bytesOf(answer);
  expect([png.readUInt32BE(16), png.readUInt32BE(20), png[24], png[25]]).toEqual([16, 16, 8, 0]);
  const length = png.readUInt32BE(33);
  const rows = inflateSync(png.subarray(41, 41 + length));
  const line = [...rows.subarray(1, 17)];
  expect(line).toEqual(line.toSorted((one, other) => one - other));
  expect([line[0], line[15]]).toEqual([expect.closeTo(4, -1), expect.closeTo(247, -1)]);
  const all = await get(`${instance(1)}/rendered?window=100000,2,linear`, { accept: 'image/png' });
  const dark = await bytesOf(all);
  expect(new Set(inflateSync(dark.subarray(41, 41 + dark.readUInt32BE(33))))).toEqual(new Set([0]));
});

test('renders JPEG that a decoder of our own reads back', async () => {
  const answer = await get(`${instance(1)}/rendered?quality=100`, { accept: 'image/jpeg' });
  expect(answer.status).toBe(200);
  const frame = {
    ...{
      bytes: await bytesOf(answer),
      transferSyntaxUid: JPEG_BASELINE,
      vr: 'OB',
      bitOffset: 0,
      rows: SIZE,
      columns: SIZE,
    },
    ...{ samplesPerPixel: 1, photometricInterpretation: 'MONOCHROME2', planarConfiguration: 0 },
    ...{ bitsAllocated: 8, bitsStored: 8, highBit: 7, pixelRepresentation: 0 },
  };
  const decoded = await decodeFrame(frame);
  if (!decoded.ok) throw new Error(decoded.error.code);
  expect([decoded.value.pixels[0], decoded.value.pixels[SIZE - 1]]).toEqual([
    expect.closeTo(0, -1),
    expect.closeTo(247, -1),
  ]);
});

test('takes the media type from the query too, before the header and where the header says something else', async () => {
  const type = async (query: string, accept?: string) => {
    const answer = await get(`${instance(1)}${query}`, accept === undefined ? {} : { accept });
    return answer.status === 200 ? answer.headers.get('content-type')?.split(';')[0] : answer.status;
  };
  expect(await type('/rendered?accept=image/png')).toBe('image/png');
  expect(await type('/rendered?accept=image/png', 'image/jpeg')).toBe('image/png');
  expect(await type('/rendered?accept=image/gif', 'image/jpeg')).toBe('image/jpeg');
  expect(await type('/rendered?accept=image/gif', 'text/html')).toBe(406);
  expect(await type('/rendered', 'image/jpeg')).toBe('image/jpeg');
  expect(await type('/metadata?accept=application/dicom+json', 'text/html')).toBe('application/dicom+json');
  expect(await type('/metadata?accept=application%2Fdicom%2Bjson', 'text/html')).toBe('application/dicom+json');
  expect(await type('?accept=application/dicom;transfer-syntax=*', 'text/html')).toBe('application/dicom');
  expect(await type('/frames/1?accept=application/octet-stream', 'text/html')).toBe('application/octet-stream');
  expect(await type('/frames/1?accept=image/jp2', 'text/html')).toBe(406);
});

test('renders several frames in parts, one of a multi-frame object by number, and thumbnails at every level', async () => {
  const several = await get(`${instance(2)}/rendered`, { accept: 'image/jpeg' });
  expect(several.headers.get('content-type')).toContain('multipart/related; type="image/jpeg"');
  expect((await several.text()).match(/Content-Type: image\/jpeg/g)).toHaveLength(3);
  const asked = await get(`${instance(2)}/rendered`, { accept: 'multipart/related; type="image/png"' });
  expect((await asked.text()).match(/Content-Type: image\/png/g)).toHaveLength(3);
  const one = await get(`${instance(2)}/frames/2/rendered`, { accept: 'multipart/related; type="image/jpeg"' });
  expect(one.headers.get('content-type')).toContain('multipart/related; type="image/jpeg"');
  expect((await one.text()).match(/Content-Location: .*\/frames\/2\/rendered/g)).toHaveLength(1);
  expect((await get(`${instance(2)}/frames/2/rendered`)).headers.get('content-type')).toBe('image/jpeg');
  for (const path of ['/studies/1.2.10', SERIES, instance(2), `${instance(2)}/frames/1`]) {
    const thumbnail = await get(`${path}/thumbnail?viewport=20,10`, { accept: 'image/png' });
    const png = await bytesOf(thumbnail);
    expect([path, thumbnail.status, png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([path, 200, 10, 10]);
  }
});

test.each([
  ['?viewport=0,10', 400],
  ['?viewport=10', 400],
  ['?window=a,b,linear', 400],
  ['?window=1,0.5,linear', 400],
  ['?window=1,1,constructor', 400],
  ['?quality=101', 400],
  ['?annotation=patient', 400],
  ['?viewport=10,10&viewport=20,20', 400],
  ['?window=1,2,linear&window=1,2,linear', 400],
  ['?quality=50&quality=60', 400],
])('refuses to render with %s', async (query, status) => {
  const answer = await get(`${instance(1)}/rendered${query}`);
  expect([answer.status, await answer.json()]).toEqual([
    status,
    { code: 'query-malformed', parameter: /\?(\w+)/.exec(query)?.[1] },
  ]);
});

test('has no picture of a report, and no GIF of anything', async () => {
  const report = '/studies/1.2.10/series/1.2.10.2';
  expect((await get(`${report}/instances/1.2.10.2.4/rendered`)).status).toBe(406);
  expect((await get(`${report}/thumbnail`)).status).toBe(404);
  expect((await get(`${instance(1)}/rendered`, { accept: 'image/gif' })).status).toBe(406);
});

test('answers 304 to whoever has it, ranges of what stands alone, and headers only to HEAD', async () => {
  const accept = 'application/octet-stream';
  const whole = await get(`${instance(1)}/frames/1`, { accept });
  const tag = whole.headers.get('etag') ?? '';
  const bytes = await bytesOf(whole);
  expect((await get(`${instance(1)}/frames/1`, { accept, 'if-none-match': `"other", ${tag}` })).status).toBe(304);
  const part = await get(`${instance(1)}/frames/1`, { accept, range: 'bytes=10-19' });
  expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 10-19/${bytes.length}`]);
  expect((await bytesOf(part)).equals(bytes.subarray(10, 20))).toBe(true);
  expect(
    (await bytesOf(await get(`${instance(1)}/frames/1`, { accept, range: 'bytes=-4' }))).equals(bytes.subarray(-4)),
  ).toBe(true);
  expect((await get(`${instance(1)}/frames/1`, { accept, range: `bytes=${bytes.length}-` })).status).toBe(416);
  const other = await get(`${instance(1)}/frames/1`, { accept, range: 'bytes=10-19', 'if-range': '"other"' });
  expect([other.status, (await bytesOf(other)).length]).toEqual([200, bytes.length]);
  expect((await get(`${instance(1)}/frames/1`, { accept, range: 'bytes=10-19', 'if-range': tag ?? '' })).status).toBe(
    206,
  );
  expect((await get(`${instance(1)}/frames/1`, { accept, 'if-match': '"other"' })).status).toBe(412);
  expect((await get(`${instance(1)}/frames/1`, { accept, 'if-match': `"other", ${tag}` })).status).toBe(200);
  const head = await get(instance(1), { accept: 'application/dicom' }, 'HEAD');
  expect([
    head.status,
    Number(head.headers.get('content-length')) > bytes.length,
    (await bytesOf(head)).length,
  ]).toEqual([200, true, 0]);
});

test('names long binary values by an address that gives them, by range too', async () => {
  const [metadata] = (await (await get(`${instance(5)}/metadata`)).json()) as Record<
    string,
    { BulkDataURI?: string }
  >[];
  const address = metadata?.['00091010']?.BulkDataURI ?? '';
  expect(address).toMatch(new RegExp(`^${web.station.origin}/dicomweb/north${instance(5)}/bulkdata/\\d+-5000$`));
  const path = address.slice(`${web.station.origin}/dicomweb/north`.length);
  expect((await bytesOf(await get(path, { accept: 'application/octet-stream' }))).equals(Buffer.from(BULK))).toBe(true);
  const some = await get(path, { accept: 'application/octet-stream', range: 'bytes=4000-4009' });
  expect((await bytesOf(some)).equals(Buffer.from(BULK.subarray(4000, 4010)))).toBe(true);
  expect((await get(`${instance(5)}/bulkdata/0-99999999`)).status).toBe(404);
  expect((await get(`${instance(5)}/bulkdata/x`)).status).toBe(404);
  expect(metadata?.['7FE00010']?.BulkDataURI).toBe(`${web.station.origin}/dicomweb/north${instance(5)}/pixeldata`);
});

test('metadata kept ready are those read from the files, and are made anew after a change', async () => {
  const { clinic, services } = web;
  const read = async () =>
    (await (await get('/studies/1.2.10/metadata')).json()) as Record<string, { Value?: string[] }>[];
  const before = await read();
  const kept = () => clinic.db.prepare('SELECT count(*) AS parts FROM series_metadata').get() as { parts: number };
  clinic.db.prepare('DELETE FROM series_metadata').run();
  // Nobody waits for the study to be complete: its associations have ended.
  clinic.pass(1000);
  const keeper = createMetadataKeeper(
    clinic.db,
    async () => nextWantedMetadata(clinic.db, clinic.nowMs()),
    storedMetadata(clinic.db, services.dicomweb),
    clinic.log,
  );
  keeper.start();
  await expect.poll(kept).toEqual({ parts: 2 });
  await keeper.stop();
  expect(await read()).toEqual(before);
  expect(before.map((one) => one['00080018']?.Value?.[0])).toEqual([
    '1.2.10.1.1',
    '1.2.10.1.2',
    '1.2.10.1.3',
    '1.2.10.1.5',
    '1.2.10.2.4',
  ]);
  clinic.db.prepare("UPDATE instances SET is_hidden = 1 WHERE sop_uid = '1.2.10.1.2'").run();
  expect((await read()).map((one) => one['00080018']?.Value?.[0])).not.toContain('1.2.10.1.2');
  clinic.db.prepare('UPDATE instances SET is_hidden = 0').run();
});

test('what was rejected for quality is shown to whoever asks for that, and nothing that is hidden for another reason', async () => {
  const { db, north } = web.clinic;
  const studyId = findStudyIdByUid(db, north.siteId, '1.2.10') ?? '';
  const hide = (subject: string, reason: 'rejected-for-quality' | 'rejected-for-patient-safety') =>
    hideObjects(db, {
      ...{ siteId: north.siteId, studyId, level: 'instance', subjects: [subject], reason },
      ...{ actor: { kind: 'user', id: 'anna' }, atMs: 5 },
    });
  const changes = [hide('1.2.10.1.2', 'rejected-for-quality'), hide('1.2.10.1.3', 'rejected-for-patient-safety')];
  const uidsAt = async (path: string) => {
    const answer = await get(path, { accept: 'application/dicom+json' });
    return ((await answer.json()) as { '00080018': { Value: [string] } }[]).map((one) => one['00080018'].Value[0]);
  };
  const [plain, all] = [await uidsAt(`${SERIES}/metadata`), await uidsAt(`/with-rejected${SERIES}/metadata`)];
  expect(all.filter((uid) => !plain.includes(uid))).toEqual(['1.2.10.1.2']);
  const frame = (n: number) => `/series/1.2.10.1/instances/1.2.10.1.${n}/frames/1`;
  const statuses = ['', '/with-rejected'].flatMap((prefix) =>
    [2, 3].map((n) => get(`${prefix}/studies/1.2.10${frame(n)}`, { accept: '*/*' }).then(({ status }) => status)),
  );
  expect(await Promise.all(statuses)).toEqual([404, 404, 200, 404]);
  const hidden = describeHidden(db, studyId);
  expect([
    hidden.rejected,
    hidden.rejectedSeries,
    hidden.counts.toSorted((a, b) => a.reason.localeCompare(b.reason)),
  ]).toEqual([
    ['1.2.10.1.2'],
    [],
    [
      { reason: 'rejected-for-patient-safety', images: 1 },
      { reason: 'rejected-for-quality', images: 1 },
    ],
  ]);
  for (const change of changes) {
    if (!change.ok) throw new Error(change.error.code);
    undoIdentityChange(db, {
      siteId: north.siteId,
      changeId: change.value.changeId,
      actor: { kind: 'user', id: 'anna' },
      atMs: 6,
    });
  }
  expect(describeHidden(db, studyId)).toEqual({ counts: [], rejected: [], rejectedSeries: [] });
});

test('what metadata of rejected images name is to be had; the parts kept for everybody else stay', async () => {
  const { clinic } = web;
  const { db, north } = clinic;
  const records = Array.from({ length: 7 }, (_, index) =>
    aSlice(index + 1, {
      ...{ ...image, PixelData: ramp(index), StudyInstanceUID: '1.2.30', SeriesInstanceUID: '1.2.30.1' },
      SOPInstanceUID: `1.2.30.1.${index + 1}`,
      ...{ '00091010': { privateVr: 'OB', value: BULK }, '00090010': { privateVr: 'LO', value: 'TEST' } },
    }),
  );
  const studyId = await clinic.send(records);
  hideObjects(db, {
    ...{ siteId: north.siteId, studyId, level: 'instance', subjects: ['1.2.30.1.2'], reason: 'rejected-for-quality' },
    ...{ actor: { kind: 'user', id: 'anna' }, atMs: 5 },
  });
  type Told = { readonly '00080018': { readonly Value: readonly [string] } } & Record<string, { BulkDataURI?: string }>;
  const metadata = async (prefix: string) =>
    (await (await get(`${prefix}/studies/1.2.30/metadata`)).json()) as readonly Told[];
  const kept = () => db.prepare('SELECT digests, instances FROM series_metadata WHERE instances = 6').all();
  expect(await metadata('')).toHaveLength(6);
  const before = kept();
  expect(before).toHaveLength(1);
  const all = await metadata('/with-rejected');
  expect(all).toHaveLength(7);
  expect(kept()).toEqual(before);
  const rejected = all.find((one) => one['00080018'].Value[0] === '1.2.30.1.2');
  const addresses = ['7FE00010', '00091010'].map((tag) => rejected?.[tag]?.BulkDataURI ?? '');
  const base = `${web.station.origin}/dicomweb/north`;
  for (const address of addresses)
    expect(address).toMatch(`${base}/with-rejected/studies/1.2.30/series/1.2.30.1/instances/1.2.30.1.2/`);
  const bytes = addresses.map(async (address) => {
    const answer = await get(address.slice(base.length), { accept: 'application/octet-stream' });
    return [answer.status, (await bytesOf(answer)).length];
  });
  expect(await Promise.all(bytes)).toEqual([
    [200, SIZE * SIZE * 2],
    [200, BULK.length],
  ]);
});

test('whoever goes away stops the reading', async () => {
  const leaving = new AbortController();
  const answer = await web.station.ask(web.token, `/dicomweb/north${SERIES}`, {
    signal: leaving.signal,
    headers: { accept: '*/*' },
  });
  leaving.abort();
  await expect(answer.arrayBuffer()).rejects.toThrow('aborted');
  await expect.poll(() => get(instance(1)).then(({ status }) => status)).toBe(200);
  expect(web.station.logged()).not.toContain('retrieve-failed');
});

test('no access log holds more than the route', async () => {
  await get('/studies?PatientName=DOE*&includefield=PatientAge');
  expect(web.station.logged()).not.toMatch(/DOE|PatientName|1\.2\.10/);
});

test('one person has one image rendered and four waiting; more are told to come again, small pictures are not counted', async () => {
  const ask = (what: string) => get(`${instance(1)}/${what}`, { accept: 'image/png' });
  const answers = await Promise.all(Array.from({ length: 12 }, () => ask('rendered?viewport=2048,2048')));
  const statuses = answers.map(({ status }) => status);
  expect(new Set(statuses)).toEqual(new Set([200, 429]));
  const small = await Promise.all(Array.from({ length: 12 }, () => ask('thumbnail')));
  expect(new Set(small.map(({ status }) => status))).toEqual(new Set([200]));
  expect((await ask('rendered')).status).toBe(200);
});

test('what an object says of its colours stands in an answer’s head only as a code string', () => {
  expect(['YBR_FULL_422', 'PALETTE COLOR', 'RGB"\r\nx: y', 'RGB"', ''].map(namedPhotometric)).toEqual([
    'YBR_FULL_422',
    'PALETTE COLOR',
    ...['UNKNOWN', 'UNKNOWN', 'UNKNOWN'],
  ]);
});
