import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
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

type Attribute = {
  readonly vr: string;
  readonly Value?: readonly unknown[];
  readonly InlineBinary?: string;
  readonly BulkDataURI?: string;
};
type Json = Readonly<Record<string, Attribute>>;

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

/** What DCMTK tells of a file, in the same model; null where it cannot read it. */
function told(bytes: Uint8Array): Json | null {
  const file = path.join(folder, 'one.dcm');
  writeFileSync(file, bytes);
  const { status, stdout } = spawnSync('dcm2json', [file], { maxBuffer: 2 ** 28 });
  if (status !== 0) return null;
  try {
    return JSON.parse(stdout.toString('utf8')) as Json;
  } catch {
    return null; // it writes what it cannot convert as it is
  }
}

/** Stores a file and gives its metadata; null where it is not filed. */
async function ours(bytes: Uint8Array): Promise<Json | null> {
  const { station, token } = web;
  const headers = { 'content-type': 'application/dicom' };
  const stored = await station.ask(token, '/dicomweb/north/studies', {
    method: 'POST',
    headers,
    body: new Uint8Array(bytes),
  });
  const answer = (await stored.json()) as Record<string, { Value?: Json[] }>;
  const address = answer['00081199']?.Value?.[0]?.['00081190']?.Value?.[0];
  if (stored.status !== 200 || typeof address !== 'string') return null;
  const metadata = await station.ask(token, `${new URL(address).pathname}/metadata`);
  const [json] = (await metadata.json()) as Json[];
  return json ?? null;
}

/**
 * DCMTK writes nine digits of a single-precision number, and no empty components at the end of a name (PS3.5 §6.2.1.2): the
 * number and the name are the same.
 */
const PLAIN: Readonly<Record<string, (value: unknown) => unknown>> = {
  FL: (value) => Math.fround(Number(value)),
  PN: (value) => {
    const groups = Object.entries((value ?? {}) as Record<string, string>).map(([group, name]) => [
      group,
      name.replace(/\^+$/, ''),
    ]);
    return Object.fromEntries(groups.filter(([, name]) => name !== ''));
  },
};

function isSame(one: Attribute, other: Attribute): boolean {
  const plain = ({ vr, Value = [], InlineBinary }: Attribute) => {
    const values = Value.map(PLAIN[vr] ?? ((value: unknown) => value)).filter(
      (value) => JSON.stringify(value) !== '{}',
    );
    return JSON.stringify([vr, values, InlineBinary]);
  };
  return plain(one) === plain(other);
}

/** Padding behind the pixels is no part of metadata. */
const TRAILING_PADDING = 'FFFCFFFC';

/** Paths of attributes in which two tell differently. Bulk data, and the character set they stand in, are told elsewhere. */
function differences(one: Json, other: Json, at = ''): readonly string[] {
  const tags = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...tags].toSorted().flatMap((tag) => {
    if (['00080005', TRAILING_PADDING].includes(tag) || tag.endsWith('0000')) return [];
    const [mine, theirs] = [one[tag], other[tag]];
    if (mine === undefined || theirs === undefined) return [`${at}${tag} ${mine === undefined ? 'left out' : 'added'}`];
    if (mine.BulkDataURI !== undefined || theirs.BulkDataURI !== undefined) return [];
    if (mine.vr === 'SQ' && theirs.vr === 'SQ') {
      const items = Math.max(mine.Value?.length ?? 0, theirs.Value?.length ?? 0);
      return Array.from({ length: items }, (_, index) => index).flatMap((index) =>
        differences((mine.Value?.[index] ?? {}) as Json, (theirs.Value?.[index] ?? {}) as Json, `${at}${tag}.`),
      );
    }
    // Of private elements without a VR DCMTK knows some by heart; we tell them as they came.
    if (mine.vr === 'UN' && /^...[13579BDF]/.test(tag)) return [];
    return isSame(mine, theirs) ? [] : [`${at}${tag} ${mine.vr}/${theirs.vr}`];
  });
}

test.skipIf(!hasDcmtk)('tells of a generated object what DCMTK tells', async () => {
  const bytes = encodeInstance(
    aSlice(1, {
      PatientName: 'Müller^José=山田^太郎',
      ReferencedStudySequence: [{ ReferencedSOPClassUID: '1.2', ReferencedSOPInstanceUID: '1.3' }],
    }),
  );
  expect(differences((await ours(bytes)) ?? {}, told(bytes) ?? {})).toEqual([]);
});

test.skipIf(!hasDcmtk || !hasData).each(SETS)(
  'tells of real files of %s what DCMTK tells',
  async (set) => {
    const rows: string[] = [];
    let compared = 0;
    for (const name of filesOf(set)) {
      const bytes = readFileSync(name);
      const [mine, theirs] = [await ours(bytes), told(bytes)];
      if (mine === null || theirs === null) continue;
      compared += 1;
      rows.push(...differences(mine, theirs).map((row) => `${path.basename(name)} ${row}`));
    }
    console.error(`${set}: ${compared} files compared, ${rows.length} attributes told otherwise`);
    expect(rows).toEqual([]);
  },
  120_000,
);
