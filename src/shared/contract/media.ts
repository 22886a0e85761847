import { z } from 'zod';
import { StudyId } from '../domain/ids.ts';
import {
  ExportCode,
  ExportForm,
  ExportState,
  ImportCode,
  ImportFileCode,
  ImportSource,
  ImportState,
} from '../domain/media.ts';
import { QuarantineReason } from '../domain/study.ts';
import { BACKGROUND, procedure } from './procedure.ts';
import { StudyFace } from './quarantine.ts';

/** How many files came to what. `found` counts every file looked at; directories, ZIPs themselves and links are none. */
export const ImportCounts = z.object({
  found: z.number().int(),
  stored: z.number().int(),
  duplicates: z.number().int(),
  quarantined: z.number().int(),
  notDicom: z.number().int(),
  failed: z.number().int(),
});
export type ImportCounts = z.infer<typeof ImportCounts>;

/** One import: where from, by whom, how far. `code` says why it failed. */
export const ImportCard = z.object({
  importId: z.string(),
  source: ImportSource,
  /** The configured folder's name and the path in it, or null for an upload. */
  place: z.string().nullable(),
  state: ImportState,
  code: ImportCode.nullable(),
  counts: ImportCounts,
  studies: z.number().int(),
  askedBy: z.string(),
  startedAtMs: z.number(),
  endedAtMs: z.number().nullable(),
});
export type ImportCard = z.infer<typeof ImportCard>;

/** What an import came to: study by study, and every file not taken, of which the first 1,000 by name. */
export const ImportSummary = ImportCard.extend({
  taken: z.array(
    z.object({
      studyUid: z.string(),
      stored: z.number().int(),
      duplicates: z.number().int(),
      quarantined: z.number().int(),
      study: StudyFace.nullable(),
    }),
  ),
  refused: z.array(z.object({ name: z.string(), code: z.union([ImportFileCode, QuarantineReason]) })),
});
export type ImportSummary = z.infer<typeof ImportSummary>;

/** An export to a folder of the station's machine. */
export const ExportCard = z.object({
  exportId: z.string(),
  form: ExportForm,
  /** The configured folder's name, and the name of what was made in it. */
  folder: z.string(),
  name: z.string(),
  state: ExportState,
  code: ExportCode.nullable(),
  total: z.number().int(),
  written: z.number().int(),
  missing: z.number().int(),
  askedBy: z.string(),
  startedAtMs: z.number(),
  endedAtMs: z.number().nullable(),
  study: StudyFace.nullable(),
});
export type ExportCard = z.infer<typeof ExportCard>;

const oneImport = z.object({ importId: z.string().max(64) });
const Relative = z.string().max(1000).default('');

export const imports = {
  list: procedure('study.import', BACKGROUND)
    .route({ method: 'GET', path: '/imports' })
    .input(z.object({ limit: z.coerce.number().int().min(1).max(100).default(20) }))
    .output(z.object({ imports: z.array(ImportCard), folders: z.array(z.string()) })),
  get: procedure('study.import', BACKGROUND)
    .route({ method: 'GET', path: '/imports/{importId}' })
    .input(oneImport)
    .output(ImportSummary),
  /**
   * Begins an import: of files that follow by `PUT /imports/{importId}/files`, or of a configured folder. Conflicts:
   * `too-many-imports`, `folder-not-found`, `path-not-in-folder`.
   */
  start: procedure('study.import')
    .route({ method: 'POST', path: '/imports', successStatus: 201 })
    .input(
      z.object({
        from: z.discriminatedUnion('source', [
          z.object({ source: z.literal('upload') }),
          z.object({ source: z.literal('folder'), folder: z.string().max(100), path: Relative }),
        ]),
      }),
    )
    .output(ImportCard),
  /** No more files follow. Conflicts: `import-has-ended`, `import-not-an-upload`. */
  finish: procedure('study.import')
    .route({ method: 'POST', path: '/imports/{importId}/ends' })
    .input(oneImport)
    .output(ImportCard),
  /** Stops an import; what is stored stays. Conflicts: `import-has-ended`. */
  cancel: procedure('study.import')
    .route({ method: 'DELETE', path: '/imports/{importId}' })
    .input(oneImport)
    .output(ImportCard),
  /**
   * Looks through the folder of an import that failed or was cancelled once more, under the same name; what it stored counts
   * as stored. Conflicts: `import-running`, `import-is-whole`, `import-not-a-folder` (send the files again), `too-many-imports`,
   * `folder-not-found`, `path-not-found`.
   */
  resume: procedure('study.import')
    .route({ method: 'POST', path: '/imports/{importId}/resumptions' })
    .input(oneImport)
    .output(ImportCard),
  /** The folders and ZIPs in a configured folder, for choosing. Not found: `folder-not-found`, `path-not-found`. */
  browse: procedure('study.import')
    .route({ method: 'GET', path: '/import-folders' })
    .input(z.object({ folder: z.string().max(100), path: Relative }))
    .output(
      z.object({
        entries: z.array(z.object({ name: z.string(), kind: z.enum(['folder', 'zip']) })),
        files: z.number().int(),
      }),
    ),
};

export const exports = {
  list: procedure('study.export', BACKGROUND)
    .route({ method: 'GET', path: '/exports' })
    .input(z.object({ limit: z.coerce.number().int().min(1).max(100).default(20) }))
    .output(z.object({ exports: z.array(ExportCard), folders: z.array(z.string()) })),
  /** Writes a study into a configured folder. Conflicts: `folder-not-found`, `too-many-exports`, `nothing-to-export`. */
  start: procedure('study.export')
    .route({ method: 'POST', path: '/studies/{studyId}/exports', successStatus: 201 })
    .input(
      z.object({
        studyId: StudyId,
        folder: z.string().max(100),
        form: ExportForm.default('dicomdir'),
        series: z.array(z.string().max(64)).max(1000).optional(),
      }),
    )
    .output(ExportCard),
  /** Stops an export and takes away what it wrote. Conflicts: `export-has-ended`. */
  cancel: procedure('study.export')
    .route({ method: 'DELETE', path: '/exports/{exportId}' })
    .input(z.object({ exportId: z.string().max(64) }))
    .output(ExportCard),
};
