import { promisify } from 'node:util';
import { zstdDecompress } from 'node:zlib';
import type { DicomJson } from '../../dicom/dataset/dicom-json.ts';
import { metadataParts, type MetadataPart } from '../../archive/index.ts';
import type { ObjectReader } from '../../platform/objects/object-store.ts';
import { isOutOfRoom } from '../../platform/store/out-of-room.ts';
import type { DescribedPart } from './describe-part.ts';
import { headToJson, type MetadataHead, placeHead, readHead, withAddresses } from './metadata-head.ts';
import { serveAs } from './serve-as.ts';
import type { DicomwebServices, StoredInstance } from './services.ts';

const decompress = promisify(zstdDecompress);
/** How many parts are made ready ahead of the one being written. */
const READ_AHEAD = 3;
/** How many files are read at once for one part. */
const FILES_AT_ONCE = 8;
/** Fewer are read from their files: that is sooner done than a part. */
const FEW = 4;

/** What metadata are made of and kept with. */
type MetadataServices = Pick<DicomwebServices, 'objects' | 'findMetadata' | 'keepMetadata' | 'describePart'>;

/** A JSON array of every instance's metadata (PS3.18 §10.4.1.1.2, Annex F), written as it is read; parts kept ready first. */
export async function* writeMetadata(
  services: MetadataServices,
  instances: readonly StoredInstance[],
  instancesUrl: (stored: StoredInstance) => string,
): AsyncGenerator<string> {
  const parts = metadataParts(instances);
  const read = (part: MetadataPart<StoredInstance>) => {
    const text = readPart(services, part, instancesUrl);
    // One that fails while an earlier one is still awaited must not count as unhandled: it is awaited in its turn.
    text.catch(() => undefined);
    return text;
  };
  const ahead = parts.slice(0, READ_AHEAD).map(read);
  for (const [index] of parts.entries()) {
    const next = parts[index + READ_AHEAD];
    if (next !== undefined) ahead.push(read(next));
    yield `${index === 0 ? '[' : ','}${await ahead[index]}`;
    ahead[index] = Promise.resolve(''); // what is written is let go
  }
  yield parts.length === 0 ? '[]' : ']';
}

async function readPart(
  services: MetadataServices,
  part: MetadataPart<StoredInstance>,
  instancesUrl: (stored: StoredInstance) => string,
): Promise<string> {
  const [first] = part.instances;
  if (first === undefined) return '';
  const { servedAs = null } = first;
  if (servedAs !== null) {
    // What people corrected is told as they did; the parts kept ready say what the objects do.
    const heads = await allOf(services.objects, part.instances, readHead);
    const told = heads.map((head) => JSON.stringify(serveAs(headToJson(head), servedAs)));
    return withAddresses(told.join(','), instancesUrl(first));
  }
  const kept = services.findMetadata(part);
  if (kept !== null) return withAddresses((await decompress(kept)).toString(), instancesUrl(first));
  if (part.instances.length <= FEW) {
    const heads = await allOf(services.objects, part.instances, readHead);
    return withAddresses(heads.map((head) => JSON.stringify(headToJson(head))).join(','), instancesUrl(first));
  }
  const made = await describeInstances(services, part.instances);
  if (made.isWhole) keepWhereThereIsRoom(services, part, made.json);
  return withAddresses((await decompress(made.json)).toString(), instancesUrl(first));
}

/** Keeping spares the next who asks the work; on a full disk who asks now is answered all the same. */
function keepWhereThereIsRoom(services: MetadataServices, part: MetadataPart<StoredInstance>, json: Uint8Array): void {
  try {
    services.keepMetadata(part, json);
  } catch (error) {
    if (!isOutOfRoom(error)) throw error;
  }
}

/** Metadata of instances, compressed; `isWhole` where every object could be read, so that they may be kept. */
export async function describeInstances(
  services: Pick<DicomwebServices, 'objects' | 'describePart'>,
  instances: readonly StoredInstance[],
): Promise<DescribedPart> {
  return services.describePart(await allOf(services.objects, instances, placeHead));
}

async function allOf<Head>(
  objects: ObjectReader,
  instances: readonly StoredInstance[],
  find: (objects: ObjectReader, stored: StoredInstance) => Promise<Head>,
): Promise<(Head | MetadataHead)[]> {
  const heads: (Head | MetadataHead)[] = [];
  for (let at = 0; at < instances.length; at += FILES_AT_ONCE)
    heads.push(
      ...(await Promise.all(
        instances
          .slice(at, at + FILES_AT_ONCE)
          // An object whose file is gone or damaged is told by its UIDs.
          .map((stored) => find(objects, stored).catch(() => ({ ...stored, bytes: new Uint8Array(0) }))),
      )),
    );
  return heads;
}

/** One instance's metadata without addresses; rejects where it cannot be read. */
export async function readMetadata(objects: ObjectReader, stored: StoredInstance): Promise<DicomJson> {
  return headToJson(await readHead(objects, stored));
}
