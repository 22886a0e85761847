import { z } from 'zod';

/** What one backup says of itself; written last, so that a folder without it is no backup. */
export const BackupManifest = z.strictObject({
  format: z.literal('wetread-backup-1'),
  takenAtMs: z.number().int(),
  schema: z.number().int().describe('How many migrations the database has.'),
  isDemo: z.boolean(),
  database: z.strictObject({ sha256: z.string(), sizeBytes: z.number().int() }),
  ledger: z.strictObject({ seq: z.number().int(), hash: z.string() }),
  objects: z.strictObject({ count: z.number().int(), sizeBytes: z.number().int() }),
  /** Objects the database named whose files were gone when they were copied: evicted, deleted or lost since. */
  missing: z.array(z.string()),
  /** Objects whose files were not what their digests say, and were not copied. */
  damaged: z.array(z.string()),
  hasKeys: z.boolean(),
});
export type BackupManifest = z.infer<typeof BackupManifest>;

/** Files of one backup, in its own folder; the objects stand beside all backups, each once. */
export const BACKUP_FILES = {
  manifest: 'backup.json',
  database: 'wetread.db',
  checkpoints: 'checkpoints.jsonl',
  keys: 'keys.sealed',
} as const;

/** Where a destination keeps its backups, and the objects they share. */
export const BACKUPS_FOLDER = 'backups';
export const OBJECTS_FOLDER = 'objects';
