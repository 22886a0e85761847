import type { Migration } from '../migrate.ts';

/** What the running and governing of models came to need. */
export const inferenceFurther: Migration = {
  name: 'inference-further',
  sql: `
-- inference, governing: studies a pilot would have shown and readers are asked of, newest first; runs that ended for one reason
CREATE INDEX model_exams_by_model ON model_exams (site_id, digest, day, study_id);
CREATE INDEX model_exams_by_day ON model_exams (site_id, day, study_id, digest);
CREATE INDEX runs_not_run_because ON runs (site_id, model_digest, reason, queued_at_ms, run_id) WHERE state = 'failed';

-- inference, providers: how golden cases came out, by what computed them; where each model is computed now
CREATE TABLE golden_results (
  digest TEXT NOT NULL REFERENCES models (digest),
  provider TEXT NOT NULL,
  provider_version TEXT NOT NULL,
  machine TEXT NOT NULL, -- what computed, in words; of a remote server its name
  verified_at_ms INTEGER NOT NULL,
  code TEXT, -- why it does not hold; null where it does
  golden TEXT NOT NULL, -- JSON: name, passed, largestDeviation of each case
  PRIMARY KEY (digest, provider, provider_version, machine)
) STRICT, WITHOUT ROWID;
INSERT INTO golden_results SELECT digest, provider, '', '', verified_at_ms, code, golden FROM model_verifications;
DROP TABLE model_verifications;
CREATE TABLE model_providers (
  digest TEXT PRIMARY KEY REFERENCES models (digest),
  provider TEXT NOT NULL,
  provider_version TEXT NOT NULL,
  is_whole INTEGER NOT NULL CHECK (is_whole IN (0, 1)), -- 0: the processor computes what the provider does not take
  wanted TEXT NOT NULL,
  because TEXT, -- why it is not computed where it is wanted; null where it is
  verified_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- inference, governing: what computes and what waits of a version at a site, for when how far it reaches changes
CREATE INDEX runs_to_settle ON runs (site_id, model_digest, state, run_id) WHERE state IN ('queued', 'running');

-- inference, running: runs begun while their study still received, and what was carried over from one
ALTER TABLE runs ADD COLUMN is_early INTEGER NOT NULL DEFAULT 0 CHECK (is_early IN (0, 1));
ALTER TABLE runs ADD COLUMN carried_from TEXT REFERENCES runs (run_id);

-- inference, findings: what one stands for, what it was judged by, and every part of it with a mask or heatmap of its own
ALTER TABLE findings ADD COLUMN standing TEXT NOT NULL DEFAULT 'flagged' CHECK (standing IN ('flagged', 'uncertain', 'remark'));
ALTER TABLE findings ADD COLUMN judged_by TEXT; -- null of findings from before it was kept
ALTER TABLE findings ADD COLUMN parts TEXT NOT NULL DEFAULT '[]'; -- the largest first
ALTER TABLE findings ADD COLUMN heatmaps TEXT NOT NULL DEFAULT '[]';
UPDATE findings SET parts = json_array(json_object('mask', json(mask), 'key', json(key_image)))
 WHERE mask IS NOT NULL;
UPDATE findings SET heatmaps = json_array(json(heatmap)) WHERE heatmap IS NOT NULL;
ALTER TABLE findings DROP COLUMN mask;
ALTER TABLE findings DROP COLUMN heatmap;
-- inference, receipts: series of the exam that the model does not read, and why: [{ seriesUid, reason }]
ALTER TABLE runs ADD COLUMN refused_series TEXT NOT NULL DEFAULT '[]';

-- inference, feeding: runs that wait for other models, those that had none to wait for, and what is kept of a run for the models it feeds
ALTER TABLE runs ADD COLUMN waits_for_feeds INTEGER NOT NULL DEFAULT 0 CHECK (waits_for_feeds IN (0, 1));
CREATE INDEX runs_waiting_for_feeds ON runs (run_id) WHERE waits_for_feeds = 1 AND state = 'queued';
CREATE INDEX runs_without_feed ON runs (run_id) WHERE state = 'failed' AND reason = 'feed-not-run';
CREATE TABLE run_feeds (
  run_id TEXT PRIMARY KEY REFERENCES runs (run_id),
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  kept TEXT NOT NULL -- JSON: masks by frame, features by tensor, both by the digest of their file
) STRICT, WITHOUT ROWID;
`,
};
