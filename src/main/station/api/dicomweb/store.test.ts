import { request as httpRequest } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from '../../../../../test/eventually.ts';
import type { DicomRecord } from '../../dicom/dataset/write-dataset.ts';
import { encodeInstance } from '../../dicom/dataset/write-dataset.ts';
import type { Clinic } from '../../testing/clinic.ts';
import { aSlice } from '../../testing/objects.ts';
import type { TestStation } from '../test-station.ts';
import { openWebClinic, type WebClinic } from './test-web-clinic.ts';

let web: WebClinic;
let clinic: Clinic;
let station: TestStation;
let token: string;

beforeEach(async () => {
  web = await openWebClinic();
  ({ clinic, station, token } = web);
});
afterEach(() => web.close());

const file = (record: DicomRecord) => Buffer.from(encodeInstance(record));
const DICOM = 'application/dicom';

function bodyOf(parts: readonly Uint8Array[], type = DICOM, end = '\r\n--edge--\r\n'): Buffer {
  const pieces = parts.flatMap((bytes) => [Buffer.from(`\r\n--edge\r\nContent-Type: ${type}\r\n\r\n`), bytes]);
  return Buffer.concat([...pieces, Buffer.from(end)]);
}

async function post(
  body: Buffer,
  { path = '/studies', type = `multipart/related; type="${DICOM}"; boundary=edge`, by = token } = {},
) {
  const answer = await station.ask(by, `/dicomweb/north${path}`, {
    method: 'POST',
    body: new Uint8Array(body),
    headers: { 'content-type': type },
  });
  return {
    status: answer.status,
    warning: answer.headers.get('warning'),
    json: (await answer.json()) as Record<string, { Value?: Record<string, { Value?: unknown[] }>[] }>,
  };
}

const reasons = (json: Awaited<ReturnType<typeof post>>['json'], tag = '00081198') =>
  (json[tag]?.Value ?? []).map((item) => Number(item['00081197']?.Value?.[0]).toString(16));
const stored = async (sopUid: string) => {
  const path = `/dicomweb/north/studies/1.2.10/series/1.2.10.1/instances/${sopUid}`;
  const answer = await station.ask(token, path, { headers: { accept: 'application/dicom; transfer-syntax=*' } });
  return answer.status === 200 ? Buffer.from(await answer.arrayBuffer()) : null;
};
const dataSet = (bytes: Buffer) => bytes.subarray(bytes.length - 600);

test('files every part on the way of a C-STORE and says where each is, byte for byte what came', async () => {
  const files = [1, 2, 3].map((number) => file(aSlice(number)));
  const { status, json } = await post(bodyOf(files));
  expect(status).toBe(200);
  expect(json['00081190']?.Value).toEqual([`${station.origin}/dicomweb/north/studies/1.2.10`]);
  expect(json['00081199']?.Value?.map((item) => item['00081190']?.Value?.[0])).toEqual(
    [1, 2, 3].map(
      (number) => `${station.origin}/dicomweb/north/studies/1.2.10/series/1.2.10.1/instances/1.2.10.1.${number}`,
    ),
  );
  expect(json).not.toHaveProperty('00081198');
  for (const [index, sent] of files.entries())
    expect(dataSet((await stored(`1.2.10.1.${index + 1}`)) ?? Buffer.alloc(0)).equals(dataSet(sent))).toBe(true);
  expect(clinic.events('association-ended').at(-1)?.payload).toMatchObject({ how: 'released', stored: 3, refused: 0 });
});

test('takes one object alone, and twice the same once', async () => {
  expect((await post(file(aSlice(1)), { type: DICOM })).status).toBe(200);
  expect((await post(bodyOf([file(aSlice(1))]))).status).toBe(200);
  expect(clinic.events('instance-received')).toHaveLength(1);
});

test('says for each object why it is refused, and sets it aside', async () => {
  const other = file({ ...aSlice(2), StudyInstanceUID: '1.2.99' });
  const cut = file(aSlice(3)).subarray(0, -2);
  const { status, json } = await post(
    bodyOf([file(aSlice(1)), other, cut, Buffer.from('no DICOM at all, only words')]),
    {
      path: '/studies/1.2.10',
    },
  );
  expect([status, reasons(json), reasons(json, '0008119A')]).toEqual([202, ['a900', 'c000'], ['c000']]);
  expect(json['00081199']?.Value).toHaveLength(1);
  expect(clinic.events('instance-quarantined').map(({ payload }) => payload.reason)).toEqual([
    'uids-disagree-with-command',
    'unreadable',
    'unreadable',
  ]);
  const none = await post(bodyOf([file({ ...aSlice(5), StudyInstanceUID: '1.2.98' })]), { path: '/studies/1.2.10' });
  expect(none.status).toBe(409);
});

