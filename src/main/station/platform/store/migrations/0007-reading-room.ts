import type { Migration } from '../migrate.ts';

/** What opening a study means and who is to read it; a section for each capability. */
export const readingRoom: Migration = {
  name: 'reading-room',
  sql: `
`,
};
