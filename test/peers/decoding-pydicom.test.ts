import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { bytesReader } from '../../src/main/station/dicom/dataset/find-pixel-data.ts';
import { readPart10Header } from '../../src/main/station/dicom/part10.ts';
import { decodeFrame } from '../../src/main/station/dicom/pixel/decode-frame.ts';
import { openFrames } from '../../src/main/station/dicom/pixel/read-frames.ts';
import { findTransferSyntax, isLossless } from '../../src/main/station/dicom/transfer-syntaxes.ts';
import { havePython, runPython } from './support/debian-python.ts';

const isHere = havePython();
const data = path.resolve(import.meta.dirname, '../../../shared/data');
const hasData = existsSync(data);
if (!hasData) console.error('skipped: the real test data are not on this machine');
const directory = mkdtempSync(path.join(tmpdir(), 'wetread-decoding-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Where this version of pydicom is no judge, and why. */
const NO_JUDGE: Readonly<Record<string, string>> = {
  'ovly_p01.dcm': 'an overlay in unused bits is no part of the stored values (PS3.5 §8.1.2)',
  'SC_rgb_small_odd_big_endian.dcm': '8-bit pixels as OW are not swapped there; DCMTK swaps them as we do',
  'JPEG2000-embedded-sequence-delimiter.dcm': 'the codestream says another size than the header: damaged',
};

/** Stored values of all frames, one behind the other; null for what is no image, or none that we take in. */
async function decodeAll(
  file: string,
): Promise<{ readonly photometric: string; readonly values: readonly ArrayLike<number>[] } | null> {
  const bytes = readFileSync(file);
  const header = readPart10Header(bytes);
  if (!header.ok) return null;
  const { dataSetOffset, transferSyntaxUid } = header.value;
  const opened = await openFrames(bytesReader(bytes.subarray(dataSetOffset)), transferSyntaxUid);
  if (!opened.ok) return null;
  const values: ArrayLike<number>[] = [];
  let photometric = '';
  for (let index = 0; index < opened.value.count; index += 1) {
    const frame = await opened.value.read(index);
    const decoded = frame === null ? null : await decodeFrame(frame);
    if (!decoded?.ok) return null;
    values.push(decoded.value.pixels);
    photometric = decoded.value.photometricInterpretation;
  }
  return { photometric, values };
}

function largestDifference(ours: readonly ArrayLike<number>[], theirs: Float64Array): number {
  let [at, largest] = [0, 0];
  for (const frame of ours)
    for (let index = 0; index < frame.length; index += 1) {
      const difference = Math.abs((frame[index] as number) - (theirs[at] ?? Number.NaN));
      // Both not a number is the same.
      if (!(difference <= largest) && !(Number.isNaN(frame[index]) && Number.isNaN(theirs[at])))
        largest = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
      at += 1;
    }
  return at === theirs.length ? largest : Number.POSITIVE_INFINITY;
}

test.skipIf(!isHere || !hasData)(
  'decodes every frame of the real files as pydicom does with GDCM and Pillow',
  { timeout: 300_000 },
  async () => {
    const files = ['dicom-variety', 'cxr', 'mr-brain', 'ct-head-ge'].flatMap((set) =>
      readdirSync(path.join(data, set), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && !/\.(md|csv|xz)$/.test(entry.name))
        .map((entry) => path.join(entry.parentPath, entry.name)),
    );
    const script = path.join(import.meta.dirname, 'support/reference-pixels.py');
    const told = await runPython(script, [directory], `${files.join('\n')}\n`);
    const counts = new Map<string, { files: number; largest: number }>();
    const differing: string[] = [];
    for (const line of told.trim().split('\n')) {
      const { index, syntax } = JSON.parse(line) as { index: number; syntax: string };
      const file = files[index] as string;
      const bytes = readFileSync(path.join(directory, String(index)));
      const theirs = new Float64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8);
      const ours = await decodeAll(file).catch(() => null);
      const name = findTransferSyntax(syntax)?.name ?? syntax;
      const difference = ours === null ? Number.POSITIVE_INFINITY : largestDifference(ours.values, theirs);
      rmSync(path.join(directory, String(index)));
      if (path.basename(file) in NO_JUDGE) continue;
      const count = counts.get(name) ?? { files: 0, largest: 0 };
      counts.set(name, { files: count.files + 1, largest: Math.max(count.largest, difference) });
      if (difference > (isLossless(syntax) ? 0 : 1))
        differing.push(`${path.relative(data, file)} ${ours?.photometric ?? 'not decoded'} ${difference}`);
    }
    for (const [name, { files: many, largest }] of counts)
      console.log(`${name}: ${many} files, largest difference ${largest}`);
    expect(differing).toEqual([]);
    expect(counts.size).toBeGreaterThanOrEqual(13);
  },
);
