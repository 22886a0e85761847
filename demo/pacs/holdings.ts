import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readDataset } from '../../src/main/station/dicom/dataset/read-dataset.ts';
import { text } from '../../src/main/station/dicom/dataset/values.ts';
import { readPart10Header } from '../../src/main/station/dicom/part10.ts';

/** The attributes that a query may ask for, by level (PS3.4 §C.6.2.1). */
export const LEVEL_KEYS = {
  PATIENT: ['PatientName', 'PatientID', 'IssuerOfPatientID', 'PatientBirthDate', 'PatientSex'],
  STUDY: [
    ...['StudyInstanceUID', 'StudyDate', 'StudyTime', 'StudyID', 'StudyDescription', 'AccessionNumber'],
    'ReferringPhysicianName',
  ],
  SERIES: ['SeriesInstanceUID', 'SeriesNumber', 'SeriesDescription', 'Modality', 'BodyPartExamined'],
  IMAGE: ['SOPInstanceUID', 'SOPClassUID', 'InstanceNumber'],
} as const;
export const LEVELS = ['PATIENT', 'STUDY', 'SERIES', 'IMAGE'] as const;
export type Level = (typeof LEVELS)[number];

/** One object that the archive holds: what it says of itself, and its file. */
export type Held = { readonly keys: Readonly<Record<string, string>>; readonly file: string };

/** What the pretend archive holds, for as long as it runs. */
export type Holdings = {
  /** Keeps a Part-10 file; `no-room` once it holds as much as it may, `unreadable` where it has no UIDs. */
  keep(file: Uint8Array): Promise<'kept' | 'no-room' | 'unreadable'>;
  list(): readonly Held[];
  find(sopUid: string): Held | null;
  readonly bytes: number;
  /** Deletes all of it. */
  clear(): void;
};

/** An archive in a folder of its own below the system's temporary one. */
export function openHoldings(mostBytes: number): Holdings {
  const folder = mkdtempSync(path.join(tmpdir(), 'wetread-demo-pacs-'));
  const held = new Map<string, Held>();
  let bytes = 0;
  return {
    async keep(file) {
      const header = readPart10Header(file);
      if (!header.ok) return 'unreadable';
      const { dataSetOffset, transferSyntaxUid, sopInstanceUid } = header.value;
      const read = readDataset(file.subarray(dataSetOffset), transferSyntaxUid, { isHead: true });
      if (!read.ok) return 'unreadable';
      const keys = Object.fromEntries(
        Object.values(LEVEL_KEYS)
          .flat()
          .map((keyword) => [keyword, text(read.value, keyword) ?? '']),
      );
      if (keys.SOPInstanceUID === '' || keys.SeriesInstanceUID === '' || keys.StudyInstanceUID === '')
        return 'unreadable';
      if (held.has(sopInstanceUid)) return 'kept';
      if (bytes + file.length > mostBytes) return 'no-room';
      bytes += file.length;
      const name = path.join(folder, `${held.size}.dcm`);
      held.set(sopInstanceUid, { keys, file: name });
      await writeFile(name, file);
      return 'kept';
    },
    list: () => [...held.values()],
    find: (sopUid) => held.get(sopUid) ?? null,
    get bytes() {
      return bytes;
    },
    clear() {
      held.clear();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
