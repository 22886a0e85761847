import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PART10_HEAD_LENGTH, readPart10Header } from '../../dicom/part10.ts';
import { STUDY, testAnswers } from '../test-answers.ts';
import { startTestStation, type TestStation } from '../test-station.ts';
import type { StoredInstance } from './services.ts';

const folder = path.resolve(import.meta.dirname, '../../../../../../shared/data/ct-head-ge');
const isHere = existsSync(folder);
if (!isHere) console.error('skipped: the real head CT is not on this machine');
const hasDcmtk = spawnSync('dcmdump', ['--version']).status === 0;
if (!hasDcmtk) console.error('skipped: the comparison with DCMTK needs dcmdump');

const names = isHere ? readdirSync(folder).filter((name) => name.endsWith('.dcm')) : [];
const fileOf = (name: string) => path.join(folder, name);
let station: TestStation;
let token: string;

/** The series as if stored under UIDs of the test's own, with the file's name for its digest. */
const instances = names.map((name, index): StoredInstance => {
  const bytes = readFileSync(fileOf(name));
  const header = readPart10Header(bytes.subarray(0, PART10_HEAD_LENGTH));
  if (!header.ok) throw new Error(header.error.code);
  const { sopClassUid, transferSyntaxUid, dataSetOffset } = header.value;
  const where = { digest: name, encoding: 'plain', sizeBytes: bytes.length, bodyOffset: dataSetOffset } as const;
  const uids = { studyUid: '1.2', seriesUid: '1.2.1', sopUid: `1.2.1.${index + 1}`, sopClassUid, transferSyntaxUid };
  return { ...where, ...uids, seriesId: '1.2.1', frames: 1, frameIndex: null, studyId: STUDY };
});

beforeAll(async () => {
  const { dicomweb } = testAnswers();
  const answers = testAnswers({
    dicomweb: {
      ...dicomweb,
      listInstances: async (_scope, { sopUid }) => instances.filter((one) => [undefined, one.sopUid].includes(sopUid)),
      objects: {
        ...dicomweb.objects,
        async readRange(name, _encoding, start, length) {
          const file = await open(fileOf(name));
          const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, start);
          await file.close();
          return buffer.subarray(0, bytesRead);
        },
      },
    },
  });
  station = await startTestStation(answers);
  token = await station.token('radiologist');
});
afterAll(() => station.stop());

const get = (target: string, accept: string) =>
  station.ask(token, `/dicomweb/north/studies/1.2/series/1.2.1${target}`, { headers: { accept } });

test.skipIf(!isHere)(
  'hands out a real head CT byte for byte, with the metadata and frames of every slice',
  async () => {
    const metadata = (await (await get('/metadata', 'application/dicom+json')).json()) as Record<
      string,
      { Value?: number[] }
    >[];
    expect(metadata).toHaveLength(names.length);
    for (const [index, name] of names.entries()) {
      const target = `/instances/1.2.1.${index + 1}`;
      const file = Buffer.from(await (await get(target, 'application/dicom')).arrayBuffer());
      expect(file.equals(readFileSync(fileOf(name)))).toBe(true);
      const frame = Buffer.from(await (await get(`${target}/frames/1`, 'application/octet-stream')).arrayBuffer());
      const [rows, columns] = ['00280010', '00280011'].map((tag) => metadata[index]?.[tag]?.Value?.[0] ?? 0);
      expect(frame).toHaveLength(2 * rows! * columns!);
      expect(file.includes(frame)).toBe(true);
    }
  },
);

test.skipIf(!isHere || !hasDcmtk)('cuts out the same pixels as DCMTK', async () => {
  const answer = await get('/instances/1.2.1.1/frames/1', 'application/octet-stream');
  const frame = Buffer.from(await answer.arrayBuffer());
  const temporary = mkdtempSync(path.join(tmpdir(), 'wetread-pixels-'));
  writeFileSync(path.join(temporary, 'one.dcm'), readFileSync(fileOf(names[0]!)));
  spawnSync('dcmdump', ['+W', temporary, path.join(temporary, 'one.dcm')]);
  const raw = readdirSync(temporary).find((name) => name.endsWith('.raw'));
  const pixels = readFileSync(path.join(temporary, raw ?? 'missing'));
  rmSync(temporary, { recursive: true });
  expect(frame.equals(pixels)).toBe(true);
});
