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
-- what is measured of models: what each exam came to, kept as counts by day and week, so that a page never reads the runs
CREATE TABLE exam_sources (
  source_id INTEGER PRIMARY KEY,
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  manufacturer TEXT NOT NULL, -- empty where the images do not say, as in the next two
  scanner TEXT NOT NULL,
  protocol TEXT NOT NULL,
  UNIQUE (site_id, manufacturer, scanner, protocol)
) STRICT;
-- one row for every study of an exam that the model is made for; a reason as outcome is why it was not run
CREATE TABLE model_exams (
  study_id TEXT NOT NULL,
  digest TEXT NOT NULL REFERENCES models (digest),
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  day INTEGER NOT NULL, -- since 1970-01-01, UTC
  source_id INTEGER NOT NULL REFERENCES exam_sources (source_id),
  outcome TEXT NOT NULL, -- 'open', 'finished', or a reason
  PRIMARY KEY (study_id, digest)
) STRICT, WITHOUT ROWID;
CREATE TABLE model_days (
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  digest TEXT NOT NULL REFERENCES models (digest),
  day INTEGER NOT NULL,
  source_id INTEGER NOT NULL REFERENCES exam_sources (source_id),
  outcome TEXT NOT NULL,
  exams INTEGER NOT NULL CHECK (exams >= 0),
  PRIMARY KEY (site_id, digest, day, source_id, outcome)
) STRICT, WITHOUT ROWID;
CREATE TABLE model_timings (
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  digest TEXT NOT NULL REFERENCES models (digest),
  day INTEGER NOT NULL,
  step TEXT NOT NULL,
  bin INTEGER NOT NULL, -- steps of 5 %
  runs INTEGER NOT NULL,
  PRIMARY KEY (site_id, digest, day, step, bin)
) STRICT, WITHOUT ROWID;
CREATE TABLE model_values (
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  digest TEXT NOT NULL REFERENCES models (digest),
  week INTEGER NOT NULL, -- from Monday to Sunday, UTC; week 0 began on 1969-12-29
  is_silent INTEGER NOT NULL CHECK (is_silent IN (0, 1)),
  feature TEXT NOT NULL,
  bin TEXT NOT NULL,
  runs INTEGER NOT NULL,
  PRIMARY KEY (site_id, digest, week, is_silent, feature, bin)
) STRICT, WITHOUT ROWID;
CREATE INDEX runs_by_model ON runs (site_id, model_digest, queued_at_ms, run_id);
CREATE INDEX runs_not_run ON runs (site_id, model_digest, queued_at_ms, run_id) WHERE state = 'failed';
-- each week that is over, held against the silent one
CREATE TABLE model_drift (
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  digest TEXT NOT NULL REFERENCES models (digest),
  week INTEGER NOT NULL,
  feature TEXT NOT NULL,
  runs INTEGER NOT NULL,
  reference_runs INTEGER NOT NULL,
  psi REAL,
  ks REAL,
  ks_p REAL,
  level TEXT NOT NULL CHECK (level IN ('too-few', 'steady', 'moved', 'moved-far')),
  judged_at_ms INTEGER NOT NULL,
  PRIMARY KEY (site_id, digest, week, feature)
) STRICT, WITHOUT ROWID;
-- source 0 is all of them
CREATE TABLE coverage_alarms (
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  digest TEXT NOT NULL REFERENCES models (digest),
  source_id INTEGER NOT NULL,
  cause TEXT NOT NULL CHECK (cause IN ('below-limit', 'fits-less', 'fell-silent')),
  raised_at_ms INTEGER NOT NULL,
  PRIMARY KEY (site_id, digest, source_id, cause)
) STRICT, WITHOUT ROWID;
-- what replaying a package showed, the last time on each provider
CREATE TABLE model_verifications (
  digest TEXT NOT NULL REFERENCES models (digest),
  provider TEXT NOT NULL,
  verified_at_ms INTEGER NOT NULL,
  code TEXT, -- why it does not hold; null where it does
  golden TEXT NOT NULL, -- JSON: name, passed, largestDeviation of each case
  PRIMARY KEY (digest, provider)
) STRICT, WITHOUT ROWID;

