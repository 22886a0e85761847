import { z } from 'zod';

/** Where imported files come from: sent by a browser, or found in a folder of the station's machine. */
export const IMPORT_SOURCES = ['upload', 'folder'] as const;
export const ImportSource = z.enum(IMPORT_SOURCES);
export type ImportSource = z.infer<typeof ImportSource>;

/** running → done, cancelled or failed. After a restart a folder goes on and an upload has failed; what is stored stays. What was cancelled or failed may run again. */
export const IMPORT_STATES = ['running', 'done', 'cancelled', 'failed'] as const;
export const ImportState = z.enum(IMPORT_STATES);
export type ImportState = z.infer<typeof ImportState>;

/** Why an import failed as a whole. Persisted; only ever added to. */
export const IMPORT_CODES = [
  'station-restarted',
  'upload-abandoned',
  'no-room',
  'folder-not-readable',
  'station-fault',
] as const;
export const ImportCode = z.enum(IMPORT_CODES);
export type ImportCode = z.infer<typeof ImportCode>;

/** Why a file was not taken, beside the reasons of the quarantine. Persisted; only ever added to. */
export const IMPORT_FILE_CODES = [
  'not-dicom',
  'sop-class-not-supported',
  'transfer-syntax-not-supported',
  'file-unreadable',
  'missing-on-media',
  'directory-unreadable',
  'zip-unreadable',
  'zip-too-many-entries',
  'zip-too-large',
  'zip-within-zip',
  'zip-name-unsafe',
  'zip-entry-encrypted',
  'zip-method-unknown',
  'zip-entry-damaged',
] as const;
export const ImportFileCode = z.enum(IMPORT_FILE_CODES);
export type ImportFileCode = z.infer<typeof ImportFileCode>;

/** As what a study leaves: its files, or a DICOM file-set with its directory (PS3.10 §8). */
export const EXPORT_FORMS = ['files', 'dicomdir'] as const;
export const ExportForm = z.enum(EXPORT_FORMS);
export type ExportForm = z.infer<typeof ExportForm>;

export const EXPORT_STATES = ['running', 'done', 'cancelled', 'failed'] as const;
export const ExportState = z.enum(EXPORT_STATES);
export type ExportState = z.infer<typeof ExportState>;

/** Why an export failed, or what it ended with: `some-missing` is done without every object. Persisted; only ever added to. */
export const EXPORT_CODES = [
  'some-missing',
  'none-available',
  'folder-not-writable',
  'station-restarted',
  'station-fault',
] as const;
export const ExportCode = z.enum(EXPORT_CODES);
export type ExportCode = z.infer<typeof ExportCode>;

/** Why one object is not in an export. */
export const MISSING_REASONS = ['damaged', 'nearline', 'correction-not-writable'] as const;
export type MissingReason = (typeof MISSING_REASONS)[number];
