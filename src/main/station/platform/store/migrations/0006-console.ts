import type { Migration } from '../migrate.ts';

/** What a list of studies is narrowed by; it stands behind every order of one. */
const NARROWED_BY =
  'site_id, intent, is_opened, ai_state, completeness, in_pacs, report, modality, body_part, service_level, order_priority, age_years, exam_at, reader_id';

/** One row more or less among its like. */
const tally = (row: 'old' | 'new', by: 1 | -1): string => `
  INSERT INTO worklist_tallies VALUES ('open', ${row}.site_id, ${row}.intent, ${row}.urgency_rank, ${row}.is_opened, ${row}.ai_state, ${row}.completeness, ${row}.in_pacs, ${by})
  ON CONFLICT DO UPDATE SET rows = rows + excluded.rows;`;

/** What the console came to need; a section for each capability. */
export const forTheConsole: Migration = {
  name: 'console',
  sql: `
-- inference, corrected patients: a study that was given to somebody else is read anew by models that are told of the patient, at the
-- same revision. The table is made anew because its key grows by the round; what refers to it goes by its name.
CREATE TABLE runs_anew (
  run_id TEXT PRIMARY KEY,
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  study_id TEXT NOT NULL REFERENCES studies (study_id),
  study_revision INTEGER NOT NULL,
  model_digest TEXT NOT NULL REFERENCES models (digest),
  series_id TEXT NOT NULL REFERENCES series (series_id),
  round INTEGER NOT NULL DEFAULT 0, -- how often its model was owed it anew at this revision, because the patient is another
  stage TEXT NOT NULL CHECK (stage IN ('silent', 'pilot', 'general', 'suspended', 'retired')),
  audience TEXT,
  state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'finished', 'failed', 'superseded')),
  reason TEXT,
  is_early INTEGER NOT NULL DEFAULT 0 CHECK (is_early IN (0, 1)),
  is_late INTEGER NOT NULL DEFAULT 0 CHECK (is_late IN (0, 1)),
  is_resting INTEGER NOT NULL DEFAULT 0 CHECK (is_resting IN (0, 1)),
  waits_for_feeds INTEGER NOT NULL DEFAULT 0 CHECK (waits_for_feeds IN (0, 1)),
  attempts INTEGER NOT NULL DEFAULT 0,
  preemptions INTEGER NOT NULL DEFAULT 0,
  lane INTEGER NOT NULL DEFAULT 2 CHECK (lane BETWEEN 0 AND 3), -- 0 STAT, 1 urgent, 2 routine, 3 silent
  cost INTEGER NOT NULL DEFAULT 3 CHECK (cost BETWEEN 1 AND 4), -- the most urgent category the model may flag; 4 none
  turn_at_ms INTEGER NOT NULL DEFAULT 0, -- since when it waits for this turn
  provider TEXT,
  queued_at_ms INTEGER NOT NULL,
  started_at_ms INTEGER,
  finished_at_ms INTEGER,
  told_patient TEXT NOT NULL DEFAULT '', -- JSON: age and sex in the place of what the objects say; empty: what they say
  series_choice TEXT NOT NULL,
  other_series TEXT NOT NULL DEFAULT '[]',
  refused_series TEXT NOT NULL DEFAULT '[]',
  receipt TEXT,
  carried_from TEXT REFERENCES runs (run_id), -- the run that was computed, where this one was not
  UNIQUE (study_id, study_revision, model_digest, series_id, round),
  CHECK ((state = 'finished') = (receipt IS NOT NULL) OR state = 'superseded'),
  CHECK (state <> 'failed' OR reason IS NOT NULL)
) STRICT;
INSERT INTO runs_anew (run_id, site_id, study_id, study_revision, model_digest, series_id, stage, audience, state, reason, is_early, is_late,
                       is_resting, waits_for_feeds, attempts, preemptions, lane, cost, turn_at_ms, provider, queued_at_ms, started_at_ms,
                       finished_at_ms, series_choice, other_series, refused_series, receipt, carried_from)
SELECT run_id, site_id, study_id, study_revision, model_digest, series_id, stage, audience, state, reason, is_early, is_late,
       is_resting, waits_for_feeds, attempts, preemptions, lane, cost, turn_at_ms, provider, queued_at_ms, started_at_ms,
       finished_at_ms, series_choice, other_series, refused_series, receipt, carried_from FROM runs;
DROP TABLE runs;
ALTER TABLE runs_anew RENAME TO runs;
CREATE INDEX runs_by_state ON runs (state, queued_at_ms);
CREATE INDEX runs_by_study ON runs (study_id, study_revision);
CREATE INDEX runs_by_model ON runs (site_id, model_digest, queued_at_ms, run_id);
CREATE INDEX runs_not_run ON runs (site_id, model_digest, queued_at_ms, run_id) WHERE state = 'failed';
CREATE INDEX runs_not_run_because ON runs (site_id, model_digest, reason, queued_at_ms, run_id) WHERE state = 'failed';
CREATE INDEX runs_in_turn ON runs (model_digest, lane, cost, turn_at_ms, run_id) WHERE state = 'queued' AND is_resting = 0;
CREATE INDEX runs_waiting_longest ON runs (model_digest, turn_at_ms, run_id) WHERE state = 'queued' AND is_resting = 0 AND lane < 3;
CREATE INDEX runs_paused ON runs (model_digest, lane, cost, turn_at_ms) WHERE state = 'failed' AND reason = 'model-paused';
CREATE INDEX runs_to_settle ON runs (site_id, model_digest, state, run_id) WHERE state IN ('queued', 'running');
CREATE INDEX runs_waiting_for_feeds ON runs (run_id) WHERE waits_for_feeds = 1 AND state = 'queued';
CREATE INDEX runs_without_feed ON runs (run_id) WHERE state = 'failed' AND reason = 'feed-not-run';
-- inference, governing: what a version said silently, newest first, without the rows that receipts stand in
CREATE INDEX runs_said_silently ON runs (site_id, model_digest, queued_at_ms, run_id, study_id, finished_at_ms)
 WHERE stage = 'silent' AND state = 'finished';
-- archive, deleting: an instance goes only where no version is of it any more, which is asked at each; without this all versions were read
CREATE INDEX instance_versions_by_instance ON instance_versions (instance_id);
-- triage: what a site's medical lead signs, version by version; one in force and one proposed of each kind
CREATE TABLE triage_sets (
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  kind TEXT NOT NULL CHECK (kind IN ('policy', 'rules')),
  version INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('proposed', 'current', 'replaced', 'withdrawn')),
  body TEXT NOT NULL,
  restores INTEGER, -- the version that it brings back as it was
  reason TEXT NOT NULL,
  proposed_by TEXT NOT NULL REFERENCES users (user_id),
  proposed_at_ms INTEGER NOT NULL,
  signed_by TEXT REFERENCES users (user_id),
  signed_at_ms INTEGER,
  PRIMARY KEY (site_id, kind, version),
  CHECK ((state IN ('current', 'replaced')) = (signed_by IS NOT NULL)),
  CHECK ((signed_by IS NULL) = (signed_at_ms IS NULL))
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX one_current_triage_set ON triage_sets (site_id, kind) WHERE state = 'current';
CREATE UNIQUE INDEX one_proposed_triage_set ON triage_sets (site_id, kind) WHERE state = 'proposed';
-- triage: who or what asked for which class of a study, and when: from these the list can be worked anew without one of them
CREATE TABLE urgency_asks (
  study_id TEXT NOT NULL REFERENCES studies (study_id),
  ask TEXT NOT NULL, -- what is asked once: 'placed', a run, a rule's version at a revision, a person's word, a limit
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  asked_at_ms INTEGER NOT NULL,
  cause TEXT NOT NULL CHECK (cause IN ('placed', 'ai', 'rule', 'person', 'limit')),
  source TEXT, -- the model's digest, the rule's id or the person
  level TEXT NOT NULL CHECK (level IN ('critical', 'urgent', 'routine')),
  study_revision INTEGER NOT NULL,
  false_share REAL, -- of an AI's ask that raised: how many of its model's flags are expected to be wrong; null where nobody measured
  said TEXT, -- a person's reason
  PRIMARY KEY (study_id, ask)
) STRICT, WITHOUT ROWID;
CREATE INDEX urgency_asks_by_time ON urgency_asks (site_id, asked_at_ms) WHERE false_share IS NOT NULL;
-- triage: when a reader first opened a study; the wait ends with it
CREATE TABLE first_openings (
  study_id TEXT PRIMARY KEY REFERENCES studies (study_id),
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  opened_at_ms INTEGER NOT NULL
) STRICT;
INSERT INTO first_openings SELECT o.study_id, s.site_id, min(o.opened_at_ms) FROM study_openings o JOIN studies s ON s.study_id = o.study_id GROUP BY o.study_id;
CREATE INDEX first_openings_by_time ON first_openings (site_id, opened_at_ms);
-- triage: rules that could not be asked of a study, with the last reason
CREATE TABLE rule_failures (
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  rule_id TEXT NOT NULL,
  study_id TEXT NOT NULL REFERENCES studies (study_id),
  version INTEGER NOT NULL,
  code TEXT NOT NULL CHECK (code IN ('value-missing', 'failed')),
  failed_at_ms INTEGER NOT NULL,
  PRIMARY KEY (site_id, rule_id, study_id)
) STRICT, WITHOUT ROWID;
ALTER TABLE study_urgency ADD COLUMN is_waiting INTEGER NOT NULL DEFAULT 1 CHECK (is_waiting IN (0, 1)); -- no reader opened it
ALTER TABLE study_urgency ADD COLUMN limit_at_ms INTEGER; -- when it has waited as long as its class may; null of what is Critical
ALTER TABLE study_urgency ADD COLUMN behind_due_at_ms INTEGER; -- it stands behind what is due by then: Criticals that people declared before
ALTER TABLE study_urgency ADD COLUMN declared_at_ms INTEGER; -- when a person set the class; null where none did
ALTER TABLE study_urgency ADD COLUMN lowered_revision INTEGER; -- a radiologist saw these images and lowered it: nothing raises it for them
UPDATE study_urgency SET is_waiting = 0 WHERE study_id IN (SELECT study_id FROM first_openings);
-- What was deleted waits for nobody.
UPDATE study_urgency SET is_waiting = 0 WHERE study_id IN (SELECT study_id FROM studies WHERE deleted_at_ms IS NOT NULL);
UPDATE study_urgency SET limit_at_ms = report_by_at_ms WHERE level <> 'critical';
-- What waits already is bound from the first start on.
INSERT INTO jobs (kind, subject_id, site_id, due_at_ms) SELECT DISTINCT 'triage-limit', site_id, site_id, 0 FROM study_urgency;
INSERT INTO urgency_asks SELECT study_id, 'placed', site_id, set_at_ms, 'placed', NULL, 'routine', 0, NULL, NULL FROM study_urgency;
INSERT INTO urgency_asks SELECT study_id, 'raised-before-this-was-kept', site_id, set_at_ms, 'ai', NULL, level, 0, NULL, NULL FROM study_urgency WHERE standing = 'suspected';
CREATE INDEX study_urgency_by_placing ON study_urgency (site_id, counts_from_ms);
CREATE INDEX study_urgency_by_limit ON study_urgency (site_id, level, limit_at_ms, counts_from_ms) WHERE is_waiting = 1 AND limit_at_ms IS NOT NULL;
CREATE INDEX study_urgency_suspected ON study_urgency (site_id, level, counts_from_ms) WHERE standing = 'suspected';
CREATE INDEX study_urgency_declared ON study_urgency (site_id, level, declared_at_ms) WHERE standing = 'confirmed' AND is_waiting = 1;
CREATE INDEX study_urgency_waiting ON study_urgency (site_id, study_id) WHERE is_waiting = 1;
-- access: what people set for themselves, JSON that only the page reads into; nothing about patients
CREATE TABLE user_preferences (
  user_id TEXT NOT NULL REFERENCES users (user_id),
  key TEXT NOT NULL,
  value TEXT NOT NULL CHECK (json_valid(value)),
  set_at_ms INTEGER NOT NULL,
  PRIMARY KEY (user_id, key)
) STRICT, WITHOUT ROWID;

-- worklist: rows with what lists are narrowed and sorted by, and those read long ago apart. Both are built from the ledger, which is
-- followed anew from its beginning.
DROP TABLE open_studies;
DROP TABLE archived_studies;
UPDATE cursors SET seq = 0, failures = 0 WHERE consumer = 'worklist';
CREATE TABLE open_studies (
  row_no INTEGER PRIMARY KEY, -- grows with arrival; kept when the row is archived
  study_id TEXT NOT NULL UNIQUE,
  site_id TEXT NOT NULL,
  urgency_rank INTEGER NOT NULL,
  due_at_ms INTEGER NOT NULL,
  received_at_ms INTEGER NOT NULL,
  name_order TEXT NOT NULL, -- the name as lists sort it
  exam_order TEXT NOT NULL, -- modality and description, likewise
  exam_at TEXT NOT NULL, -- raw DA and TM of the study; empty where unknown
  name_key TEXT NOT NULL,
  family_birth_key TEXT NOT NULL,
  patient_id TEXT NOT NULL,
  intent TEXT NOT NULL,
  is_opened INTEGER NOT NULL CHECK (is_opened IN (0, 1)),
  ai_state TEXT NOT NULL,
  completeness TEXT NOT NULL,
  in_pacs TEXT NOT NULL,
  report TEXT NOT NULL,
  modality TEXT NOT NULL,
  body_part TEXT NOT NULL, -- empty where unknown, as all below
  service_level TEXT NOT NULL,
  order_priority TEXT NOT NULL,
  age_years INTEGER, -- at the exam
  reader_id TEXT NOT NULL, -- who opened it last
  settled_as TEXT, -- why it may leave the list: final, opened, comparison; null while somebody's work
  settled_at_ms INTEGER, -- since when
  search_text TEXT NOT NULL, -- JSON: name, number, exam, as the search has them
  row TEXT NOT NULL
) STRICT;
-- Behind each order stands what lists are narrowed by, so that a list passes over a row without opening it.
CREATE INDEX open_studies_by_urgency ON open_studies (urgency_rank, due_at_ms, study_id, ${NARROWED_BY});
CREATE INDEX open_studies_by_arrival ON open_studies (received_at_ms, study_id, urgency_rank, ${NARROWED_BY});
CREATE INDEX open_studies_by_patient ON open_studies (name_order, study_id, urgency_rank, ${NARROWED_BY});
CREATE INDEX open_studies_by_exam ON open_studies (exam_order, study_id, urgency_rank, ${NARROWED_BY});
CREATE INDEX open_studies_by_exam_date ON open_studies (exam_at, study_id, urgency_rank, ${NARROWED_BY});
-- What few rows are has its own short way, in the first order. What is unread may be few behind many that were opened and are not
-- reported here: those are due earlier, and stay for weeks.
CREATE INDEX open_studies_unread ON open_studies (urgency_rank, due_at_ms, study_id, ${NARROWED_BY}) WHERE intent = 'new' AND is_opened = 0;
CREATE INDEX open_studies_flagged ON open_studies (urgency_rank, due_at_ms, study_id) WHERE intent = 'new' AND ai_state = 'flagged';
CREATE INDEX open_studies_not_run ON open_studies (urgency_rank, due_at_ms, study_id) WHERE intent = 'new' AND ai_state = 'not-run';
CREATE INDEX open_studies_receiving ON open_studies (urgency_rank, due_at_ms, study_id) WHERE intent = 'new' AND completeness = 'receiving';
CREATE INDEX open_studies_not_in_pacs ON open_studies (urgency_rank, due_at_ms, study_id) WHERE intent = 'new' AND in_pacs = 'not-yet';
CREATE INDEX open_studies_comparison ON open_studies (urgency_rank, due_at_ms, study_id) WHERE intent <> 'new';
CREATE INDEX open_studies_by_reader ON open_studies (reader_id, urgency_rank, due_at_ms, study_id) WHERE intent = 'new' AND report IN ('none', 'preliminary');
CREATE INDEX open_studies_settled ON open_studies (settled_as, settled_at_ms) WHERE settled_as IS NOT NULL;
CREATE INDEX open_studies_by_name ON open_studies (site_id, name_key, patient_id);
CREATE INDEX open_studies_by_family_and_birth ON open_studies (site_id, family_birth_key, patient_id);
CREATE TABLE archived_studies (
  row_no INTEGER PRIMARY KEY,
  study_id TEXT NOT NULL UNIQUE,
  site_id TEXT NOT NULL,
  urgency_rank INTEGER NOT NULL,
  due_at_ms INTEGER NOT NULL,
  received_at_ms INTEGER NOT NULL,
  name_order TEXT NOT NULL,
  exam_order TEXT NOT NULL,
  exam_at TEXT NOT NULL,
  name_key TEXT NOT NULL,
  family_birth_key TEXT NOT NULL,
  patient_id TEXT NOT NULL,
  intent TEXT NOT NULL,
  is_opened INTEGER NOT NULL CHECK (is_opened IN (0, 1)),
  ai_state TEXT NOT NULL,
  completeness TEXT NOT NULL,
  in_pacs TEXT NOT NULL,
  report TEXT NOT NULL,
  modality TEXT NOT NULL,
  body_part TEXT NOT NULL,
  service_level TEXT NOT NULL,
  order_priority TEXT NOT NULL,
  age_years INTEGER,
  reader_id TEXT NOT NULL,
  settled_as TEXT NOT NULL,
  settled_at_ms INTEGER NOT NULL,
  search_text TEXT NOT NULL,
  row TEXT NOT NULL
) STRICT;
CREATE INDEX archived_studies_in_order ON archived_studies (settled_at_ms, study_id, urgency_rank, ${NARROWED_BY});
-- How many rows are alike in all that quick filters ask, kept as rows change: counting them would read them all.
CREATE TABLE worklist_tallies (
  place TEXT NOT NULL CHECK (place IN ('open', 'archived')),
  site_id TEXT NOT NULL,
  intent TEXT NOT NULL,
  urgency_rank INTEGER NOT NULL,
  is_opened INTEGER NOT NULL CHECK (is_opened IN (0, 1)),
  ai_state TEXT NOT NULL,
  completeness TEXT NOT NULL,
  in_pacs TEXT NOT NULL,
  rows INTEGER NOT NULL,
  PRIMARY KEY (place, site_id, intent, urgency_rank, is_opened, ai_state, completeness, in_pacs)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER open_studies_tallied_in AFTER INSERT ON open_studies BEGIN ${tally('new', 1)} END;
CREATE TRIGGER open_studies_tallied_out AFTER DELETE ON open_studies BEGIN ${tally('old', -1)} END;
CREATE TRIGGER open_studies_tallied_anew AFTER UPDATE ON open_studies
 WHEN (old.site_id, old.intent, old.urgency_rank, old.is_opened, old.ai_state, old.completeness, old.in_pacs)
   IS NOT (new.site_id, new.intent, new.urgency_rank, new.is_opened, new.ai_state, new.completeness, new.in_pacs)
 BEGIN ${tally('old', -1)} ${tally('new', 1)} END;
CREATE TRIGGER archived_studies_tallied_in AFTER INSERT ON archived_studies BEGIN
  INSERT INTO worklist_tallies VALUES ('archived', new.site_id, '', 0, 0, '', '', '', 1) ON CONFLICT DO UPDATE SET rows = rows + 1;
END;
CREATE TRIGGER archived_studies_tallied_out AFTER DELETE ON archived_studies BEGIN
  UPDATE worklist_tallies SET rows = rows - 1 WHERE place = 'archived' AND site_id = old.site_id;
END;
-- The search: words by their beginnings (Chinese, Japanese and Korean by characters), and any three letters of names and numbers.
CREATE VIRTUAL TABLE open_words USING fts5 (name, number, exam, content = '', contentless_delete = 1, prefix = '2 3', tokenize = 'unicode61 remove_diacritics 0');
CREATE VIRTUAL TABLE open_fragments USING fts5 (name, number, content = '', contentless_delete = 1, tokenize = 'trigram');
CREATE VIRTUAL TABLE archived_words USING fts5 (name, number, exam, content = '', contentless_delete = 1, prefix = '2 3', tokenize = 'unicode61 remove_diacritics 0');
CREATE VIRTUAL TABLE archived_fragments USING fts5 (name, number, content = '', contentless_delete = 1, tokenize = 'trigram');
-- Views that people saved.
CREATE TABLE worklist_views (
  view_id TEXT PRIMARY KEY,
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  owner_id TEXT NOT NULL REFERENCES users (user_id),
  name TEXT NOT NULL,
  is_shared INTEGER NOT NULL CHECK (is_shared IN (0, 1)),
  question TEXT NOT NULL, -- JSON
  changed_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX worklist_views_by_owner ON worklist_views (site_id, owner_id);
CREATE INDEX worklist_views_shared ON worklist_views (site_id) WHERE is_shared = 1;
`,
};
