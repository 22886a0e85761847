import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { describeInstance } from '../../src/main/station/dicom/dataset/describe-instance.ts';
import { bytesReader, findPixelData } from '../../src/main/station/dicom/dataset/find-pixel-data.ts';
import { readPart10Header } from '../../src/main/station/dicom/part10.ts';
import { type Asker, rowOf, signIn } from '../system/support/ask-station.ts';
import { endEverything, type RunningStation, startStation, temporaryFolder } from '../system/support/start-station.ts';
import { storedObjects } from '../system/support/stored-files.ts';
import { dataSetOf, phantomStudy, realHeadCt, type SentStudy } from '../system/support/studies.ts';
import { recordingProxy, type RecordingProxy } from './support/recording-proxy.ts';
import { havePeers, runPeer } from './support/run-peer.ts';

const isHere = havePeers('storescu', 'dcmsend', 'echoscu', 'findscu', 'dcmdump', 'dcmcjpeg', 'dcmodify');

let station: RunningStation;
let radiologist: Asker;
let proxy: RecordingProxy;
let real: SentStudy | null;

beforeAll(async () => {
  station = await startStation({ demo: true });
  radiologist = await signIn(station, 'radiologist', 'demo');
  real = await realHeadCt();
});
beforeEach(async () => {
  proxy = await recordingProxy(station.dicom.port);
});
afterEach(() => proxy.close());
afterAll(async () => {
  await station.stop();
  await endEverything();
});

/** The study as files on disk, for programs to send. */
function onDisk({ objects }: SentStudy): readonly string[] {
  const folder = temporaryFolder();
  return objects.map(({ file }, index) => {
    const name = path.join(folder, `${String(index).padStart(3, '0')}.dcm`);
    writeFileSync(name, file);
    return name;
  });
}

/** A copy of the study under new UIDs, so that nothing of an earlier sending is taken for this one. */
async function renamed(files: readonly string[]): Promise<readonly string[]> {
  const { exitCode, output } = await runPeer('dcmodify', ['-nb', '-gst', '-gse', '-gin', ...files]);
  if (exitCode !== 0) throw new Error(output);
  const same = await runPeer('dcmodify', ['-nb', '-m', `StudyInstanceUID=2.25.${Date.now()}`, ...files]);
  if (same.exitCode !== 0) throw new Error(same.output);
  return files;
}

/** That the station answers, for each object on the wire, the data-set bytes that were captured there. */
async function expectStoredAsCaptured(count: number): Promise<void> {
  const captured = proxy.objects();
  expect(captured.size).toBe(count);
  const different: string[] = [];
  for (const { sopUid, dataSet } of captured.values()) {
    if (Buffer.compare(dataSetOf(await storedFile(sopUid)), dataSet) !== 0) different.push(sopUid);
  }
  expect(different).toEqual([]);
}

async function storedFile(sopUid: string): Promise<Uint8Array> {
  const found = await radiologist.fetch(`/dicomweb/demo/instances?SOPInstanceUID=${sopUid}`);
  const [one] = found.status === 200 ? JSON.parse(found.text) : [];
  const uid = (tag: string): string => one?.[tag]?.Value?.[0] ?? '';
  const file = await radiologist.storedFile('demo', { studyUid: uid('0020000D'), seriesUid: uid('0020000E'), sopUid });
  if (file === null) throw new Error('the station does not have it');
  return file;
}

const target = () => ['127.0.0.1', String(proxy.port)];

describe.skipIf(!isHere)('storescu through a recording proxy', () => {
  test.each([
    ['its own PDU length', []],
    ['PDUs of 4 KiB', ['--max-pdu', '4096', '--max-send-pdu', '4096']],
    ['PDUs of 128 KiB', ['--max-pdu', '131072', '--max-send-pdu', '131072']],
    ['implicit VR', ['--propose-implicit']],
    ['explicit VR big endian first', ['--propose-big']],
  ])('the head CT is stored as it stood on the wire, with %s', async (_what, options) => {
    const files = await renamed(onDisk(real ?? phantomStudy({ seed: 31, matrix: 128, slices: 12 })));
    const sent = await runPeer('storescu', ['-aec', 'WETREAD', ...options, ...target(), ...files]);
    expect(sent).toEqual({ exitCode: 0, output: expect.not.stringMatching(/^E:|^F:/m) as string });
    await expectStoredAsCaptured(files.length);
    console.log(`${files.length} objects; on the wire: ${JSON.stringify(proxy.shape())}`);
  });

  test.each([['JPEG lossless, selection value 1', '+e1', '1.2.840.10008.1.2.4.70']])(
    '%s is stored compressed, as it stood on the wire',
    async (_what, option, transferSyntax) => {
      const plain = await renamed(onDisk(phantomStudy({ seed: 32, matrix: 128, slices: 12 })));
      const packed = await Promise.all(
        plain.map(async (file) => {
          const out = file.replace('.dcm', '.jpg.dcm');
          expect((await runPeer('dcmcjpeg', [option, file, out])).exitCode).toBe(0);
          return out;
        }),
      );
      const sent = await runPeer('storescu', ['-aec', 'WETREAD', '--propose-lossless', ...target(), ...packed]);
      expect(sent).toMatchObject({ exitCode: 0 });
      await expectStoredAsCaptured(packed.length);
      for (const { sopUid } of proxy.objects().values()) {
        expect(readPart10Header(await storedFile(sopUid))).toMatchObject({
          value: { transferSyntaxUid: transferSyntax },
        });
      }
    },
  );

  test('what storescu sent can be read again by DCMTK, and its own validator finds no fault in our header', async () => {
    const files = await renamed(onDisk(phantomStudy({ seed: 33, matrix: 64, slices: 12 })));
    expect((await runPeer('storescu', ['-aec', 'WETREAD', ...target(), ...files])).exitCode).toBe(0);
    const stored = path.join(temporaryFolder(), 'stored.dcm');
    for (const { sopUid } of proxy.objects().values()) {
      writeFileSync(stored, await storedFile(sopUid));
      const { exitCode, output } = await runPeer('dcmdump', [
        '--read-file-only',
        '+P',
        '0002,0000',
        '+P',
        '0002,0003',
        stored,
      ]);
      expect({ exitCode, output }).toEqual({ exitCode: 0, output: expect.stringContaining(sopUid) as string });
      expect(output).not.toMatch(/^[EW]:/m);
    }
  });
});