-- inference, receipts: every attempt at a run; the one that ended a run without a result holds its receipt
CREATE TABLE run_attempts (
  run_id TEXT NOT NULL REFERENCES runs (run_id),
  ordinal INTEGER NOT NULL,
  started_at_ms INTEGER, -- null: ended before anything was tried
  ended_at_ms INTEGER,
  outcome TEXT,
  receipt TEXT,
  PRIMARY KEY (run_id, ordinal),
  CHECK ((ended_at_ms IS NULL) = (outcome IS NULL))
) STRICT, WITHOUT ROWID;
-- what else a model could have read of the study, best first: [{ seriesUid, because }]
ALTER TABLE runs ADD COLUMN other_series TEXT NOT NULL DEFAULT '[]';
-- what a model gave, number by number, for as long as the policy says; the receipt names it by digest
CREATE TABLE run_outputs (
  run_id TEXT PRIMARY KEY REFERENCES runs (run_id),
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  outputs TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  kept_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX run_outputs_by_age ON run_outputs (kept_at_ms);
-- tensors as the model gave them, each a file in the object store
CREATE TABLE run_tensors (
  run_id TEXT NOT NULL REFERENCES run_outputs (run_id) ON DELETE CASCADE,
  tensor TEXT NOT NULL,
  digest TEXT NOT NULL REFERENCES objects (digest),
  size_bytes INTEGER NOT NULL,
  PRIMARY KEY (run_id, tensor)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_tensors_by_digest ON run_tensors (digest);
-- receipts computed again; what comes of it never makes findings
CREATE TABLE replays (
  replay_id TEXT PRIMARY KEY,
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  run_id TEXT NOT NULL REFERENCES runs (run_id),
  provider_asked TEXT, -- null: the one in use
  asked_kind TEXT NOT NULL CHECK (asked_kind IN ('user', 'service', 'peer')),
  asked_by TEXT NOT NULL,
  asked_at_ms INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'same', 'differs', 'could-not')),
  reason TEXT,
  attempts INTEGER NOT NULL DEFAULT 0,
  started_at_ms INTEGER,
  ended_at_ms INTEGER,
  provider TEXT,
  onnxruntime_version TEXT,
  differences TEXT NOT NULL DEFAULT '[]',
  versions TEXT NOT NULL DEFAULT '[]', -- what else was not as at the run: [{ what, was, is }]
  timings TEXT NOT NULL DEFAULT '{}',
  CHECK ((state = 'could-not') = (reason IS NOT NULL))
) STRICT;
CREATE INDEX replays_by_run ON replays (run_id, asked_at_ms);
CREATE INDEX replays_open ON replays (asked_at_ms) WHERE state IN ('queued', 'running');

