import type { ImportFileCode } from '../../../shared/domain/media.ts';
import type { QuarantineReason } from '../../../shared/domain/study.ts';
import type { WritableDb } from '../platform/store/database.ts';
import { type Import, type ImportedStudy, type ImportRefusal, noteImport } from './imports.ts';

/** What an import came to so far, written down a few times a second. */
export type ImportTally = {
  /** More files to look at; negative for what turned out to be a directory or a ZIP. */
  found(files: number): void;
  took(what: 'stored' | 'duplicates', studyUid: string | null): void;
  /** Kept, and set aside for a person; named among what was not taken. */
  setAside(name: string, reason: QuarantineReason, studyUid: string | null): void;
  refused(name: string, code: ImportFileCode): void;
  /** Writes what is not written yet. */
  flush(): void;
  totals(): { readonly stored: number; readonly refused: number };
};

/** Files refused beyond these are counted, not named. */
const MOST_NAMED = 1000;
const WRITE_EVERY_MS = 400;
const LONGEST_NAME = 500;

/** Starts counting. */
export function createImportTally(db: WritableDb, started: Import): ImportTally {
  const counts = { found: 0, stored: 0, duplicates: 0, quarantined: 0, notDicom: 0, failed: 0 };
  const studies = new Map<string, { -readonly [Key in keyof ImportedStudy]: ImportedStudy[Key] }>();
  const changed = new Set<string>();
  let refusals: ImportRefusal[] = [];
  let named = 0;
  let written = 0;
  let writtenAtMs = performance.now();
  let isChanged = false;

  function flush(): void {
    if (!isChanged) return;
    const list = [...changed].flatMap((uid) => studies.get(uid) ?? []);
    noteImport(db, started, { counts: { ...counts }, studies: list, refusals, firstOrdinal: written });
    written += refusals.length;
    refusals = [];
    changed.clear();
    isChanged = false;
    writtenAtMs = performance.now();
  }
  function note(): void {
    isChanged = true;
    if (performance.now() - writtenAtMs >= WRITE_EVERY_MS) flush();
  }
  function count(what: 'stored' | 'duplicates' | 'quarantined', studyUid: string | null): void {
    counts[what] += 1;
    if (studyUid !== null) {
      const study = studies.get(studyUid) ?? { studyUid, stored: 0, duplicates: 0, quarantined: 0 };
      study[what] += 1;
      studies.set(studyUid, study);
      changed.add(studyUid);
    }
    note();
  }
  function name(file: string, code: ImportRefusal['code']): void {
    if (named >= MOST_NAMED) return;
    named += 1;
    refusals.push({ name: file.slice(-LONGEST_NAME), code });
  }

  return {
    found(files) {
      counts.found += files;
      note();
    },
    took: count,
    setAside(file, reason, studyUid) {
      name(file, reason);
      count('quarantined', studyUid);
    },
    refused(file, code) {
      if (code === 'not-dicom') counts.notDicom += 1;
      else counts.failed += 1;
      name(file, code);
      note();
    },
    flush,
    totals: () => ({
      stored: counts.stored + counts.duplicates,
      refused: counts.quarantined + counts.notDicom + counts.failed,
    }),
  };
}