test('keeps and tells what was filed before a body broke off, and nothing of the part that broke', async () => {
  const body = bodyOf([file(aSlice(1)), file(aSlice(2))], DICOM, '');
  const { status, json, warning } = await post(body.subarray(0, -50));
  expect([status, json['00081199']?.Value?.length]).toEqual([400, 1]);
  expect(warning).toMatch(/^299 \S+ "truncated"$/);
  expect([(await stored('1.2.10.1.1')) !== null, await stored('1.2.10.1.2')]).toEqual([true, null]);
  expect(clinic.events('association-ended').at(-1)?.payload).toMatchObject({ how: 'aborted', stored: 1 });
});

test('a sender that goes away leaves what was filed', async () => {
  const body = bodyOf([file(aSlice(1)), file(aSlice(2))], DICOM, '');
  const request = httpRequest(`${station.origin}/dicomweb/north/studies`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': `multipart/related; type="${DICOM}"; boundary=edge`,
    },
  });
  const gone = new Promise<void>((resolve) => request.on('error', () => resolve()));
  request.write(body.subarray(0, -50));
  await eventually(async () => expect(await stored('1.2.10.1.1')).not.toBeNull());
  request.destroy();
  await gone;
  await expect
    .poll(() => clinic.events('association-ended').at(-1)?.payload)
    .toMatchObject({ how: 'aborted', stored: 1 });
  expect(await stored('1.2.10.1.1')).not.toBeNull();
});

test.each([
  [
    'a type that is not stored',
    415,
    bodyOf([Buffer.from('{}')]),
    { type: 'multipart/related; type="application/dicom+json"; boundary=edge' },
  ],
  ['no multipart', 415, Buffer.from('{}'), { type: 'application/json' }],
  ['no boundary', 400, bodyOf([]), { type: `multipart/related; type="${DICOM}"` }],
  ['no part', 400, Buffer.from('\r\n--edge--\r\n'), {}],
  ['a path that is no UID', 400, bodyOf([]), { path: '/studies/DOE^JANE' }],
  ['another site', 404, bodyOf([]), { path: '/../south/studies' }],
])('refuses %s with %i', async (_what, status, body, options) => {
  expect((await post(body, options)).status).toBe(status);
});

test.each([
  ['none of its boundaries', 'truncated', Buffer.from('words, and no boundary among them')],
  ['more than a preamble before the first boundary', 'no-boundary', Buffer.alloc(20_000, 'x')],
  ['an end in the middle of its only part', 'truncated', bodyOf([file(aSlice(1))], DICOM, '').subarray(0, -50)],
  ['a header without a colon', 'malformed', Buffer.from('--edge\r\nContent-Type\r\n\r\nx\r\n--edge--\r\n')],
])('says what is wrong with a body that has %s: %s', async (_what, code, body) => {
  expect(await post(body)).toMatchObject({ status: 400, json: { code } });
  expect(clinic.events('instance-received')).toEqual([]);
});

test('asks for a permission that readers have not', async () => {
  const radiologist = await station.token('radiologist');
  expect((await post(bodyOf([file(aSlice(1))]), { by: radiologist })).status).toBe(403);
});

test('stores megabytes and holds nothing of them', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const pixels = new Uint16Array(4 * 2 ** 20);
  const big = aSlice(1, { Rows: 2048, Columns: 2048, PixelData: pixels });
  collect();
  const before = process.memoryUsage().arrayBuffers;
  const { status } = await post(bodyOf([file(big)]));
  expect(status).toBe(200);
  // What is on its way to be freed may take a turn or two.
  const isFreed = () => {
    collect();
    return process.memoryUsage().arrayBuffers - before < 8 * 2 ** 20;
  };
  await eventually(() => expect(isFreed()).toBe(true));
});

test('refuses parts without a byte and sets none of them aside', async () => {
  const before = web.clinic.db.prepare('SELECT count(*) AS held FROM quarantine').get();
  const { status } = await post(bodyOf(Array.from({ length: 50 }, () => Buffer.alloc(0))));
  expect([status, web.clinic.db.prepare('SELECT count(*) AS held FROM quarantine').get()]).toEqual([409, before]);
});
