import type { Migration } from '../migrate.ts';

/** Rows may be committed while the file they name is still being brought to the disk. */
export const filesOnTheirWay: Migration = {
  name: 'files-on-their-way',
  sql: `
-- objects: whose rows may have reached the disk before their files did; looked at when the station starts
CREATE TABLE arriving_objects (
  digest TEXT PRIMARY KEY REFERENCES objects (digest)
) STRICT, WITHOUT ROWID;
`,
};
