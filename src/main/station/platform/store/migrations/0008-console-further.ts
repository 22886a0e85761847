import type { Migration } from '../migrate.ts';

/** What the console keeps besides; a section for each capability. */
export const consoleFurther: Migration = {
  name: 'console-further',
  sql: `
-- reading: images that readers marked as key, each for themselves, bound to whose study it was then: what is corrected is not carried along
CREATE TABLE key_images (
  study_id TEXT NOT NULL REFERENCES studies (study_id),
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  sop_uid TEXT NOT NULL,
  frame INTEGER NOT NULL CHECK (frame >= 1),
  user_id TEXT NOT NULL REFERENCES users (user_id),
  patient_id TEXT NOT NULL, -- whose study it was; a patient that only a correction made goes with its undoing
  identity_version INTEGER NOT NULL,
  marked_at_ms INTEGER NOT NULL,
  PRIMARY KEY (study_id, user_id, sop_uid, frame)
) STRICT, WITHOUT ROWID;

-- reading: whose study it was when a finding was decided, what of it is otherwise than AI said, and in what words
CREATE TABLE finding_decisions_anew (
  decision_id TEXT PRIMARY KEY,
  finding_id TEXT NOT NULL REFERENCES findings (finding_id),
  study_revision INTEGER NOT NULL,
  decision TEXT NOT NULL CHECK (decision IN ('accepted', 'modified', 'rejected', 'withdrawn')),
  reason TEXT, -- of what is rejected
  decided_by TEXT NOT NULL REFERENCES users (user_id),
  decided_at_ms INTEGER NOT NULL,
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  patient_id TEXT NOT NULL, -- whose study it was; a patient that only a correction made goes with its undoing
  identity_version INTEGER NOT NULL, -- 0 of decisions from before it was kept
  aspects TEXT NOT NULL CHECK (json_valid(aspects)), -- of what is modified
  words TEXT
) STRICT;
INSERT INTO finding_decisions_anew
  SELECT d.decision_id, d.finding_id, d.study_revision, d.decision, d.reason, d.decided_by, d.decided_at_ms,
         f.site_id, s.patient_id, 0, '[]', NULL
    FROM finding_decisions d JOIN findings f ON f.finding_id = d.finding_id JOIN studies s ON s.study_id = f.study_id
   ORDER BY d.rowid; -- the last word stands
DROP TABLE finding_decisions;
ALTER TABLE finding_decisions_anew RENAME TO finding_decisions;
CREATE INDEX finding_decisions_by_finding ON finding_decisions (finding_id);
`,
};
