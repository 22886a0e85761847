import type { ExportForm, MissingReason } from '../../../shared/domain/media.ts';
import { freshUid } from '../dicom/fresh-uid.ts';
import { type MediaFile, writeDicomdir } from '../dicom/media/write-dicomdir.ts';
import { findTransferSyntax } from '../dicom/transfer-syntaxes.ts';
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

/**
 * The files of an export, one after another: each object (by series and number, named the same every time), then README.TXT, for
 * media the DICOMDIR, and MISSING.TXT where an object is not among them: nothing is left out in silence.
 */
export async function* exportMembers(
  db: ReadableDb,
  objects: ObjectReader,
  paths: readonly SendablePath[],
  form: ExportForm,
  tell: ExportProgress,
): AsyncGenerator<ExportMember> {
  const listed: MediaFile[] = [];
  const missing: { readonly sopUid: string; readonly reason: MissingReason }[] = [];
  for (const { path, fileId } of namedPaths(paths)) {
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
    yield { name: fileId.join('/') + (form === 'files' ? '.dcm' : ''), isPacked, bytes: bytes() };
    tell('written');
  }
  if (form === 'dicomdir' && listed.length > 0)
    yield {
      name: 'DICOMDIR',
      isPacked: false,
      bytes: writeDicomdir(listed, { id: 'WETREAD', uid: freshUid() }),
    };
  yield { name: 'README.TXT', isPacked: false, bytes: readme(form, paths.length, missing.length) };
  if (missing.length > 0) {
    const lines = missing.map(({ sopUid, reason }) => `${sopUid}\t${reason}\t${MISSING_TEXT[reason]}`);
    const head = `${missing.length} of ${paths.length} objects are not in this export. SOP Instance UID, code, reason:`;
    yield { name: 'MISSING.TXT', isPacked: false, bytes: lined([head, '', ...lines]) };
  }
}

/** Components that PS3.10 §8.5 allows, the same for the same study every time. */
function namedPaths(
  paths: readonly SendablePath[],
): readonly { readonly path: SendablePath; readonly fileId: readonly string[] }[] {
  const series = [...new Set(paths.map(({ seriesUid }) => seriesUid))];
  const counts = new Map<string, number>();
  return paths.map((path) => {
    const ordinal = (counts.get(path.seriesUid) ?? 0) + 1;
    counts.set(path.seriesUid, ordinal);
    const folder = component('SE', series.indexOf(path.seriesUid) + 1);
    return { path, fileId: ['DICOM', 'ST000001', folder, component('IM', ordinal)] };
  });
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

function readme(form: ExportForm, objects: number, missing: number): Uint8Array {
  return lined([
    'DICOM images exported from a Wetread station.',
    '',
    form === 'dicomdir'
      ? 'This is a DICOM file-set: open the file DICOMDIR with any DICOM viewer or workstation.'
      : 'Each file below the folder DICOM is one DICOM object: open the folder with any DICOM viewer.',
    `Objects of the study: ${objects}. Not included: ${missing}${missing === 0 ? '.' : ', listed in MISSING.TXT.'}`,
    '',
    'These files hold personal health information. They are not encrypted.',
  ]);
}

function lined(lines: readonly string[]): Uint8Array {
  return Buffer.from(`${lines.join('\r\n')}\r\n`, 'utf8');
}
