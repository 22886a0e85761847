import { mkdtempSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { encodeInstance } from '../../dicom/dataset/write-dataset.ts';
import { PART10_HEAD_LENGTH, readPart10Header } from '../../dicom/part10.ts';
import { EXPLICIT_LITTLE_ENDIAN } from '../../dicom/transfer-syntaxes.ts';
import { freshObjectKeys } from '../../platform/objects/object-keys.ts';
import { objectPath, openObjectStore, type ObjectStore, SEALED } from '../../platform/objects/object-store.ts';
import { aSlice, CT_CLASS } from '../../testing/objects.ts';
import { STUDY, testAnswers } from '../test-answers.ts';
import { startTestStation, type TestStation } from '../test-station.ts';
import type { StoredInstance } from './services.ts';

const ROWS = 1024;
const INSTANCES = '/dicomweb/north/studies/1.2.10/series/1.2.10.1/instances';

let root: string;
let store: ObjectStore;
let stored: StoredInstance[];
let known: Set<string>;
let station: TestStation;
let token: string;

/** Two slices of 2 MB, in files of many chunks. */
beforeEach(async () => {
  root = mkdtempSync(path.join(tmpdir(), 'wetread-damaged-'));
  store = openObjectStore(root, freshObjectKeys());
  known = new Set();
  stored = [];
  for (const n of [1, 2]) {
    const bytes = encodeInstance(
      aSlice(n, { Rows: ROWS, Columns: ROWS, PixelData: new Uint16Array(ROWS * ROWS).fill(n) }),
    );
    const header = readPart10Header(bytes.subarray(0, PART10_HEAD_LENGTH));
    if (!header.ok) throw new Error(header.error.code);
    const digest = String(n).repeat(64);
    const file = await store.receive();
    await file.write(bytes);
    await file.keep(digest);
    await file.discard();
    stored.push({
      ...{ digest, encoding: SEALED, sizeBytes: bytes.length, bodyOffset: header.value.dataSetOffset, studyId: STUDY },
      ...{ studyUid: '1.2.10', seriesUid: '1.2.10.1', sopUid: `1.2.10.1.${n}`, sopClassUid: CT_CLASS },
      ...{ transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN, seriesId: '1.2.10.1', frames: 1, frameIndex: null },
    });
  }
  const answers = testAnswers();
  const dicomweb = {
    ...answers.dicomweb,
    listInstances: async (_scope: unknown, { sopUid }: { sopUid?: string }) =>
      stored.filter((one) => [undefined, one.sopUid].includes(sopUid)),
    isDamaged: (digest: string) => known.has(digest),
    isAway: () => false,
    objects: store,
  };
  station = await startTestStation(testAnswers({ dicomweb }));
  token = await station.token('radiologist');
});
afterEach(async () => {
  await station.stop();
  rmSync(root, { recursive: true });
});

const get = (address: string) => station.ask(token, address);
const fileOf = (n: number) => objectPath(root, String(n).repeat(64), SEALED);
const turnByte = (n: number, at: number) => {
  const bytes = readFileSync(fileOf(n));
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(fileOf(n), bytes);
};
const DAMAGED = { code: 'object-damaged' };

test.each<[string, () => void]>([
  ['is gone', () => unlinkSync(fileOf(1))],
  ['has another header', () => turnByte(1, 40)],
  ['has another first chunk', () => turnByte(1, 1100)],
  ['is cut', () => writeFileSync(fileOf(1), readFileSync(fileOf(1)).subarray(0, 900_000))],
])('an object whose file %s is an error with a code, never an answer', async (_what, damage) => {
  damage();
  for (const address of [`${INSTANCES}/1.2.10.1.1`, `${INSTANCES}/1.2.10.1.1/frames/1`]) {
    const answer = await get(address);
    expect([answer.status, await answer.json()]).toEqual([500, DAMAGED]);
  }
  const whole = await get(`${INSTANCES}/1.2.10.1.2`);
  // Read to its end: the station waits five seconds for an answer that nobody takes before it stops.
  expect([whole.status, (await whole.arrayBuffer()).byteLength > 2 * ROWS * ROWS]).toEqual([200, true]);
});

test('damage further on cuts the answer off: no client takes it for whole', async () => {
  turnByte(1, readFileSync(fileOf(1)).length - 20);
  const file = await get(`${INSTANCES}/1.2.10.1.1`);
  await expect(file.arrayBuffer()).rejects.toThrow('terminated');
  // A frame is read before anything is said of it.
  const frame = await get(`${INSTANCES}/1.2.10.1.1/frames/1`);
  expect([frame.status, await frame.json()]).toEqual([500, DAMAGED]);
});

test('known to be damaged it is gone for now, and of several the others come as a part', async () => {
  known.add('1'.repeat(64));
  for (const address of [`${INSTANCES}/1.2.10.1.1`, `${INSTANCES}/1.2.10.1.1/frames/1`]) {
    const answer = await get(address);
    expect([answer.status, await answer.json()]).toEqual([410, DAMAGED]);
  }
  const series = await get('/dicomweb/north/studies/1.2.10/series/1.2.10.1');
  const warning = `299 ${new URL(station.origin).host} "some objects are damaged"`;
  expect([series.status, series.headers.get('warning')]).toEqual([206, warning]);
  expect(
    Buffer.from(await series.arrayBuffer())
      .toString('latin1')
      .match(/Content-Type: application\/dicom;/g),
  ).toHaveLength(1);
});