describe.skipIf(!isHere)('dcmsend through a recording proxy', () => {
  test('the head CT is stored as it stood on the wire', async () => {
    const files = await renamed(onDisk(real ?? phantomStudy({ seed: 34, matrix: 128, slices: 12 })));
    const sent = await runPeer('dcmsend', ['-aet', 'DCMSEND', '-aec', 'WETREAD', ...target(), ...files]);
    expect(sent).toMatchObject({ exitCode: 0 });
    await expectStoredAsCaptured(files.length);
  });
});

describe.skipIf(!isHere)('other services', () => {
  test('echoscu is answered; under a wrong name it is refused', async () => {
    expect(await runPeer('echoscu', ['-aec', 'WETREAD', ...target()])).toMatchObject({ exitCode: 0 });
    const refused = await runPeer('echoscu', ['-aec', 'WRONG', ...target()]);
    expect(refused.exitCode).not.toBe(0);
    expect(refused.output).toMatch(/Called AE Title Not Recognized/i);
    const stranger = await runPeer('echoscu', ['-aet', 'STRANGER', '-aec', 'WETREAD', ...target()]);
    expect(stranger.output).toMatch(/Calling AE Title Not Recognized/i);
  });

  test('findscu, which we do not serve, is told so cleanly', async () => {
    const asked = await runPeer('findscu', ['-S', '-aec', 'WETREAD', '-k', 'QueryRetrieveLevel=STUDY', ...target()]);
    expect(asked.exitCode).not.toBe(0);
    expect(asked.output).toMatch(/No Acceptable Presentation Contexts/i);
    expect(await runPeer('echoscu', ['-aec', 'WETREAD', ...target()])).toMatchObject({ exitCode: 0 });
  });
});

describe.skipIf(!isHere || !havePeers('dciodvfy'))('dciodvfy', () => {
  test('finds no error in the file meta information of what is on disk, nor in a phantom as a whole', async () => {
    const stored = { phantom: [] as string[], real: [] as string[] };
    const folder = temporaryFolder();
    for (const [index, bytes] of storedObjects(station.data).entries()) {
      const file = path.join(folder, `${index}.dcm`);
      writeFileSync(file, bytes);
      stored[await originOf(file)].push(file);
    }
    expect(stored.phantom.length).toBeGreaterThan(10);
    const errorsIn = async (files: readonly string[]) => {
      const outputs = await Promise.all(files.map((file) => runPeer('dciodvfy', [file])));
      return new Set(outputs.flatMap(({ output }) => output.split('\n').filter((line) => line.startsWith('Error'))));
    };
    expect([...(await errorsIn(stored.phantom.slice(0, 20)))]).toEqual([]);
    // What a real scanner wrote is its own affair; the header before it is ours.
    const ours = [...(await errorsIn(stored.real.slice(0, 20)))].filter((line) =>
      /\(0x0002,|MetaInformation/i.test(line),
    );
    expect(ours).toEqual([]);
  });
});

/** Whether a stored object is one of the phantoms sent here, or came from a real scanner. */
async function originOf(file: string): Promise<'phantom' | 'real'> {
  const bytes = readFileSync(file);
  const header = readPart10Header(bytes);
  if (!header.ok) throw new Error(header.error.code);
  const found = await findPixelData(bytesReader(dataSetOf(bytes)), header.value.transferSyntaxUid);
  return found.ok && describeInstance(found.value.dataset).issuerOfPatientId === 'WETREAD-DEMO' ? 'phantom' : 'real';
}

test.skipIf(!isHere)('the study that DCMTK sent stands on the worklist', async () => {
  const study = phantomStudy({ seed: 35, slices: 12, matrix: 64 });
  expect((await runPeer('storescu', ['-aec', 'WETREAD', ...target(), ...onDisk(study)])).exitCode).toBe(0);
  const row = await rowOf(radiologist, study.studyUid, ({ images }) => images.completeness === 'complete');
  expect(row.images.received).toBe(study.objects.length);
});
