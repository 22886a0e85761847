import type { Migration } from '../migrate.ts';

/** Any model as a package, governed at each site and measured while it runs. */
export const inference: Migration = {
  name: 'inference',
  sql: `
-- inference, packages: who signed a package, and what is wrong with those that cannot be used
ALTER TABLE models ADD COLUMN signature TEXT NOT NULL DEFAULT '{"state":"unsigned"}';
CREATE TABLE package_faults (
  package_path TEXT NOT NULL,
  place INTEGER NOT NULL, -- in the order told
  digest TEXT REFERENCES models (digest), -- of a package that was installed and does not hold here
  code TEXT NOT NULL,
  field TEXT NOT NULL,
  value TEXT,
  expected TEXT,
  found_at_ms INTEGER NOT NULL,
  PRIMARY KEY (package_path, place)
) STRICT, WITHOUT ROWID;
-- inference, findings: every box with its rectangles on the frames, and a heatmap for display
ALTER TABLE findings ADD COLUMN marks TEXT NOT NULL DEFAULT '[]';
ALTER TABLE findings ADD COLUMN heatmap TEXT;
`,
};