-- inference, analyses: what somebody asked to have analysed; a key asked with once is never asked with for something else
CREATE TABLE analyses (
  analysis_id TEXT PRIMARY KEY,
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  study_id TEXT NOT NULL REFERENCES studies (study_id),
  asked_kind TEXT NOT NULL CHECK (asked_kind IN ('user', 'service', 'peer')),
  asked_by TEXT NOT NULL,
  asked_at_ms INTEGER NOT NULL,
  key_digest TEXT NOT NULL,
  body_digest TEXT NOT NULL,
  model_id TEXT, -- null: every model made for the exam
  priority TEXT NOT NULL CHECK (priority IN ('routine', 'urgent', 'stat')),
  study_revision INTEGER, -- null while images are awaited
  applicability TEXT CHECK (applicability IN ('eligible', 'no-eligible-series', 'no-model')),
  UNIQUE (site_id, asked_by, key_digest),
  CHECK ((study_revision IS NULL) = (applicability IS NULL))
) STRICT;
CREATE INDEX analyses_by_study ON analyses (study_id, asked_at_ms);
CREATE INDEX analyses_by_asker ON analyses (asked_by, asked_at_ms);
CREATE TABLE analysis_runs (
  analysis_id TEXT NOT NULL REFERENCES analyses (analysis_id),
  run_id TEXT NOT NULL REFERENCES runs (run_id),
  PRIMARY KEY (analysis_id, run_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX analysis_runs_by_run ON analysis_runs (run_id);

-- inference, running: whose turn it is, what waits before it is tried again, and what each model has shown of itself
ALTER TABLE runs ADD COLUMN lane INTEGER NOT NULL DEFAULT 2 CHECK (lane BETWEEN 0 AND 3); -- 0 STAT, 1 urgent, 2 routine, 3 silent
ALTER TABLE runs ADD COLUMN cost INTEGER NOT NULL DEFAULT 3 CHECK (cost BETWEEN 1 AND 4); -- the most urgent category the model may flag; 4 none
ALTER TABLE runs ADD COLUMN turn_at_ms INTEGER NOT NULL DEFAULT 0; -- since when it waits for this turn
ALTER TABLE runs ADD COLUMN is_resting INTEGER NOT NULL DEFAULT 0 CHECK (is_resting IN (0, 1)); -- queued, and a job ends its pause
ALTER TABLE runs ADD COLUMN preemptions INTEGER NOT NULL DEFAULT 0;
UPDATE runs SET turn_at_ms = queued_at_ms;
UPDATE runs SET lane = 3 WHERE stage NOT IN ('pilot', 'general');
CREATE INDEX runs_in_turn ON runs (model_digest, lane, cost, turn_at_ms, run_id) WHERE state = 'queued' AND is_resting = 0;
CREATE INDEX runs_waiting_longest ON runs (model_digest, turn_at_ms, run_id) WHERE state = 'queued' AND is_resting = 0 AND lane < 3;
CREATE INDEX runs_paused ON runs (model_digest, lane, cost, turn_at_ms) WHERE state = 'failed' AND reason = 'model-paused';
CREATE TABLE run_priorities (
  study_id TEXT NOT NULL REFERENCES studies (study_id),
  source TEXT NOT NULL CHECK (source IN ('triage', 'asked')),
  priority TEXT NOT NULL CHECK (priority IN ('routine', 'urgent', 'stat')),
  set_at_ms INTEGER NOT NULL,
  PRIMARY KEY (study_id, source)
) STRICT, WITHOUT ROWID;
-- one row: how many runs began since the one that had waited longest was let through
CREATE TABLE run_turns (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  since_longest INTEGER NOT NULL
) STRICT;
CREATE TABLE model_breakers (
  digest TEXT PRIMARY KEY REFERENCES models (digest),
  state TEXT NOT NULL CHECK (state IN ('closed', 'open', 'half-open')),
  faults INTEGER NOT NULL, -- in a row
  openings INTEGER NOT NULL, -- in a row, without a run that succeeded
  reason TEXT,
  changed_at_ms INTEGER NOT NULL
) STRICT;
-- what runs of a model took on a provider, as the runner measured it
CREATE TABLE model_usage (
  digest TEXT NOT NULL REFERENCES models (digest),
  provider TEXT NOT NULL,
  runs INTEGER NOT NULL,
  peak_mb INTEGER NOT NULL,
  took_ms INTEGER NOT NULL,
  PRIMARY KEY (digest, provider)
) STRICT, WITHOUT ROWID;
-- archive, versions: which left for a peer that may have kept them, whatever became of their delivery
CREATE TABLE sent_versions (
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  sop_uid TEXT NOT NULL,
  digest TEXT NOT NULL REFERENCES objects (digest),
  peer_id TEXT NOT NULL REFERENCES peers (peer_id),
  PRIMARY KEY (site_id, sop_uid, digest, peer_id)
) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO sent_versions (site_id, sop_uid, digest, peer_id)
  SELECT i.site_id, i.sop_uid, i.digest, d.peer_id FROM delivery_items i JOIN deliveries d ON d.delivery_id = i.delivery_id
   WHERE i.state = 'sent' AND d.peer_id IS NOT NULL;

-- inference, governing: how far each version reaches at each site, by whose steps and on what grounds
ALTER TABLE model_exposures RENAME TO earlier_exposures;
CREATE TABLE model_exposures (
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  digest TEXT NOT NULL REFERENCES models (digest),
  stage TEXT NOT NULL CHECK (stage IN ('off', 'verified', 'silent', 'pilot', 'general', 'suspended', 'retired')),
  exposed_by TEXT NOT NULL,
  exposed_at_ms INTEGER NOT NULL,
  pilot TEXT, -- whom a pilot shows to, and of what
  uses TEXT, -- what the site allows; null: all that the manifest permits
  PRIMARY KEY (site_id, digest),
  CHECK ((stage = 'pilot') = (pilot IS NOT NULL))
) STRICT, WITHOUT ROWID;
INSERT INTO model_exposures (site_id, digest, stage, exposed_by, exposed_at_ms, pilot)
  SELECT site_id, digest, stage, exposed_by, exposed_at_ms,
         CASE stage WHEN 'pilot' THEN '{"groups":[],"descriptions":[],"share":1}' END FROM earlier_exposures;
DROP TABLE earlier_exposures;
CREATE TABLE exposure_steps (
  step_id TEXT PRIMARY KEY,
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  digest TEXT NOT NULL REFERENCES models (digest),
  from_stage TEXT NOT NULL,
  to_stage TEXT NOT NULL,
  cause TEXT NOT NULL,
  reason TEXT, -- in a person's words; what follows of something else has none
  pilot TEXT,
  uses TEXT NOT NULL,
  operating_point INTEGER NOT NULL,
  acceptance_id TEXT,
  actor_kind TEXT NOT NULL CHECK (actor_kind IN ('user', 'service', 'peer')),
  actor_id TEXT NOT NULL,
  at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX exposure_steps_by_model ON exposure_steps (site_id, digest, at_ms);
CREATE TABLE operating_points (
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  digest TEXT NOT NULL REFERENCES models (digest),
  version INTEGER NOT NULL, -- from 1; 0 is the manifest's own
  name TEXT,
  flag_from TEXT NOT NULL, -- JSON: by label, null for never
  state TEXT NOT NULL CHECK (state IN ('proposed', 'current', 'replaced')),
  chosen_by TEXT NOT NULL,
  chosen_at_ms INTEGER NOT NULL,
  reason TEXT NOT NULL,
  signed_by TEXT,
  signed_at_ms INTEGER,
  signed_because TEXT,
  PRIMARY KEY (site_id, digest, version),
  CHECK ((signed_by IS NULL) = (signed_at_ms IS NULL)),
  CHECK (state <> 'current' OR signed_by IS NOT NULL)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX one_operating_point ON operating_points (site_id, digest) WHERE state = 'current';
CREATE TABLE acceptances (
  acceptance_id TEXT PRIMARY KEY,
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  digest TEXT NOT NULL REFERENCES models (digest),
  operating_point INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'signed', 'replaced')),
  targets TEXT NOT NULL,
  reason TEXT NOT NULL,
  fixed_by TEXT NOT NULL,
  fixed_at_ms INTEGER NOT NULL,
  counts_from_ms INTEGER NOT NULL,
  seen_at_ms INTEGER, -- when its numbers were first read
  report TEXT, -- as the first signer signed it
  report_digest TEXT,
  CHECK ((report IS NULL) = (report_digest IS NULL)),
  CHECK (state <> 'signed' OR report IS NOT NULL)
) STRICT;
CREATE INDEX acceptances_by_model ON acceptances (site_id, digest, fixed_at_ms);
CREATE TABLE acceptance_signatures (
  acceptance_id TEXT NOT NULL REFERENCES acceptances (acceptance_id),
  signed_as TEXT NOT NULL CHECK (signed_as IN ('medical-lead', 'model-owner')),
  user_id TEXT NOT NULL REFERENCES users (user_id),
  signed_at_ms INTEGER NOT NULL,
  PRIMARY KEY (acceptance_id, signed_as),
  UNIQUE (acceptance_id, user_id)
) STRICT, WITHOUT ROWID;
-- what readers said is there; each word stays, and of one reader the last counts
CREATE TABLE truths (
  truth_id TEXT PRIMARY KEY,
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  study_id TEXT NOT NULL REFERENCES studies (study_id),
  model_id TEXT NOT NULL,
  label TEXT NOT NULL,
  is_present INTEGER NOT NULL CHECK (is_present IN (0, 1)),
  is_beside_ai INTEGER NOT NULL CHECK (is_beside_ai IN (0, 1)), -- another result of it was shown
  read_by TEXT NOT NULL REFERENCES users (user_id),
  read_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX truths_by_study ON truths (study_id, model_id);
-- who was shown what a silent model said of a study: their word on it is no truth any more
CREATE TABLE silent_views (
  study_id TEXT NOT NULL REFERENCES studies (study_id),
  user_id TEXT NOT NULL REFERENCES users (user_id),
  digest TEXT NOT NULL REFERENCES models (digest),
  shown_at_ms INTEGER NOT NULL,
  PRIMARY KEY (study_id, user_id, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX silent_views_by_model ON silent_views (digest);
-- what a finished run said of each label, flagged or not, for as long as the run stands
CREATE TABLE run_scores (
  run_id TEXT NOT NULL REFERENCES runs (run_id),
  study_id TEXT NOT NULL REFERENCES studies (study_id),
  label TEXT NOT NULL,
  score REAL NOT NULL,
  PRIMARY KEY (run_id, label)
) STRICT, WITHOUT ROWID;
-- of a pilot for some readers: whom the run shows to (JSON); null: everyone that its stage lets see it
ALTER TABLE runs ADD COLUMN audience TEXT;
`,
};
