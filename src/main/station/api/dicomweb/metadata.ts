import { type DicomJson, toDicomJson } from '../../dicom/dataset/dicom-json.ts';
import { findPixelData } from '../../dicom/dataset/find-pixel-data.ts';
import { readDataset } from '../../dicom/dataset/read-dataset.ts';
import { findTransferSyntax } from '../../dicom/transfer-syntaxes.ts';
import type { ObjectReader } from '../../platform/objects/object-store.ts';
import type { StoredInstance } from './services.ts';
import { dataSetReader } from './stored-bytes.ts';

/** How many files are read ahead of the one being written. */
const READ_AHEAD = 8;

/** A JSON array of every instance's metadata (PS3.18 §10.4.1.1.2, Annex F), written as it is read. */
export async function* writeMetadata(
  objects: ObjectReader,
  instances: readonly StoredInstance[],
  retrieveUrl: (stored: StoredInstance) => string,
): AsyncGenerator<string> {
  const read = (stored: StoredInstance) => readMetadata(objects, stored, `${retrieveUrl(stored)}/pixeldata`);
  const ahead = instances.slice(0, READ_AHEAD).map(read);
  // One that fails while an earlier one is still awaited must not count as unhandled: it is awaited in its turn.
  for (const one of ahead) one.catch(() => undefined);
  yield '[';
  for (let index = 0; index < instances.length; index += 1) {
    const next = instances[index + READ_AHEAD];
    if (next !== undefined) {
      const reading = read(next);
      reading.catch(() => undefined);
      ahead.push(reading);
    }
    yield `${index === 0 ? '' : ','}${JSON.stringify(await ahead[index])}`;
  }
  yield ']';
}

/** One instance's attributes without its pixels; of an object that cannot be read, its UIDs, so that it is not missed. */
export async function readMetadata(
  objects: ObjectReader,
  stored: StoredInstance,
  pixelDataUri: string,
): Promise<DicomJson> {
  const reader = dataSetReader(objects, stored);
  if (findTransferSyntax(stored.transferSyntaxUid)?.isDeflated === true) {
    const whole = readDataset(await reader.read(0, reader.length), stored.transferSyntaxUid);
    return whole.ok ? toDicomJson(whole.value) : uidsOf(stored);
  }
  const found = await findPixelData(reader, stored.transferSyntaxUid);
  return found.ok ? toDicomJson(found.value.dataset, { pixelDataUri }) : uidsOf(stored);
}

function uidsOf({ sopClassUid, sopUid, studyUid, seriesUid }: StoredInstance): DicomJson {
  return {
    '00080016': { vr: 'UI', Value: [sopClassUid] },
    '00080018': { vr: 'UI', Value: [sopUid] },
    '0020000D': { vr: 'UI', Value: [studyUid] },
    '0020000E': { vr: 'UI', Value: [seriesUid] },
  };
}
