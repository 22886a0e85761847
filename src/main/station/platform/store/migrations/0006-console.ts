import type { Migration } from '../migrate.ts';

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
`,
};
