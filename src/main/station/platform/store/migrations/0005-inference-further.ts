import type { Migration } from '../migrate.ts';

/** What the running and governing of models came to need. */
export const inferenceFurther: Migration = {
  name: 'inference-further',
  sql: `
-- inference, governing: studies a pilot would have shown and readers are asked of, newest first; runs that ended for one reason
CREATE INDEX model_exams_by_model ON model_exams (site_id, digest, day, study_id);
CREATE INDEX model_exams_by_day ON model_exams (site_id, day, study_id, digest);
CREATE INDEX runs_not_run_because ON runs (site_id, model_digest, reason, queued_at_ms, run_id) WHERE state = 'failed';
`,
};
