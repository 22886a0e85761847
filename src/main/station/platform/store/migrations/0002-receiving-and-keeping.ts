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

-- archive, peers: where a peer listens, what it may ask of us, how it proves who it is
ALTER TABLE peers ADD COLUMN host TEXT;
ALTER TABLE peers ADD COLUMN port INTEGER;
ALTER TABLE peers ADD COLUMN services TEXT NOT NULL DEFAULT '["store","commit","mpps","notify"]';
ALTER TABLE peers ADD COLUMN is_archive INTEGER NOT NULL DEFAULT 0 CHECK (is_archive IN (0, 1));
ALTER TABLE peers ADD COLUMN is_secured INTEGER NOT NULL DEFAULT 0 CHECK (is_secured IN (0, 1)); -- by TLS only, both ways
ALTER TABLE peers ADD COLUMN certificate TEXT; -- common name or SHA-256 fingerprint it must show
ALTER TABLE peers ADD COLUMN tls_files TEXT; -- paths (JSON) of what we show it and whom we believe

-- archive, bounded cache: what the long-term archive is known to hold, and what was let go here because of it
CREATE TABLE archive_proofs (
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  sop_uid TEXT NOT NULL,
  digest TEXT NOT NULL REFERENCES objects (digest),
  peer_id TEXT NOT NULL REFERENCES peers (peer_id),
  source TEXT NOT NULL CHECK (source IN ('commitment', 'query')),
  proven_at_ms INTEGER NOT NULL,
  PRIMARY KEY (site_id, sop_uid, digest)
) STRICT, WITHOUT ROWID;
ALTER TABLE objects ADD COLUMN evicted_at_ms INTEGER; -- the file is gone on purpose; null: it is here
ALTER TABLE studies ADD COLUMN evicted_objects INTEGER NOT NULL DEFAULT 0; -- current objects of which the file is gone
ALTER TABLE studies ADD COLUMN evicted_at_ms INTEGER; -- it counts on none of its files; null again once one came back
ALTER TABLE studies ADD COLUMN returned_at_ms INTEGER; -- when one last came back
ALTER TABLE studies ADD COLUMN deleted_at_ms INTEGER; -- by a retention rule: nothing of it is kept but that it was here
CREATE INDEX studies_kept_by_age ON studies (site_id, last_received_at_ms, study_id) WHERE deleted_at_ms IS NULL AND evicted_at_ms IS NULL;
CREATE INDEX studies_by_age ON studies (site_id, last_received_at_ms, study_id) WHERE deleted_at_ms IS NULL;

