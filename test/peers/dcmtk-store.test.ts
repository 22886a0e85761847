import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { bytesReader } from '../../src/main/station/dicom/dataset/find-pixel-data.ts';
import { encodeInstance } from '../../src/main/station/dicom/dataset/write-dataset.ts';
import { readPart10Header, writePart10Header } from '../../src/main/station/dicom/part10.ts';
import { decodeFrame } from '../../src/main/station/dicom/pixel/decode-frame.ts';
import { openFrames } from '../../src/main/station/dicom/pixel/read-frames.ts';
import { echo, instanceFromBytes, sendInstances } from '../../src/main/station/dicom/scu.ts';
import { collectBody, keepingDicomServer, type KeepingServer } from '../peers-scripted/keeping-dicom-server.ts';

const run = promisify(execFile);
const has = (tool: string) => spawnSync('which', [tool]).status === 0;
const isHere = ['echoscu', 'storescu', 'storescp', 'dcmcjpeg', 'dcmdump'].every(has);
if (!isHere) console.error('skipped: DCMTK is not installed');
const hasValidator = has('dciodvfy');
if (!hasValidator) console.error('skipped: dicom3tools is not installed');

let directory: string;
let running: KeepingServer;
let received: { readonly transferSyntaxUid: string; readonly bytes: Uint8Array }[];

beforeEach(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'wetread-dcmtk-'));
  received = [];
  running = await keepingDicomServer({
    aeTitles: ['WETREAD'],
    store: async (incoming) => {
      received.push({ transferSyntaxUid: incoming.transferSyntaxUid, bytes: await collectBody(incoming) });
      return { status: 'success' };
    },
  });
});

afterEach(async () => {
  await running.server.close(0);
  rmSync(directory, { recursive: true, force: true });
});

/** A small CT with a ramp for pixels; complete enough for a validator. */
function phantom(uid: string): Uint8Array {
  const size = 32;
  return encodeInstance({
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
    SOPInstanceUID: uid,
    StudyInstanceUID: '1.2.826.0.1.3680043.10.1',
    SeriesInstanceUID: '1.2.826.0.1.3680043.10.1.1',
    FrameOfReferenceUID: '1.2.826.0.1.3680043.10.1.9',
    ImageType: ['ORIGINAL', 'PRIMARY', 'AXIAL'],
    StudyDate: '20260131',
    StudyTime: '091500',
    ContentDate: '20260131',
    ContentTime: '091500',
    AccessionNumber: 'A1',
    Modality: 'CT',
    Manufacturer: 'Wetread',
    ReferringPhysicianName: '',
    PatientName: 'Phantom^Ramp',
    PatientID: 'P1',
    PatientBirthDate: '',
    PatientSex: '',
    KVP: 120,
    SliceThickness: 5,
    PatientPosition: 'HFS',
    Laterality: '',
    StudyID: '1',
    SeriesNumber: 1,
    AcquisitionNumber: 1,
    InstanceNumber: 1,
    PositionReferenceIndicator: '',
    ImagePositionPatient: [0, 0, 0],
    ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
    PixelSpacing: [0.5, 0.5],
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    Rows: size,
    Columns: size,
    BitsAllocated: 16,
    BitsStored: 16,
    HighBit: 15,
    PixelRepresentation: 1,
    RescaleIntercept: 0,
    RescaleSlope: 1,
    PixelData: Int16Array.from({ length: size * size }, (_, index) => index * 7 - 1024),
  });
}

async function pixelsOf(bytes: Uint8Array, transferSyntaxUid: string) {
  const frames = await openFrames(bytesReader(bytes), transferSyntaxUid);
  const frame = frames.ok ? await frames.value.read(0) : null;
  if (frame === null) throw new Error('no frame');
  const decoded = await decodeFrame(frame);
  if (!decoded.ok) throw new Error(decoded.error.code);
  return decoded.value.pixels;
}

test.skipIf(!isHere)('answers echoscu, and refuses it under another title', async () => {
  const { port } = running.server;
  await run('echoscu', ['-aec', 'WETREAD', '127.0.0.1', String(port)]);
  await expect(run('echoscu', ['-aec', 'OTHER', '127.0.0.1', String(port)])).rejects.toThrow(
    /Called AE Title Not Recognized/i,
  );
});

