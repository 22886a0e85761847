import type { Migration } from '../migrate.ts';

/** Any model as a package, governed at each site and measured while it runs. */
export const inference: Migration = {
  name: 'inference',
  sql: `
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
ALTER TABLE runs ADD COLUMN is_measured INTEGER NOT NULL DEFAULT 0 CHECK (is_measured IN (0, 1));
CREATE INDEX runs_by_model ON runs (site_id, model_digest, queued_at_ms, run_id);
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
`,
};
