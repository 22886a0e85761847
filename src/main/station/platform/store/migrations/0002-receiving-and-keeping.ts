import type { Migration } from '../migrate.ts';

/** What receiving from any modality and keeping through any fault adds; one headed section per concern. */
export const receivingAndKeeping: Migration = {
  name: 'receiving-and-keeping',
  sql: `
-- archive, quarantine: an object found damaged at rest is set aside too; how a person settled a row stands on it
CREATE TABLE quarantine_next (
  quarantine_id TEXT PRIMARY KEY,
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  digest TEXT NOT NULL REFERENCES objects (digest),
  reason TEXT NOT NULL CHECK (reason IN ('unreadable', 'uids-disagree-with-command', 'same-uid-other-pixels', 'same-uid-other-patient',
    'same-uid-other-study', 'identifiers-missing', 'damaged-at-rest')),
  state TEXT NOT NULL CHECK (state IN ('held', 'released', 'discarded')),
  sop_uid TEXT,
  study_id TEXT REFERENCES studies (study_id),
  peer_id TEXT REFERENCES peers (peer_id),
  received_at_ms INTEGER NOT NULL,
  settled_at_ms INTEGER,
  settled_by TEXT,
  settled_because TEXT,
  UNIQUE (site_id, digest, reason),
  CHECK ((state = 'held') = (settled_at_ms IS NULL))
) STRICT;
INSERT INTO quarantine_next (quarantine_id, site_id, digest, reason, state, sop_uid, study_id, peer_id, received_at_ms)
  SELECT quarantine_id, site_id, digest, reason, state, sop_uid, study_id, peer_id, received_at_ms FROM quarantine WHERE state = 'held';
DROP TABLE quarantine;
ALTER TABLE quarantine_next RENAME TO quarantine;
CREATE INDEX quarantine_by_study ON quarantine (study_id) WHERE study_id IS NOT NULL;
CREATE INDEX quarantine_in_order ON quarantine (site_id, state, received_at_ms, quarantine_id);
`,
};
