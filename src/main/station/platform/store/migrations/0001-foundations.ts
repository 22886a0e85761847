import type { Migration } from '../migrate.ts';

/** The ledger, and every decision that would be dear to change later (docs/decisions/0003-first-migration.md). */
export const foundations: Migration = {
  name: 'foundations',
  sql: `
-- platform/store
CREATE TABLE station_facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

-- platform/ledger: the hash covers the payload's digest, so a payload can be erased without breaking the chain
CREATE TABLE events (
  seq INTEGER PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  site_id TEXT,
  kind TEXT NOT NULL,
  payload_version INTEGER NOT NULL,
  study_id TEXT,
  patient_id TEXT,
  actor_kind TEXT NOT NULL CHECK (actor_kind IN ('user', 'service', 'peer')),
  actor_id TEXT NOT NULL,
  correlation_id TEXT NOT NULL,
  payload_digest BLOB NOT NULL,
  prev_hash BLOB NOT NULL,
  hash BLOB NOT NULL
) STRICT;
CREATE INDEX events_by_study ON events (study_id, seq) WHERE study_id IS NOT NULL;
CREATE INDEX events_by_kind ON events (kind, seq);
CREATE INDEX events_by_actor ON events (actor_id, seq);
CREATE TABLE event_payloads (
  seq INTEGER PRIMARY KEY REFERENCES events (seq),
  payload TEXT,
  erased_at_ms INTEGER,
  CHECK ((payload IS NULL) = (erased_at_ms IS NOT NULL))
) STRICT;
CREATE TABLE cursors (
  consumer TEXT PRIMARY KEY,
  seq INTEGER NOT NULL,
  failures INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE parked_events (
  consumer TEXT NOT NULL,
  seq INTEGER NOT NULL REFERENCES events (seq),
  incident_id TEXT NOT NULL,
  parked_at_ms INTEGER NOT NULL,
  PRIMARY KEY (consumer, seq)
) STRICT;

-- platform/jobs
CREATE TABLE jobs (
  kind TEXT NOT NULL,
  subject_id TEXT NOT NULL,
  site_id TEXT NOT NULL,
  due_at_ms INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (kind, subject_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX jobs_by_due ON jobs (due_at_ms);

-- platform/objects: file names come from digests; the digest covers transfer syntax and data-set bytes, not the file meta header
CREATE TABLE objects (
  digest TEXT PRIMARY KEY,
  encoding TEXT NOT NULL CHECK (encoding IN ('plain', 'aes-256-gcm-chunked-v1')),
  size_bytes INTEGER NOT NULL,
  body_offset INTEGER NOT NULL,
  stored_at_ms INTEGER NOT NULL
) STRICT;

-- access: a site is a tenant
CREATE TABLE sites (
  site_id TEXT PRIMARY KEY,
  code TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  zone TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE users (
  user_id TEXT PRIMARY KEY,
  username TEXT NOT NULL UNIQUE COLLATE NOCASE,
  display_name TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('active', 'must-change-password', 'disabled')),
  created_at_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE user_roles (
  user_id TEXT NOT NULL REFERENCES users (user_id),
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  role TEXT NOT NULL,
  PRIMARY KEY (user_id, site_id, role)
) STRICT, WITHOUT ROWID;
CREATE TABLE sessions (
  token_digest BLOB PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (user_id),
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  kind TEXT NOT NULL CHECK (kind IN ('page', 'service')),
  created_at_ms INTEGER NOT NULL,
  last_seen_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  ended_at_ms INTEGER
) STRICT;
CREATE INDEX sessions_by_user ON sessions (user_id, expires_at_ms);

-- archive
CREATE TABLE peers (
  peer_id TEXT PRIMARY KEY,
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  ae_title TEXT NOT NULL,
  address TEXT NOT NULL,
  called_ae_title TEXT NOT NULL,
  intent TEXT NOT NULL CHECK (intent IN ('new', 'comparison')),
  state TEXT NOT NULL CHECK (state IN ('active', 'retired')),
  UNIQUE (site_id, ae_title, address, called_ae_title)
) STRICT;
CREATE TABLE associations (
  association_id TEXT PRIMARY KEY,
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  peer_id TEXT NOT NULL REFERENCES peers (peer_id),
  intent TEXT NOT NULL CHECK (intent IN ('new', 'comparison')),
  opened_at_ms INTEGER NOT NULL,
  ended_at_ms INTEGER,
  state TEXT NOT NULL CHECK (state IN ('open', 'released', 'aborted', 'failed'))
) STRICT;
CREATE TABLE patients (
  patient_id TEXT PRIMARY KEY,
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  identity_version INTEGER NOT NULL DEFAULT 1,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  birth_date_raw TEXT,
  sex TEXT
) STRICT;
CREATE TABLE patient_identifiers (
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  value TEXT NOT NULL,
  issuer TEXT NOT NULL,
  type TEXT NOT NULL,
  disputed_in TEXT NOT NULL DEFAULT '', -- the only study UID in which this number counts, where somebody else had it first
  patient_id TEXT NOT NULL REFERENCES patients (patient_id),
  PRIMARY KEY (site_id, value, issuer, type, disputed_in)
) STRICT, WITHOUT ROWID;
CREATE INDEX patient_identifiers_by_patient ON patient_identifiers (patient_id);
CREATE TABLE patient_links (
  link_id TEXT PRIMARY KEY,
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  from_patient_id TEXT NOT NULL REFERENCES patients (patient_id),
  to_patient_id TEXT NOT NULL REFERENCES patients (patient_id),
  linked_at_ms INTEGER NOT NULL,
  undone_at_ms INTEGER
) STRICT;
CREATE TABLE studies (
  study_id TEXT PRIMARY KEY,
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  study_uid TEXT NOT NULL,
  patient_id TEXT NOT NULL REFERENCES patients (patient_id),
  stated_name TEXT NOT NULL DEFAULT '', -- as its own objects name the patient, each value from the first that states it
  stated_birth_date_raw TEXT,
  stated_sex TEXT,
  is_stated_otherwise INTEGER NOT NULL DEFAULT 0 CHECK (is_stated_otherwise IN (0, 1)), -- its objects disagree, or differ from the patient
  correlation_id TEXT NOT NULL,
  intent TEXT NOT NULL CHECK (intent IN ('new', 'comparison', 'own')),
  study_revision INTEGER NOT NULL,
  accession TEXT,
  accession_issuer TEXT,
  description TEXT,
  modality TEXT NOT NULL,
  body_part TEXT,
  laterality TEXT,
  referring_physician TEXT,
  dicom_study_id TEXT,
  date_raw TEXT,
  time_raw TEXT,
  zone_offset_raw TEXT,
  zone_source TEXT NOT NULL CHECK (zone_source IN ('object', 'site')),
  received_at_ms INTEGER NOT NULL,
  last_received_at_ms INTEGER NOT NULL,
  completeness TEXT NOT NULL CHECK (completeness IN ('receiving', 'complete', 'assumed')),
  complete_at_ms INTEGER,
  complete_revision INTEGER,
  evidence TEXT,
  UNIQUE (site_id, study_uid)
) STRICT;
CREATE INDEX studies_by_arrival ON studies (site_id, last_received_at_ms);
CREATE INDEX studies_by_patient ON studies (patient_id, received_at_ms);
CREATE INDEX studies_by_accession ON studies (site_id, accession) WHERE accession IS NOT NULL;
CREATE TABLE series (
  series_id TEXT PRIMARY KEY,
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  study_id TEXT NOT NULL REFERENCES studies (study_id),
  series_uid TEXT NOT NULL,
  modality TEXT NOT NULL,
  number INTEGER,
  description TEXT,
  body_part TEXT,
  UNIQUE (study_id, series_uid)
) STRICT;
CREATE TABLE instances (
  instance_id TEXT PRIMARY KEY,
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  study_id TEXT NOT NULL REFERENCES studies (study_id),
  series_id TEXT NOT NULL REFERENCES series (series_id),
  sop_uid TEXT NOT NULL,
  UNIQUE (site_id, sop_uid)
) STRICT;
CREATE INDEX instances_by_series ON instances (series_id);
CREATE INDEX instances_by_study ON instances (study_id);
CREATE TABLE instance_versions (
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
  PRIMARY KEY (site_id, sop_uid, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX instance_versions_by_arrival ON instance_versions (site_id, received_at_ms);
CREATE UNIQUE INDEX one_current_version ON instance_versions (instance_id) WHERE is_current = 1;
CREATE TABLE study_associations (
  study_id TEXT NOT NULL REFERENCES studies (study_id),
  association_id TEXT NOT NULL REFERENCES associations (association_id),
  PRIMARY KEY (study_id, association_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX study_associations_by_association ON study_associations (association_id);
CREATE TABLE study_expectations (
  study_id TEXT NOT NULL REFERENCES studies (study_id),
  source TEXT NOT NULL,
  instances INTEGER NOT NULL,
  expected_at_ms INTEGER NOT NULL,
  PRIMARY KEY (study_id, source)
) STRICT, WITHOUT ROWID;
CREATE TABLE study_holds (
  study_id TEXT NOT NULL REFERENCES studies (study_id),
  holder TEXT NOT NULL,
  reason TEXT NOT NULL,
  placed_at_ms INTEGER NOT NULL,
  PRIMARY KEY (study_id, holder)
) STRICT, WITHOUT ROWID;
CREATE TABLE quarantine (
  quarantine_id TEXT PRIMARY KEY,
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  digest TEXT NOT NULL REFERENCES objects (digest),
  reason TEXT NOT NULL CHECK (reason IN ('unreadable', 'uids-disagree-with-command', 'same-uid-other-pixels', 'same-uid-other-patient', 'same-uid-other-study', 'identifiers-missing')),
  state TEXT NOT NULL CHECK (state IN ('held', 'released', 'discarded')),
  sop_uid TEXT,
  study_id TEXT REFERENCES studies (study_id),
  peer_id TEXT REFERENCES peers (peer_id),
  received_at_ms INTEGER NOT NULL,
  UNIQUE (site_id, digest, reason)
) STRICT;
CREATE INDEX quarantine_by_study ON quarantine (study_id) WHERE study_id IS NOT NULL;

-- orders: many-to-many with studies
CREATE TABLE orders (
  order_id TEXT PRIMARY KEY,
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  patient_id TEXT REFERENCES patients (patient_id),
  accession TEXT NOT NULL,
  accession_issuer TEXT NOT NULL,
  priority TEXT,
  location TEXT,
  indication TEXT,
  ordered_at_ms INTEGER NOT NULL,
  UNIQUE (site_id, accession, accession_issuer)
) STRICT;
CREATE TABLE order_studies (
  order_id TEXT NOT NULL REFERENCES orders (order_id),
  study_id TEXT NOT NULL REFERENCES studies (study_id),
  linked_at_ms INTEGER NOT NULL,
  undone_at_ms INTEGER,
  PRIMARY KEY (order_id, study_id)
) STRICT, WITHOUT ROWID;

-- inference
-- a model is known by its package's digest: of the manifest, which names the file's; an edited manifest is another model
CREATE TABLE models (
  digest TEXT PRIMARY KEY,
  model_id TEXT NOT NULL,
  version TEXT NOT NULL,
  clinical_use TEXT NOT NULL,
  manifest TEXT NOT NULL,
  package_path TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('installed', 'verified', 'broken', 'gone')),
  installed_at_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE model_exposures (
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  digest TEXT NOT NULL REFERENCES models (digest),
  stage TEXT NOT NULL CHECK (stage IN ('silent', 'pilot', 'general', 'suspended', 'retired')),
  exposed_by TEXT NOT NULL,
  exposed_at_ms INTEGER NOT NULL,
  PRIMARY KEY (site_id, digest)
) STRICT, WITHOUT ROWID;
-- one row: whether models for no clinical use may show what they say
CREATE TABLE inference_setting (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  is_demo INTEGER NOT NULL CHECK (is_demo IN (0, 1))
) STRICT;
CREATE TABLE runs (
  run_id TEXT PRIMARY KEY,
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  study_id TEXT NOT NULL REFERENCES studies (study_id),
  study_revision INTEGER NOT NULL,
  model_digest TEXT NOT NULL REFERENCES models (digest),
  series_id TEXT NOT NULL REFERENCES series (series_id),
  stage TEXT NOT NULL CHECK (stage IN ('silent', 'pilot', 'general', 'suspended', 'retired')),
  state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'finished', 'failed', 'superseded')),
  reason TEXT,
  is_late INTEGER NOT NULL DEFAULT 0 CHECK (is_late IN (0, 1)),
  attempts INTEGER NOT NULL DEFAULT 0,
  provider TEXT,
  queued_at_ms INTEGER NOT NULL,
  started_at_ms INTEGER,
  finished_at_ms INTEGER,
  series_choice TEXT NOT NULL,
  receipt TEXT,
  UNIQUE (study_id, study_revision, model_digest, series_id),
  CHECK ((state = 'finished') = (receipt IS NOT NULL) OR state = 'superseded'),
  CHECK (state <> 'failed' OR reason IS NOT NULL)
) STRICT;
CREATE INDEX runs_by_state ON runs (state, queued_at_ms);
CREATE INDEX runs_by_study ON runs (study_id, study_revision);
CREATE TABLE study_applicability (
  study_id TEXT PRIMARY KEY REFERENCES studies (study_id),
  study_revision INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('no-model', 'no-eligible-series', 'eligible'))
) STRICT;
-- what each model made of a study's series at a revision, whether or not it was owed a run
CREATE TABLE model_applicability (
  study_id TEXT NOT NULL REFERENCES studies (study_id),
  digest TEXT NOT NULL REFERENCES models (digest),
  study_revision INTEGER NOT NULL,
  stage TEXT NOT NULL CHECK (stage IN ('silent', 'pilot', 'general')),
  state TEXT NOT NULL CHECK (state IN ('no-model', 'no-eligible-series', 'eligible')),
  eligible_series INTEGER NOT NULL,
  PRIMARY KEY (study_id, digest)
) STRICT, WITHOUT ROWID;
CREATE TABLE findings (
  finding_id TEXT PRIMARY KEY,
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  study_id TEXT NOT NULL REFERENCES studies (study_id),
  study_revision INTEGER NOT NULL,
  run_id TEXT NOT NULL REFERENCES runs (run_id),
  series_id TEXT NOT NULL REFERENCES series (series_id),
  state TEXT NOT NULL CHECK (state IN ('unverified', 'accepted', 'modified', 'rejected', 'superseded')),
  label_code TEXT NOT NULL,
  label_scheme TEXT NOT NULL,
  label_display TEXT NOT NULL,
  acr_category INTEGER NOT NULL CHECK (acr_category IN (1, 2, 3)),
  score REAL NOT NULL,
  threshold REAL NOT NULL,
  uses TEXT NOT NULL,
  measurements TEXT NOT NULL,
  key_image TEXT,
  mask TEXT
) STRICT;
CREATE INDEX findings_by_study ON findings (study_id);
CREATE INDEX findings_by_run ON findings (run_id);

-- triage
CREATE TABLE study_urgency (
  study_id TEXT PRIMARY KEY REFERENCES studies (study_id),
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  level TEXT NOT NULL CHECK (level IN ('critical', 'urgent', 'routine')),
  standing TEXT NOT NULL CHECK (standing IN ('ordinary', 'suspected', 'confirmed')),
  service_level TEXT NOT NULL CHECK (service_level IN ('critical', 'stat-or-emergency', 'inpatient', 'outpatient', 'screening')),
  set_at_ms INTEGER NOT NULL,
  counts_from_ms INTEGER NOT NULL, -- images complete, or a person's word that made the study new
  open_by_at_ms INTEGER,
  report_by_at_ms INTEGER,
  reasons TEXT NOT NULL
) STRICT;

-- reading: a report covers one or more (study, accession) pairs of one patient
CREATE TABLE study_openings (
  study_id TEXT NOT NULL REFERENCES studies (study_id),
  user_id TEXT NOT NULL REFERENCES users (user_id),
  study_revision INTEGER NOT NULL,
  opened_at_ms INTEGER NOT NULL,
  PRIMARY KEY (study_id, user_id, study_revision)
) STRICT, WITHOUT ROWID;
CREATE TABLE finding_decisions (
  decision_id TEXT PRIMARY KEY,
  finding_id TEXT NOT NULL REFERENCES findings (finding_id),
  study_revision INTEGER NOT NULL,
  decision TEXT NOT NULL CHECK (decision IN ('accepted', 'modified', 'rejected', 'withdrawn')),
  reason TEXT,
  decided_by TEXT NOT NULL REFERENCES users (user_id),
  decided_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX finding_decisions_by_finding ON finding_decisions (finding_id);
CREATE TABLE reports (
  report_id TEXT PRIMARY KEY,
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  patient_id TEXT NOT NULL REFERENCES patients (patient_id),
  state TEXT NOT NULL CHECK (state IN ('draft', 'preliminary', 'final', 'addended')),
  signed_by TEXT REFERENCES users (user_id),
  signed_at_ms INTEGER,
  CHECK (state = 'draft' OR (signed_by IS NOT NULL AND signed_at_ms IS NOT NULL))
) STRICT;
CREATE TABLE report_studies (
  report_id TEXT NOT NULL REFERENCES reports (report_id),
  study_id TEXT NOT NULL REFERENCES studies (study_id),
  accession TEXT NOT NULL,
  study_revision INTEGER NOT NULL,
  PRIMARY KEY (report_id, study_id, accession)
) STRICT, WITHOUT ROWID;
CREATE INDEX report_studies_by_study ON report_studies (study_id);

-- worklist: a projection; open and archived rows are apart, order is the stored key
CREATE TABLE open_studies (
  study_id TEXT PRIMARY KEY,
  site_id TEXT NOT NULL,
  urgency_rank INTEGER NOT NULL,
  due_at_ms INTEGER NOT NULL,
  name_key TEXT NOT NULL,
  family_birth_key TEXT NOT NULL,
  patient_id TEXT NOT NULL,
  search_text TEXT NOT NULL,
  intent TEXT NOT NULL,
  completeness TEXT NOT NULL,
  ai_state TEXT NOT NULL,
  is_opened INTEGER NOT NULL CHECK (is_opened IN (0, 1)),
  row TEXT NOT NULL
) STRICT;
-- Behind the order stands what search and the common filters ask of a row, so that they pass over it without opening it.
CREATE INDEX open_studies_in_order ON open_studies (urgency_rank, due_at_ms, study_id, site_id, intent, is_opened, search_text);
-- What few rows are has its own short way, in the same order.
CREATE INDEX open_studies_flagged ON open_studies (urgency_rank, due_at_ms, study_id) WHERE intent = 'new' AND ai_state = 'flagged';
CREATE INDEX open_studies_not_run ON open_studies (urgency_rank, due_at_ms, study_id) WHERE intent = 'new' AND ai_state = 'not-run';
CREATE INDEX open_studies_receiving ON open_studies (urgency_rank, due_at_ms, study_id) WHERE intent = 'new' AND completeness = 'receiving';
CREATE INDEX open_studies_comparison ON open_studies (urgency_rank, due_at_ms, study_id) WHERE intent <> 'new';
CREATE INDEX open_studies_counted ON open_studies (site_id, intent, urgency_rank, is_opened, ai_state, completeness);
CREATE INDEX open_studies_by_name ON open_studies (site_id, name_key, patient_id);
CREATE INDEX open_studies_by_family_and_birth ON open_studies (site_id, family_birth_key, patient_id);
CREATE TABLE archived_studies (
  study_id TEXT PRIMARY KEY,
  site_id TEXT NOT NULL,
  archived_at_ms INTEGER NOT NULL,
  search_text TEXT NOT NULL,
  row TEXT NOT NULL
) STRICT;
CREATE INDEX archived_studies_in_order ON archived_studies (archived_at_ms, study_id);

-- delivery
CREATE TABLE deliveries (
  delivery_id TEXT PRIMARY KEY,
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  study_id TEXT REFERENCES studies (study_id),
  study_revision INTEGER,
  destination TEXT NOT NULL,
  kind TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('queued', 'claimed', 'sent', 'held', 'delivered', 'rejected')),
  attempts INTEGER NOT NULL DEFAULT 0,
  code TEXT,
  queued_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX deliveries_by_state ON deliveries (state, queued_at_ms);
CREATE INDEX deliveries_in_order ON deliveries (queued_at_ms);
`,
};
