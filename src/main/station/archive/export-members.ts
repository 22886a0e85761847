import type { ExportForm, MissingReason } from '../../../shared/domain/media.ts';
import { readDataset } from '../dicom/dataset/read-dataset.ts';
import { type DicomRecord, encodeDataset, encodeInstance } from '../dicom/dataset/write-dataset.ts';
import { freshUid } from '../dicom/fresh-uid.ts';
import { type MediaFile, writeDicomdir } from '../dicom/media/write-dicomdir.ts';
import { EXPLICIT_LITTLE_ENDIAN, findTransferSyntax } from '../dicom/transfer-syntaxes.ts';
import type { ObjectReader } from '../platform/objects/object-store.ts';
import type { ReadableDb } from '../platform/store/database.ts';
import { exportObject } from './export-object.ts';
import type { SendablePath } from './find-studies.ts';

/** One file of an export, by its path with slashes. `isPixelsPacked`: compressing it again is in vain. */
export type ExportMember = {
  readonly name: string;
  readonly isPacked: boolean;
  readonly bytes: Uint8Array | AsyncIterable<Uint8Array>;
};

/** How an export goes on; told as each object is read. */
export type ExportProgress = (what: 'written' | MissingReason) => void;

const MISSING_TEXT: Readonly<Record<MissingReason, string>> = {
  damaged: 'the stored file is damaged or not there',
  nearline: 'kept by the archive only: retrieve the study first',
  'correction-not-writable': 'a correction of patient or study cannot be written into this object',
};

/** What is exported of a study: its stored objects, and objects that the station writes for it now. */
export type Exported = {
  readonly paths: readonly SendablePath[];
  readonly form: ExportForm;
  readonly written: readonly DicomRecord[];
};

/**
 * The files of an export, one after another: each object (by series and number, named the same every time), what the station writes
 * besides, then README.TXT, for media the DICOMDIR, and MISSING.TXT where an object is not among them: nothing is left out in silence.
 */
export async function* exportMembers(
  db: ReadableDb,
  objects: ObjectReader,
  { paths, form, written }: Exported,
  tell: ExportProgress,
): AsyncGenerator<ExportMember> {
  const listed: MediaFile[] = [];
  const missing: { readonly sopUid: string; readonly reason: MissingReason }[] = [];
  const nameNext = fileNames();
  const fileName = (fileId: readonly string[]) => fileId.join('/') + (form === 'files' ? '.dcm' : '');
  for (const path of paths) {
    const fileId = nameNext(path.seriesUid);
    const exported = await exportObject(db, objects, path);
    if (!exported.ok) {
      missing.push({ sopUid: path.sopUid, reason: exported.error.code });
      tell(exported.error.code);
      continue;
    }
    const { dataset, bytes } = exported.value;
    const { sopClassUid, sopUid: sopInstanceUid, transferSyntaxUid } = path;
    if (form === 'dicomdir')
      listed.push({ fileId, sopClassUid, sopInstanceUid, transferSyntaxUid, dataset: light(dataset) });
    const isPacked = findTransferSyntax(transferSyntaxUid)?.isEncapsulated === true;
    yield { name: fileName(fileId), isPacked, bytes: bytes() };
    tell('written');
  }
  for (const record of written) {
    const one = writtenFile(record, nameNext);
    if (form === 'dicomdir') listed.push(one);
    yield { name: fileName(one.fileId), isPacked: false, bytes: encodeInstance(record) };
    tell('written');
  }
  if (form === 'dicomdir' && listed.length > 0)
    yield {
      name: 'DICOMDIR',
      isPacked: false,
      bytes: writeDicomdir(listed, { id: 'WETREAD', uid: freshUid() }),
    };
  const counts = { objects: paths.length, missing: missing.length, written: written.length };
  yield { name: 'README.TXT', isPacked: false, bytes: readme(form, counts) };
  if (missing.length > 0) {
    const lines = missing.map(({ sopUid, reason }) => `${sopUid}\t${reason}\t${MISSING_TEXT[reason]}`);
    const head = `${missing.length} of ${paths.length} objects are not in this export. SOP Instance UID, code, reason:`;
    yield { name: 'MISSING.TXT', isPacked: false, bytes: lined([head, '', ...lines]) };
  }
}

/** Names files one after another by components that PS3.10 §8.5 allows, the same for the same study every time. */
function fileNames(): (seriesUid: string) => readonly string[] {
  const series = new Map<string, { readonly place: number; files: number }>();
  return (seriesUid) => {
    const one = series.get(seriesUid) ?? { place: series.size + 1, files: 0 };
    series.set(seriesUid, one);
    one.files += 1;
    return ['DICOM', 'ST000001', component('SE', one.place), component('IM', one.files)];
  };
}

function component(letters: string, ordinal: number): string {
  return letters + String(ordinal).padStart(6, '0');
}

/** What a directory's keys come from; long values, overlays and lookup tables say, need not wait in memory. */
function light<Kind extends MediaFile['dataset']>(dataset: Kind): Kind {
  const elements = new Map(
    [...dataset.elements]
      .filter(([, { bytes }]) => bytes.length <= 4096)
      .map(([tag, element]) => [
        tag,
        element.items === null ? { ...element, bytes: Uint8Array.from(element.bytes) } : element,
      ]),
  );
  return { ...dataset, elements };
}

/** What the station wrote itself, as a directory lists it. */
function writtenFile(record: DicomRecord, nameNext: (seriesUid: string) => readonly string[]): MediaFile {
  const dataset = readDataset(encodeDataset(record), EXPLICIT_LITTLE_ENDIAN);
  if (!dataset.ok) throw new Error('an object of our own cannot be read');
  const uidOf = (keyword: 'SeriesInstanceUID' | 'SOPClassUID' | 'SOPInstanceUID') => {
    const uid = record[keyword];
    if (typeof uid !== 'string') throw new Error('an object of our own has no UID');
    return uid;
  };
  return {
    fileId: nameNext(uidOf('SeriesInstanceUID')),
    sopClassUid: uidOf('SOPClassUID'),
    sopInstanceUid: uidOf('SOPInstanceUID'),
    transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN,
    dataset: dataset.value,
  };
}

type Counts = { readonly objects: number; readonly missing: number; readonly written: number };

function readme(form: ExportForm, { objects, missing, written }: Counts): Uint8Array {
  return lined([
    'DICOM images exported from a Wetread station.',
    '',
    form === 'dicomdir'
      ? 'This is a DICOM file-set: open the file DICOMDIR with any DICOM viewer or workstation.'
      : 'Each file below the folder DICOM is one DICOM object: open the folder with any DICOM viewer.',
    `Objects of the study: ${objects}. Not included: ${missing}${missing === 0 ? '.' : ', listed in MISSING.TXT.'}`,
    ...(written === 0
      ? []
      : [`Written by the station, beside these: ${written}, with the images that readers marked as key.`]),
    '',
    'These files hold personal health information. They are not encrypted.',
  ]);
}

function lined(lines: readonly string[]): Uint8Array {
  return Buffer.from(`${lines.join('\r\n')}\r\n`, 'utf8');
}
