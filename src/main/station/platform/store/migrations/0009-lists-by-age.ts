import type { Migration } from '../migrate.ts';

/** What lists that are narrowed to an age are counted along. */
export const listsByAge: Migration = {
  name: 'lists-by-age',
  sql: `
-- worklist: an unknown age is in no range; what an open list asks besides is there, so that no row is opened to count it
CREATE INDEX open_studies_by_age ON open_studies (age_years, site_id, intent, is_opened, urgency_rank) WHERE age_years IS NOT NULL;
CREATE INDEX archived_studies_by_age ON archived_studies (age_years, site_id, urgency_rank) WHERE age_years IS NOT NULL;
`,
};
