import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { bytesReader } from '../../src/main/station/dicom/dataset/find-pixel-data.ts';
import { readDataset } from '../../src/main/station/dicom/dataset/read-dataset.ts';
import { text } from '../../src/main/station/dicom/dataset/values.ts';
import { type DicomRecord, encodeInstance } from '../../src/main/station/dicom/dataset/write-dataset.ts';
import { readPart10Header } from '../../src/main/station/dicom/part10.ts';
import { type DecodedFrame, decodeFrame } from '../../src/main/station/dicom/pixel/decode-frame.ts';
import { openFrames } from '../../src/main/station/dicom/pixel/read-frames.ts';

const run = promisify(execFile);
const TOOLS = ['dcmcjpeg', 'dcmcjpls', 'dcmcrle', 'dcmconv', 'dcmdjpeg', 'dcmdjpls', 'dcmdrle', 'dcmdump'];
const isHere = TOOLS.every((tool) => spawnSync('which', [tool]).status === 0);
if (!isHere) console.error('skipped: DCMTK is not installed');
const data = path.resolve(import.meta.dirname, '../../../shared/data/dicom-variety');
const hasData = existsSync(data);
if (!hasData) console.error('skipped: the real test data are not on this machine');

const directory = mkdtempSync(path.join(tmpdir(), 'wetread-decoding-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const NATIVE = /^1\.2\.840\.10008\.1\.2(\.1|\.1\.99|\.2)?$/;

type Decoded = { readonly transferSyntaxUid: string; readonly frames: readonly (DecodedFrame | string)[] };

/** Every frame of a file, or why there is none; null for what is no image. */
async function decodeFile(file: string): Promise<Decoded | null> {
  const bytes = readFileSync(file);
  const header = readPart10Header(bytes);
  if (!header.ok) return null;
  const { transferSyntaxUid, dataSetOffset } = header.value;
  const opened = await openFrames(bytesReader(bytes.subarray(dataSetOffset)), transferSyntaxUid);
  if (!opened.ok) return null;
  const frames: (DecodedFrame | string)[] = [];
  for (let index = 0; index < opened.value.count; index += 1) {
    const encoded = await opened.value.read(index);
    const decoded = encoded === null ? null : await decodeFrame(encoded);
    frames.push(decoded === null ? 'no-frame' : decoded.ok ? decoded.value : decoded.error.code);
  }
  return { transferSyntaxUid, frames };
}

/** What DCMTK makes of a file, without converting colours; null where it cannot. */
async function decodedByDcmtk(file: string): Promise<Decoded | null> {
  const plain = path.join(directory, 'plain.dcm');
  for (const [tool, ...options] of [['dcmdjpeg', '+cn'], ['dcmdjpls'], ['dcmdrle'], ['dcmconv', '+te']] as const) {
    const isDone = await run(tool, [...options, file, plain]).then(
      () => true,
      () => false,
    );
    const decoded = isDone ? await decodeFile(plain) : null;
    if (decoded && NATIVE.test(decoded.transferSyntaxUid)) return decoded;
  }
  return null;
}

const size = 67; // no multiple of a block
const base: DicomRecord = {
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.7',
  SOPInstanceUID: '2.25.1',
  StudyInstanceUID: '2.25.2',
  SeriesInstanceUID: '2.25.3',
  Modality: 'OT',
  Rows: size,
  Columns: size,
};
const wave = (index: number) => Math.sin((index % size) / 7) * Math.cos(Math.floor(index / size) / 5);
const count = size * size;
const PHANTOMS: Readonly<Record<string, DicomRecord>> = {
  'signed 16-bit': {
    ...{ SamplesPerPixel: 1, PhotometricInterpretation: 'MONOCHROME2', PixelRepresentation: 1 },
    ...{ BitsAllocated: 16, BitsStored: 16, HighBit: 15 },
    PixelData: Int16Array.from({ length: count }, (_, index) => Math.round(wave(index) * 30000)),
  },
  '12-bit': {
    ...{ SamplesPerPixel: 1, PhotometricInterpretation: 'MONOCHROME1', PixelRepresentation: 0 },
    ...{ BitsAllocated: 16, BitsStored: 12, HighBit: 11 },
    PixelData: Uint16Array.from({ length: count }, (_, index) => Math.round((wave(index) + 1) * 2047)),
  },
  '8-bit colour': {
    ...{ SamplesPerPixel: 3, PhotometricInterpretation: 'RGB', PixelRepresentation: 0, PlanarConfiguration: 0 },
    ...{ BitsAllocated: 8, BitsStored: 8, HighBit: 7 },
    PixelData: Uint8Array.from({ length: 3 * count }, (_, at) =>
      Math.round((wave(Math.floor(at / 3) * (1 + (at % 3))) + 1) * 127),
    ),
  },
};

const ENCODINGS: readonly [phantom: string, tool: string, options: readonly string[], syntax: string][] = [
  ['signed 16-bit', 'dcmcjpeg', ['+e1'], '1.2.840.10008.1.2.4.70'],
  ['signed 16-bit', 'dcmcjpeg', ['+el', '+sv', '6'], '1.2.840.10008.1.2.4.57'],
  ['signed 16-bit', 'dcmcjpls', ['+el'], '1.2.840.10008.1.2.4.80'],
  ['signed 16-bit', 'dcmcrle', [], '1.2.840.10008.1.2.5'],
  ['signed 16-bit', 'dcmconv', ['+tb'], '1.2.840.10008.1.2.2'],
  ['signed 16-bit', 'dcmconv', ['+td'], '1.2.840.10008.1.2.1.99'],
  ['signed 16-bit', 'dcmconv', ['+ti'], '1.2.840.10008.1.2'],
  ['12-bit', 'dcmcjpeg', ['+ee'], '1.2.840.10008.1.2.4.51'],
  ['12-bit', 'dcmcjpls', ['+en', '+md', '3'], '1.2.840.10008.1.2.4.81'],
  ['8-bit colour', 'dcmcjpeg', ['+eb', '+cy', '+s4'], '1.2.840.10008.1.2.4.50'],
  ['8-bit colour', 'dcmcjpeg', ['+eb', '+cy', '+s2'], '1.2.840.10008.1.2.4.50'],
  ['8-bit colour', 'dcmcjpeg', ['+eb', '+cr'], '1.2.840.10008.1.2.4.50'],
  ['8-bit colour', 'dcmcjpeg', ['+e1'], '1.2.840.10008.1.2.4.70'],
  ['8-bit colour', 'dcmcjpls', ['+el', '+il'], '1.2.840.10008.1.2.4.80'],
  ['8-bit colour', 'dcmcjpls', ['+en', '+is'], '1.2.840.10008.1.2.4.81'],
  ['8-bit colour', 'dcmcrle', [], '1.2.840.10008.1.2.5'],
  ['8-bit colour', 'dcmconv', ['+tb'], '1.2.840.10008.1.2.2'],
];

test.skipIf(!isHere).each(ENCODINGS)('decodes %s by %s %j as DCMTK does', async (phantom, tool, options, syntax) => {
  const [plain, packed] = ['original.dcm', 'packed.dcm'].map((name) => path.join(directory, name)) as [string, string];
  writeFileSync(plain, encodeInstance({ ...base, ...PHANTOMS[phantom] }));
  await run(tool, [...options, plain, packed]);
  const ours = await decodeFile(packed);
  expect(ours?.transferSyntaxUid).toBe(syntax);
  expect(ours?.frames).toEqual((await decodedByDcmtk(packed))?.frames);
});

function realFiles(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

/** No decoder of ours: progressive JPEG is retired, JPEG XL is not taken in. */
const NOT_TAKEN = /\.4\.(53|55|111)$/;
/** DCMTK swaps 32-bit pixels by halves; the same doses in little endian say that ours are right. */
const DCMTK_IS_WRONG = /rtdose_expb/;

test.skipIf(!isHere || !hasData)(
  'decodes every frame of the real files of ten toolkits as DCMTK does',
  { timeout: 300_000 },
  async () => {
    let compared = 0;
    const differing: string[] = [];
    for (const file of realFiles(data)) {
      const ours = await decodeFile(file).catch(() => null);
      if (ours === null || NOT_TAKEN.test(ours.transferSyntaxUid) || DCMTK_IS_WRONG.test(file)) continue;
      if (/\.4\.9[01]$/.test(ours.transferSyntaxUid) || /^1\.2\.840\.10008\.1\.2(\.1)?$/.test(ours.transferSyntaxUid))
        continue;
      const theirs = await decodedByDcmtk(file);
      if (theirs === null) continue;
      compared += 1;
      try {
        expect(ours.frames).toEqual(theirs.frames);
      } catch {
        differing.push(path.basename(file));
      }
    }
    console.log(`${compared} compressed or swapped real images decoded, ${differing.length} otherwise than by DCMTK`);
    expect([compared > 50, differing]).toEqual([true, []]);
  },
);

/** JPEG 2000 has no decoder in DCMTK: the same picture in another lossless syntax says what is right. */
const TWINS: readonly (readonly [string, string])[] = [
  [
    'cornerstone3D/CTImage.dcm_JPEG2000LosslessOnlyTransferSyntax_1.2.840.10008.1.2.4.90.dcm',
    'cornerstone3D/CTImage.dcm_JPEGLSLosslessTransferSyntax_1.2.840.10008.1.2.4.80.dcm',
  ],
  ['pydicom/test_files/MR_small_jp2klossless.dcm', 'pydicom/test_files/MR_small_RLE.dcm'],
];

test.skipIf(!hasData).each(TWINS)('decodes %s as its twin', async (file, twin) => {
  const [one, other] = await Promise.all([decodeFile(path.join(data, file)), decodeFile(path.join(data, twin))]);
  expect(one?.frames).toEqual(other?.frames);
});

test.skipIf(!isHere || !hasData)(
  'reads names in every character set there is a real file of as DCMTK does',
  async () => {
    const differing: string[] = [];
    const files = realFiles(path.join(data, 'pydicom/charset_files')).filter((file) => file.endsWith('.dcm'));
    for (const file of files) {
      const bytes = readFileSync(file);
      const header = readPart10Header(bytes);
      if (!header.ok) throw new Error(header.error.code);
      const read = readDataset(bytes.subarray(header.value.dataSetOffset), header.value.transferSyntaxUid);
      if (!read.ok) throw new Error(read.error.code);
      const dumped = await run('dcmdump', ['+U8', '+P', '0010,0010', '-Un', file]).catch(() => null);
      const theirs = /\[(.*)\]/.exec(dumped?.stdout ?? '')?.[1];
      if (theirs === undefined) continue; // this build of DCMTK has no converter for it
      if (text(read.value, 'PatientName') !== theirs) differing.push(path.basename(file));
    }
    expect([files.length >= 11, differing]).toEqual([true, []]);
  },
);
