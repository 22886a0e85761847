import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
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
  /** Keeps a Part-10 file; `no-room` once it holds as much as it may or the disk is full, `unreadable` where it has no UIDs. */
  keep(file: Uint8Array): Promise<'kept' | 'no-room' | 'unreadable'>;
  list(): readonly Held[];
  find(sopUid: string): Held | null;
  readonly bytes: number;
  /** Deletes all of it. */
  clear(): void;
};

const FOLDER = /^wetread-demo-pacs-(\d+)-/;
const NO_ROOM = ['ENOSPC', 'EDQUOT'];

/** An archive in a folder of its own below the system's temporary one; what one that was killed left there is deleted first. */
export function openHoldings(mostBytes: number, below = tmpdir()): Holdings {
  sweep(below);
  const folder = mkdtempSync(path.join(below, `wetread-demo-pacs-${process.pid}-`));
  const held = new Map<string, Held>();
  let [bytes, written] = [0, 0];
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
      written += 1;
      const name = path.join(folder, `${written}.dcm`);
      // It holds only what is written: it commits to what it holds.
      const isWritten = await writeFile(name, file).then(
        () => true,
        (error: unknown) => {
          if (!NO_ROOM.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
          return false;
        },
      );
      if (!isWritten || held.has(sopInstanceUid)) {
        bytes -= file.length;
        await rm(name, { force: true });
        return isWritten ? 'kept' : 'no-room';
      }
      held.set(sopInstanceUid, { keys, file: name });
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

/** Deletes the folders of archives whose process is no more: a demo that is killed cannot do it itself. */
function sweep(below: string): void {
  for (const name of readdirSync(below)) {
    const [, owner] = FOLDER.exec(name) ?? [];
    if (owner === undefined || isRunning(Number(owner))) continue;
    try {
      rmSync(path.join(below, name), { recursive: true, force: true });
    } catch {
      continue; // somebody else's, who has to do it
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