-- archive, identity: what people corrected, how it is undone, and what is hidden
-- Once a person gave a study to another patient, the stated_ columns of its row show that one, and here stands what its own objects say.
CREATE TABLE study_assignments (
  study_id TEXT PRIMARY KEY REFERENCES studies (study_id),
  change_id TEXT NOT NULL,
  object_patient_id TEXT NOT NULL REFERENCES patients (patient_id),
  object_name TEXT NOT NULL,
  object_birth_date_raw TEXT,
  object_sex TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX study_assignments_by_change ON study_assignments (change_id);
CREATE TABLE identity_changes (
  change_seq INTEGER PRIMARY KEY, -- order is this, never time
  change_id TEXT NOT NULL UNIQUE,
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  kind TEXT NOT NULL CHECK (kind IN ('study-moved', 'study-split', 'patients-merged', 'hidden', 'identity-confirmed', 'version-replaced')),
  reason TEXT NOT NULL,
  detail TEXT NOT NULL, -- ids (JSON): what was done, as the history shows it
  inverse TEXT NOT NULL, -- ids and states (JSON): what undoing restores
  made_by_kind TEXT NOT NULL CHECK (made_by_kind IN ('user', 'service', 'peer')),
  made_by TEXT NOT NULL,
  made_at_ms INTEGER NOT NULL,
  undone_by TEXT,
  undone_at_ms INTEGER,
  CHECK ((undone_by IS NULL) = (undone_at_ms IS NULL))
) STRICT;
CREATE INDEX identity_changes_in_order ON identity_changes (site_id, change_seq);
-- what a change touches: a later one that changes a subject, or relies on one changed before, stands in the way of undoing;
-- what it merely concerns is for the history
CREATE TABLE identity_change_subjects (
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  subject TEXT NOT NULL,
  change_id TEXT NOT NULL REFERENCES identity_changes (change_id),
  hold TEXT NOT NULL CHECK (hold IN ('changes', 'relies-on', 'concerns')),
  PRIMARY KEY (site_id, subject, change_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX identity_change_subjects_by_change ON identity_change_subjects (change_id);
-- what is hidden: a study or a series by its id, an object by its SOP Instance UID, also before it arrives
CREATE TABLE hidden_marks (
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  subject TEXT NOT NULL,
  change_id TEXT NOT NULL REFERENCES identity_changes (change_id),
  level TEXT NOT NULL CHECK (level IN ('study', 'series', 'instance')),
  reason TEXT NOT NULL,
  PRIMARY KEY (site_id, subject, change_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX hidden_marks_by_change ON hidden_marks (change_id);
ALTER TABLE instances ADD COLUMN is_hidden INTEGER NOT NULL DEFAULT 0 CHECK (is_hidden IN (0, 1));
ALTER TABLE studies ADD COLUMN split_from TEXT REFERENCES studies (study_id); -- the study whose UID its objects carry
ALTER TABLE studies ADD COLUMN identity_confirmed INTEGER NOT NULL DEFAULT 0 CHECK (identity_confirmed IN (0, 1)); -- by a person
CREATE INDEX studies_split_off ON studies (split_from) WHERE split_from IS NOT NULL;
CREATE INDEX patient_links_by_patient ON patient_links (from_patient_id) WHERE undone_at_ms IS NULL;
CREATE INDEX patients_by_name ON patients (site_id, name_key);

-- archive, searching and DICOMweb: orders that are walked, names as they are searched, what series say of their request, where frames
-- are, and metadata kept ready (derived: may be emptied at any time)
CREATE INDEX studies_in_order ON studies (site_id, received_at_ms DESC, study_id);
CREATE INDEX studies_by_date ON studies (site_id, date_raw DESC, study_id);
CREATE INDEX series_by_uid ON series (site_id, series_uid);
ALTER TABLE series ADD COLUMN performed_date_raw TEXT;
ALTER TABLE series ADD COLUMN performed_time_raw TEXT;
ALTER TABLE series ADD COLUMN requests TEXT; -- items of the Request Attributes Sequence (JSON), as far as they are matched on
ALTER TABLE instance_versions ADD COLUMN frame_index BLOB; -- where each frame is in the data set; null: look into the file
CREATE TABLE study_names (
  study_id TEXT NOT NULL REFERENCES studies (study_id) ON DELETE CASCADE,
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  whose TEXT NOT NULL CHECK (whose IN ('patient', 'referrer')),
  kind TEXT NOT NULL CHECK (kind IN ('group', 'word', 'sound')),
  text TEXT NOT NULL,
  PRIMARY KEY (study_id, whose, kind, text)
) STRICT, WITHOUT ROWID;
CREATE INDEX study_names_by_text ON study_names (site_id, whose, kind, text, study_id);
INSERT INTO jobs (kind, subject_id, site_id, due_at_ms) SELECT 'index-study-names', study_id, site_id, 0 FROM studies;
CREATE TABLE series_metadata (
  series_id TEXT NOT NULL REFERENCES series (series_id) ON DELETE CASCADE,
  part INTEGER NOT NULL,
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  digests TEXT NOT NULL, -- digest over those of its instances, in order: another one, and the part is stale
  instances INTEGER NOT NULL,
  json BLOB NOT NULL, -- compressed
  PRIMARY KEY (series_id, part)
) STRICT;
CREATE TABLE metadata_wanted (
  study_id TEXT PRIMARY KEY REFERENCES studies (study_id) ON DELETE CASCADE,
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  wanted_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX metadata_wanted_in_order ON metadata_wanted (wanted_at_ms);
INSERT INTO metadata_wanted (study_id, site_id, wanted_at_ms) SELECT study_id, site_id, received_at_ms FROM studies WHERE completeness <> 'receiving';

-- archive, completeness: what is said to belong to a study, by whoever says it, also before anything of the study is here
CREATE TABLE performed_steps (
  step_id TEXT PRIMARY KEY,
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  sop_uid TEXT NOT NULL,
  peer_id TEXT NOT NULL REFERENCES peers (peer_id),
  state TEXT NOT NULL CHECK (state IN ('in-progress', 'completed', 'discontinued')),
  data_set TEXT NOT NULL, -- DICOM JSON: as created, with what was set since
  instances INTEGER NOT NULL, -- how many its performed series name
  started_at_ms INTEGER NOT NULL,
  ended_at_ms INTEGER,
  UNIQUE (site_id, sop_uid),
  CHECK ((state = 'in-progress') = (ended_at_ms IS NULL))
) STRICT;
CREATE TABLE performed_step_studies (
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  study_uid TEXT NOT NULL,
  step_id TEXT NOT NULL REFERENCES performed_steps (step_id),
  PRIMARY KEY (site_id, study_uid, step_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX performed_step_studies_by_step ON performed_step_studies (step_id);
CREATE TABLE availability_notices (
  notice_id TEXT PRIMARY KEY,
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  sop_uid TEXT NOT NULL,
  peer_id TEXT NOT NULL REFERENCES peers (peer_id),
  study_uid TEXT NOT NULL,
  data_set TEXT NOT NULL, -- DICOM JSON
  instances INTEGER NOT NULL, -- how many it names as available
  received_at_ms INTEGER NOT NULL,
  UNIQUE (site_id, sop_uid)
) STRICT;
CREATE INDEX availability_notices_by_study ON availability_notices (site_id, study_uid);
-- withdrawn: its holder says that it is not available (any more)
CREATE TABLE named_instances (
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  sop_uid TEXT NOT NULL,
  study_uid TEXT NOT NULL,
  is_named INTEGER NOT NULL CHECK (is_named IN (0, 1)),
  is_withdrawn INTEGER NOT NULL CHECK (is_withdrawn IN (0, 1)),
  is_here INTEGER NOT NULL CHECK (is_here IN (0, 1)),
  PRIMARY KEY (site_id, sop_uid)
) STRICT, WITHOUT ROWID;
-- counted as they are named and arrive, so that asking whether all are here costs one row
CREATE TABLE named_counts (
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  study_uid TEXT NOT NULL,
  named INTEGER NOT NULL,
  awaited INTEGER NOT NULL CHECK (awaited BETWEEN 0 AND named),
  PRIMARY KEY (site_id, study_uid)
) STRICT, WITHOUT ROWID;
ALTER TABLE study_expectations ADD COLUMN what TEXT NOT NULL DEFAULT 'order' CHECK (what IN ('order', 'count-at-sender'));

-- archive, storage commitment: what peers ask us to answer for, and what we ask of them
CREATE TABLE commitment_asked_of_us (
  request_id TEXT PRIMARY KEY,
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  peer_id TEXT NOT NULL REFERENCES peers (peer_id),
  transaction_uid TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('asked', 'answered', 'reported', 'given-up')),
  instances TEXT NOT NULL, -- [SOP class, SOP instance] (JSON)
  failures TEXT, -- [SOP class, SOP instance, reason] (JSON); null until it is known
  attempts INTEGER NOT NULL DEFAULT 0,
  due_at_ms INTEGER NOT NULL,
  asked_at_ms INTEGER NOT NULL,
  ended_at_ms INTEGER,
  UNIQUE (site_id, peer_id, transaction_uid),
  CHECK ((state = 'asked') = (failures IS NULL)),
  CHECK ((state IN ('asked', 'answered')) = (ended_at_ms IS NULL))
) STRICT;
CREATE INDEX commitment_asked_of_us_open ON commitment_asked_of_us (due_at_ms) WHERE ended_at_ms IS NULL;
CREATE INDEX quarantine_by_sop ON quarantine (site_id, sop_uid) WHERE sop_uid IS NOT NULL;
CREATE TABLE commitment_requests (
  request_id TEXT PRIMARY KEY,
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  peer_id TEXT NOT NULL REFERENCES peers (peer_id),
  study_id TEXT REFERENCES studies (study_id),
  transaction_uid TEXT NOT NULL UNIQUE,
  state TEXT NOT NULL CHECK (state IN ('owed', 'asked', 'settled')),
  source TEXT CHECK (source IN ('commitment', 'query')), -- what settled it
  code TEXT, -- how the last attempt failed
  attempts INTEGER NOT NULL DEFAULT 0,
  due_at_ms INTEGER NOT NULL,
  requested_at_ms INTEGER NOT NULL,
  asked_at_ms INTEGER,
  settled_at_ms INTEGER,
  CHECK ((state = 'settled') = (settled_at_ms IS NOT NULL))
) STRICT;
CREATE INDEX commitment_requests_open ON commitment_requests (due_at_ms) WHERE settled_at_ms IS NULL;
CREATE INDEX commitment_requests_in_order ON commitment_requests (site_id, requested_at_ms, request_id);
CREATE INDEX commitment_requests_by_study ON commitment_requests (study_id) WHERE study_id IS NOT NULL;
CREATE TABLE commitment_instances (
  request_id TEXT NOT NULL REFERENCES commitment_requests (request_id),
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  sop_uid TEXT NOT NULL,
  sop_class_uid TEXT NOT NULL,
  digest TEXT NOT NULL REFERENCES objects (digest),
  failure INTEGER, -- Failure Reason (0008,1197) as answered, 0 for none; null until it is known
  PRIMARY KEY (request_id, sop_uid)
) STRICT, WITHOUT ROWID;

-- platform/objects, keeping watch: how far each walk over every object has come, and which objects are known to be damaged
CREATE TABLE object_passes (
  pass_seq INTEGER PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('verify', 'rewrap', 'reseal')),
  state TEXT NOT NULL CHECK (state IN ('running', 'finished')),
  place TEXT NOT NULL, -- the digest that was done last
  objects INTEGER NOT NULL, -- done so far
  bytes INTEGER NOT NULL,
  faults INTEGER NOT NULL,
  asked_by TEXT NOT NULL,
  started_at_ms INTEGER NOT NULL,
  finished_at_ms INTEGER,
  CHECK ((state = 'finished') = (finished_at_ms IS NOT NULL))
) STRICT;
CREATE INDEX object_passes_by_kind ON object_passes (kind, pass_seq);
CREATE TABLE damaged_objects (
  digest TEXT PRIMARY KEY REFERENCES objects (digest),
  condition TEXT NOT NULL CHECK (condition IN ('damaged', 'missing', 'key-unknown')),
  found_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- archive, retrieving: which studies people asked peers for, and how far each is; 'some-failed' and the like stand in code
CREATE TABLE retrievals (
  retrieval_id TEXT PRIMARY KEY,
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  peer_id TEXT NOT NULL REFERENCES peers (peer_id),
  study_uid TEXT NOT NULL,
  wanted_by TEXT NOT NULL CHECK (wanted_by IN ('automatic', 'c-get', 'c-move')), -- how it was asked for
  how TEXT CHECK (how IN ('c-get', 'c-move')), -- how it is done; null until that is known
  state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
  code TEXT, -- how the last attempt failed
  because TEXT NOT NULL,
  asked_by_kind TEXT NOT NULL CHECK (asked_by_kind IN ('user', 'service', 'peer')),
  asked_by TEXT NOT NULL,
  expected INTEGER, -- objects the peer says it has; null where it does not say
  completed INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  due_at_ms INTEGER NOT NULL,
  requested_at_ms INTEGER NOT NULL,
  started_at_ms INTEGER,
  ended_at_ms INTEGER,
  CHECK ((state IN ('queued', 'running')) = (ended_at_ms IS NULL))
) STRICT;
CREATE INDEX retrievals_due ON retrievals (due_at_ms, retrieval_id) WHERE state = 'queued';
CREATE INDEX retrievals_open ON retrievals (site_id, study_uid, peer_id) WHERE ended_at_ms IS NULL;
CREATE INDEX retrievals_in_order ON retrievals (site_id, requested_at_ms DESC, retrieval_id DESC);

-- archive, scale: a study's objects are counted, shown and hidden apart, without opening their rows
DROP INDEX instances_by_study;
CREATE INDEX instances_by_study ON instances (study_id, is_hidden);
-- Versions are written in the order they come: by their key each was a wide row in a page of its own, and each index carried the key.
CREATE TABLE instance_versions_next (
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  sop_uid TEXT NOT NULL,
  digest TEXT NOT NULL REFERENCES objects (digest),
  is_current INTEGER NOT NULL CHECK (is_current IN (0, 1)),
  instance_id TEXT NOT NULL REFERENCES instances (instance_id),
  sop_class_uid TEXT NOT NULL,
  transfer_syntax_uid TEXT NOT NULL,
  number INTEGER,
  frames INTEGER NOT NULL,
  attributes TEXT NOT NULL,
  study_revision INTEGER NOT NULL,
  peer_id TEXT REFERENCES peers (peer_id),
  received_at_ms INTEGER NOT NULL,
  differs TEXT, -- keywords (JSON) in which it is not as the version before; null for a first one
  frame_index BLOB, -- where each frame is in the data set; null: look into the file
  PRIMARY KEY (site_id, sop_uid, digest)
) STRICT;
INSERT INTO instance_versions_next
  SELECT site_id, sop_uid, digest, is_current, instance_id, sop_class_uid, transfer_syntax_uid, number, frames, attributes, study_revision,
         peer_id, received_at_ms, differs, frame_index FROM instance_versions;
DROP TABLE instance_versions;
ALTER TABLE instance_versions_next RENAME TO instance_versions;
CREATE INDEX instance_versions_by_arrival ON instance_versions (site_id, received_at_ms);
CREATE UNIQUE INDEX one_current_version ON instance_versions (instance_id) WHERE is_current = 1;

-- delivery, sending: who asked for it, where it goes, how much of it the peer took, and that a person may give it up
CREATE TABLE deliveries_next (
  delivery_id TEXT PRIMARY KEY,
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  study_id TEXT REFERENCES studies (study_id),
  study_revision INTEGER,
  destination TEXT NOT NULL, -- the peer's AE title, or the name of what is no DICOM peer
  peer_id TEXT REFERENCES peers (peer_id),
  kind TEXT NOT NULL,
  series_ids TEXT, -- chosen series (JSON); null is the whole study
  state TEXT NOT NULL CHECK (state IN ('queued', 'claimed', 'sent', 'held', 'delivered', 'rejected', 'cancelled')),
  attempts INTEGER NOT NULL DEFAULT 0, -- since a person last asked for it
  code TEXT, -- why the last attempt did not deliver all of it
  status INTEGER, -- the DIMSE status behind the code
  items INTEGER, -- objects that belong to it, as last counted
  sent INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  commitment_requests TEXT, -- ids (JSON) of the transactions that ask the peer to answer for it
  asked_by_kind TEXT NOT NULL DEFAULT 'service' CHECK (asked_by_kind IN ('user', 'service', 'peer')),
  asked_by TEXT NOT NULL DEFAULT 'station',
  queued_at_ms INTEGER NOT NULL,
  due_at_ms INTEGER NOT NULL DEFAULT 0,
  started_at_ms INTEGER,
  ended_at_ms INTEGER -- when it was delivered, rejected, held or cancelled
) STRICT;
INSERT INTO deliveries_next (delivery_id, site_id, study_id, study_revision, destination, kind, state, attempts, code, queued_at_ms)
  SELECT delivery_id, site_id, study_id, study_revision, destination, kind, state, attempts, code, queued_at_ms FROM deliveries;
DROP TABLE deliveries;
ALTER TABLE deliveries_next RENAME TO deliveries;
CREATE INDEX deliveries_by_state ON deliveries (state, queued_at_ms);
CREATE INDEX deliveries_in_order ON deliveries (queued_at_ms);
CREATE INDEX deliveries_due ON deliveries (due_at_ms, delivery_id) WHERE state = 'queued';
CREATE INDEX deliveries_open ON deliveries (study_id, peer_id) WHERE state IN ('queued', 'claimed', 'sent', 'held');
-- what the peer said of each object; one that is not here was not sent yet, and C-STORE deduplicates
CREATE TABLE delivery_items (
  delivery_id TEXT NOT NULL REFERENCES deliveries (delivery_id),
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  sop_uid TEXT NOT NULL,
  digest TEXT NOT NULL REFERENCES objects (digest),
  state TEXT NOT NULL CHECK (state IN ('sent', 'refused')),
  status INTEGER, -- null: the peer takes none of its class
  PRIMARY KEY (delivery_id, sop_uid)
) STRICT, WITHOUT ROWID;
CREATE INDEX retrievals_by_study ON retrievals (site_id, study_uid, requested_at_ms);

-- archive, media: what people brought in from files, ZIPs and media, and what they wrote to folders
CREATE TABLE imports (
  import_id TEXT PRIMARY KEY,
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  source TEXT NOT NULL CHECK (source IN ('upload', 'folder')),
  place TEXT, -- the configured folder's name and the path in it
  state TEXT NOT NULL CHECK (state IN ('running', 'done', 'cancelled', 'failed')),
  code TEXT,
  asked_by_kind TEXT NOT NULL CHECK (asked_by_kind IN ('user', 'service', 'peer')),
  asked_by TEXT NOT NULL,
  found INTEGER NOT NULL DEFAULT 0,
  stored INTEGER NOT NULL DEFAULT 0,
  duplicates INTEGER NOT NULL DEFAULT 0,
  quarantined INTEGER NOT NULL DEFAULT 0,
  not_dicom INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  started_at_ms INTEGER NOT NULL,
  ended_at_ms INTEGER,
  CHECK ((source = 'folder') = (place IS NOT NULL)),
  CHECK ((state = 'running') = (ended_at_ms IS NULL))
) STRICT;
CREATE INDEX imports_in_order ON imports (site_id, started_at_ms DESC, import_id DESC);
CREATE INDEX imports_running ON imports (import_id) WHERE state = 'running';
CREATE TABLE import_studies (
  import_id TEXT NOT NULL REFERENCES imports (import_id),
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  study_uid TEXT NOT NULL,
  stored INTEGER NOT NULL,
  duplicates INTEGER NOT NULL,
  quarantined INTEGER NOT NULL,
  PRIMARY KEY (import_id, study_uid)
) STRICT, WITHOUT ROWID;
CREATE TABLE import_refusals (
  import_id TEXT NOT NULL REFERENCES imports (import_id),
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  ordinal INTEGER NOT NULL,
  name TEXT NOT NULL, -- the file's path as it came
  code TEXT NOT NULL,
  PRIMARY KEY (import_id, ordinal)
) STRICT, WITHOUT ROWID;
CREATE TABLE exports (
  export_id TEXT PRIMARY KEY,
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  study_id TEXT NOT NULL REFERENCES studies (study_id),
  form TEXT NOT NULL CHECK (form IN ('files', 'dicomdir')),
  folder TEXT NOT NULL, -- the configured folder's name
  name TEXT NOT NULL, -- of what is made in it
  state TEXT NOT NULL CHECK (state IN ('running', 'done', 'cancelled', 'failed')),
  code TEXT,
  total INTEGER NOT NULL,
  written INTEGER NOT NULL DEFAULT 0,
  missing INTEGER NOT NULL DEFAULT 0,
  asked_by_kind TEXT NOT NULL CHECK (asked_by_kind IN ('user', 'service', 'peer')),
  asked_by TEXT NOT NULL,
  started_at_ms INTEGER NOT NULL,
  ended_at_ms INTEGER,
  CHECK ((state = 'running') = (ended_at_ms IS NULL))
) STRICT;
CREATE INDEX exports_in_order ON exports (site_id, started_at_ms DESC, export_id DESC);
CREATE INDEX exports_running ON exports (export_id) WHERE state = 'running';

-- archive, completeness: studies of which the archive that sent them is to be asked how many instances it has
CREATE TABLE sender_counts (
  study_id TEXT NOT NULL REFERENCES studies (study_id),
  peer_id TEXT NOT NULL REFERENCES peers (peer_id),
  attempts INTEGER NOT NULL DEFAULT 0,
  due_at_ms INTEGER NOT NULL,
  PRIMARY KEY (study_id, peer_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX sender_counts_due ON sender_counts (due_at_ms);

-- what leaves names whom it is of now: which correction an object left under, so that one taken under another patient is sent anew
ALTER TABLE delivery_items ADD COLUMN corrected_at_ms INTEGER; -- null: as it was received

-- archive, keeping: a deletion that a stop cut short is found again, and who counts on an object in any site's quarantine
CREATE INDEX studies_half_deleted ON studies (site_id, study_id) WHERE deleted_at_ms IS NOT NULL AND evicted_at_ms IS NULL;
CREATE INDEX quarantine_by_digest ON quarantine (digest);

-- archive, correcting: what a rejection note hides it hides in the study that it names
ALTER TABLE hidden_marks ADD COLUMN study_uid TEXT; -- null: wherever it is

-- delivery, waiting: what each destination has not taken yet, for the connection strip
CREATE INDEX deliveries_waiting ON deliveries (peer_id, state) WHERE state IN ('queued', 'claimed', 'sent', 'held');

-- archive and ledger, cost of an instance: each index that a new object touches is a page more to write with it
DROP INDEX studies_by_arrival; -- versions know when the last came
-- Nearly all events are of this one kind: whoever looks for them walks the ledger itself.
DROP INDEX events_by_kind;
CREATE INDEX events_by_kind ON events (kind, seq) WHERE kind <> 'instance-received';

-- archive, intent: why a study is not new, and how old a new study of a peer may be
ALTER TABLE studies ADD COLUMN intent_because TEXT CHECK (intent_because IN ('as-sent', 'fetched', 'study-date')); -- null: new, or of before
ALTER TABLE peers ADD COLUMN new_within_days INTEGER CHECK (new_within_days > 0); -- null: its studies' age is not asked

-- archive, versions: which of them a peer can have meant, under which correction it has it, and what pixels one carried that was let go
ALTER TABLE commitment_instances ADD COLUMN is_taken INTEGER NOT NULL DEFAULT 0 CHECK (is_taken IN (0, 1)); -- it took this very version from us
ALTER TABLE commitment_instances ADD COLUMN corrected_at_ms INTEGER; -- the correction under which it took it; null: as it was received
ALTER TABLE archive_proofs ADD COLUMN corrected_at_ms INTEGER; -- the correction under which it is there; null: as it was received
ALTER TABLE archive_proofs ADD COLUMN withdrawn_at_ms INTEGER; -- it was there and may be no more; null: it counts
CREATE TABLE pixels_let_go (
  digest TEXT PRIMARY KEY REFERENCES objects (digest),
  stored TEXT NOT NULL, -- digest of the pixel bytes in their form; of what has none, of all its attributes
  decoded TEXT -- digest of the frames' samples; null where they were not kept without loss, or cannot be told
) STRICT, WITHOUT ROWID;
ALTER TABLE peers ADD COLUMN issuer_of_patient_id TEXT; -- of numbers it sends without one; null: the site's

-- archive, imports: how often a folder was gone on with after a restart, since a person last asked for it
ALTER TABLE imports ADD COLUMN resumed INTEGER NOT NULL DEFAULT 0;

-- archive, keeping: records that no study stands behind, oldest first
CREATE INDEX performed_steps_by_age ON performed_steps (site_id, started_at_ms);
CREATE INDEX availability_notices_by_age ON availability_notices (site_id, received_at_ms);

-- archive, retrieving: when an attempt was last broken off; whoever was moving the study may send on for a while
ALTER TABLE retrievals ADD COLUMN broken_off_at_ms INTEGER;

-- archive, identity: who issued the patient's number, where an object of the study says so; the first of them counts
ALTER TABLE studies ADD COLUMN stated_issuer TEXT; -- null: none said
`,
};
