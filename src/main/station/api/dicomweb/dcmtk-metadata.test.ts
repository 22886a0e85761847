import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isSameAttribute, type JsonDataSet, toldByDcmtk } from '../../../../../test/peers/support/dcm2json.ts';
import { encodeInstance } from '../../dicom/dataset/write-dataset.ts';
import { aSlice } from '../../testing/objects.ts';
import { openWebClinic, type WebClinic } from './test-web-clinic.ts';

const data = path.resolve(import.meta.dirname, '../../../../../../shared/data');
const SETS = ['ct-head-ge', 'mr-brain', 'cxr', 'dicom-variety'];
const hasData = existsSync(data);
if (!hasData) console.error('skipped: the real files are not on this machine');
const hasDcmtk = spawnSync('dcm2json', ['--version']).status === 0;
if (!hasDcmtk) console.error('skipped: the comparison with DCMTK needs dcm2json');

/** Of each set every so many files, so that one run stays short. */
const EACH_SET = 30;

let web: WebClinic;
let folder: string;
beforeAll(async () => {
  web = await openWebClinic();
  folder = mkdtempSync(path.join(tmpdir(), 'wetread-dcm2json-'));
});
afterAll(async () => {
  await web.close();
  rmSync(folder, { recursive: true });
});

function filesOf(set: string): readonly string[] {
  const found = path.join(data, set);
  if (!existsSync(found)) return [];
  const names = readdirSync(found, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .toSorted();
  const step = Math.max(1, Math.floor(names.length / EACH_SET));
  return names.filter((_name, index) => index % step === 0);
}

/** Stores a file and gives its metadata; null where it is not filed. */
async function ours(bytes: Uint8Array): Promise<JsonDataSet | null> {
  const { station, token } = web;
  const headers = { 'content-type': 'application/dicom' };
  const stored = await station.ask(token, '/dicomweb/north/studies', {
    method: 'POST',
    headers,
    body: new Uint8Array(bytes),
  });
  const answer = (await stored.json()) as Record<string, { Value?: JsonDataSet[] }>;
  const address = answer['00081199']?.Value?.[0]?.['00081190']?.Value?.[0];
  if (stored.status !== 200 || typeof address !== 'string') return null;
  const metadata = await station.ask(token, `${new URL(address).pathname}/metadata`);
  const [json] = (await metadata.json()) as JsonDataSet[];
  return json ?? null;
}

/** Padding behind the pixels is no part of metadata. */
const TRAILING_PADDING = 'FFFCFFFC';

/** Paths of attributes in which two tell differently. Bulk data, and the character set they stand in, are told elsewhere. */
function differences(one: JsonDataSet, other: JsonDataSet, at = ''): readonly string[] {
  const tags = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...tags].toSorted().flatMap((tag) => {
    if (['00080005', TRAILING_PADDING].includes(tag) || tag.endsWith('0000')) return [];
    const [mine, theirs] = [one[tag], other[tag]];
    if (mine === undefined || theirs === undefined) return [`${at}${tag} ${mine === undefined ? 'left out' : 'added'}`];
    if (mine.BulkDataURI !== undefined || theirs.BulkDataURI !== undefined) return [];
    if (mine.vr === 'SQ' && theirs.vr === 'SQ') {
      const items = Math.max(mine.Value?.length ?? 0, theirs.Value?.length ?? 0);
      return Array.from({ length: items }, (_, index) => index).flatMap((index) =>
        differences(
          (mine.Value?.[index] ?? {}) as JsonDataSet,
          (theirs.Value?.[index] ?? {}) as JsonDataSet,
          `${at}${tag}.`,
        ),
      );
    }
    // Of private elements without a VR DCMTK knows some by heart; we tell them as they came.
    if (mine.vr === 'UN' && /^...[13579BDF]/.test(tag)) return [];
    return isSameAttribute(mine, theirs) ? [] : [`${at}${tag} ${mine.vr}/${theirs.vr}`];
  });
}

test.skipIf(!hasDcmtk)('tells of a generated object what DCMTK tells', async () => {
  const bytes = encodeInstance(
    aSlice(1, {
      PatientName: 'Müller^José=山田^太郎',
      ReferencedStudySequence: [{ ReferencedSOPClassUID: '1.2', ReferencedSOPInstanceUID: '1.3' }],
    }),
  );
  expect(differences((await ours(bytes)) ?? {}, toldByDcmtk(bytes, folder) ?? {})).toEqual([]);
});

test.skipIf(!hasDcmtk || !hasData).each(SETS)(
  'tells of real files of %s what DCMTK tells',
  async (set) => {
    const rows: string[] = [];
    let compared = 0;
    for (const name of filesOf(set)) {
      const bytes = readFileSync(name);
      const [mine, theirs] = [await ours(bytes), toldByDcmtk(bytes, folder)];
      if (mine === null || theirs === null) continue;
      compared += 1;
      rows.push(...differences(mine, theirs).map((row) => `${path.basename(name)} ${row}`));
    }
    console.error(`${set}: ${compared} files compared, ${rows.length} attributes told otherwise`);
    expect(rows).toEqual([]);
    expect(compared).toBeGreaterThan(4);
  },
  120_000,
);