test.skipIf(!isHere)('takes JPEG lossless from storescu, and decodes it to the pixels it was made of', async () => {
  const plain = path.join(directory, 'plain.dcm');
  const original = phantom('1.2.826.0.1.3680043.10.1.1.1');
  writeFileSync(plain, original);
  const header = readPart10Header(original);
  if (!header.ok) throw new Error(header.error.code);
  const expected = await pixelsOf(original.subarray(header.value.dataSetOffset), header.value.transferSyntaxUid);
  for (const [option, proposal, uid] of [
    ['+e1', '--propose-lossless', '1.2.840.10008.1.2.4.70'],
    ['+el', '--propose-lossless', '1.2.840.10008.1.2.4.57'],
  ] as const) {
    const packed = path.join(directory, `${uid}.dcm`);
    await run('dcmcjpeg', [option, plain, packed]);
    if (uid.endsWith('.57')) {
      // storescu proposes only .70; our own SCU sends the other
      const instance = instanceFromBytes(readFileSync(packed));
      if (!instance.ok) throw new Error(instance.error.code);
      expect(await sendInstances(running.remote, [instance.value])).toEqual([{ state: 'accepted', status: 0 }]);
    } else {
      await run('storescu', ['-aec', 'WETREAD', proposal, '127.0.0.1', String(running.server.port), packed]);
    }
    const last = received.at(-1);
    expect(last?.transferSyntaxUid).toBe(uid);
    expect(await pixelsOf(last?.bytes ?? new Uint8Array(0), uid)).toEqual(expected);
  }
});

test.skipIf(!isHere)('stores what storescu sends with small PDUs, as DCMTK reads it', async () => {
  const files = Array.from({ length: 12 }, (_, index) => {
    const file = path.join(directory, `${index}.dcm`);
    writeFileSync(file, phantom(`1.2.826.0.1.3680043.10.1.1.${index}`));
    return file;
  });
  await run('storescu', [
    '-aec',
    'WETREAD',
    '--max-send-pdu',
    '4096',
    '127.0.0.1',
    String(running.server.port),
    ...files,
  ]);
  expect(received).toHaveLength(12);
  for (const { bytes, transferSyntaxUid } of received) {
    const file = path.join(directory, 'stored.dcm');
    const meta = {
      sopClassUid: '1.2.840.10008.5.1.4.1.1.2',
      sopInstanceUid: '1.2.3',
      transferSyntaxUid,
      sourceAe: 'STORESCU',
    };
    writeFileSync(file, Buffer.concat([writePart10Header(meta), bytes]));
    const { stderr } = await run('dcmdump', ['-q', file]);
    expect(stderr).toBe('');
  }
  expect(running.ends).toMatchObject([{ outcome: 'released', counts: { stored: 12 } }]);
});

test.skipIf(!isHere || !hasValidator)('writes instances in which dciodvfy finds no error', async () => {
  const file = path.join(directory, 'phantom.dcm');
  writeFileSync(file, phantom('1.2.826.0.1.3680043.10.1.1.1'));
  const { stderr } = await run('dciodvfy', [file]);
  expect(stderr.split('\n').filter((line) => line.startsWith('Error'))).toEqual([]);
});

test.skipIf(!isHere)('sends a data set to storescp unchanged, whatever the PDU lengths', async () => {
  const port = 20_000 + (process.pid % 20_000);
  const scp = execFile('storescp', [
    '--bit-preserving',
    '-od',
    directory,
    '-aet',
    'ARCHIVE',
    '--max-pdu',
    '4096',
    String(port),
  ]);
  try {
    const remote = { host: '127.0.0.1', port, callingAe: 'WETREAD', calledAe: 'ARCHIVE' };
    await expect.poll(() => echo(remote)).toEqual({ ok: true, value: 0 });
    const sent = phantom('1.2.826.0.1.3680043.10.1.1.1');
    const instance = instanceFromBytes(sent);
    if (!instance.ok) throw new Error(instance.error.code);
    for (const splitting of [undefined, { nextFragmentLength: () => 334, nextFragmentCount: () => 1 }]) {
      for (const name of readdirSync(directory)) rmSync(path.join(directory, name));
      const outcomes = await sendInstances({ ...remote, ...(splitting && { splitting }) }, [instance.value]);
      expect(outcomes).toEqual([{ state: 'accepted', status: 0 }]);
      const [name = ''] = readdirSync(directory);
      expect(dataSetDigest(readFileSync(path.join(directory, name)))).toBe(dataSetDigest(sent));
    }
  } finally {
    scp.kill();
  }
});

function dataSetDigest(file: Uint8Array): string {
  const header = readPart10Header(file);
  if (!header.ok) throw new Error(header.error.code);
  return createHash('sha256').update(file.subarray(header.value.dataSetOffset)).digest('hex');
}

const headCt = path.resolve(import.meta.dirname, '../../../shared/data/ct-head-ge');
if (!existsSync(headCt)) console.error('skipped: the real test data are not on this machine');

test.skipIf(!isHere || !existsSync(headCt))('takes a real head CT from storescu', async () => {
  const files = readdirSync(headCt, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.(md|csv)$/.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name));
  await run('storescu', ['-aec', 'WETREAD', '127.0.0.1', String(running.server.port), ...files]);
  expect(received).toHaveLength(files.length);
});
