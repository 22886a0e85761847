import { nameTexts } from '../../../shared/domain/name-matching.ts';
import type { JobHandler } from '../platform/jobs/jobs.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';

/** Jobs that index the names of studies from before there was an index. */
export const INDEX_NAMES_JOB = 'index-study-names';

const FIND_NAMES =
  'SELECT site_id AS siteId, stated_name AS patient, referring_physician AS referrer FROM studies WHERE study_id = ?';
const FORGET_NAMES = 'DELETE FROM study_names WHERE study_id = ?';
const PUT_NAME = 'INSERT OR IGNORE INTO study_names (study_id, site_id, whose, kind, text) VALUES (?, ?, ?, ?, ?)';

/** Makes a study findable by the names it states now; whoever changes a stated name calls this in the same transaction. */
export function indexStudyNames(db: WritableDb, studyId: string): void {
  type Row = { siteId: string; patient: string; referrer: string | null };
  const names = prepared<Row>(db, FIND_NAMES).get(studyId);
  prepared(db, FORGET_NAMES).run(studyId);
  if (names === undefined) return;
  for (const whose of ['patient', 'referrer'] as const) {
    const { groups, words, sounds } = nameTexts(names[whose] ?? '');
    for (const [kind, texts] of Object.entries({ group: groups, word: words, sound: sounds }))
      for (const text of texts) prepared(db, PUT_NAME).run(studyId, names.siteId, whose, kind, text);
  }
}

/** Works off what the migration left to be indexed, one study a job. */
export const indexNamesJob: JobHandler = (db, { subjectId }) => indexStudyNames(db, subjectId);
