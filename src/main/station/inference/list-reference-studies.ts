import { prepared, type ReadableDb } from '../platform/store/database.ts';
import { listQuestions, type ReferenceQuestion, wasShownSilent } from './truths.ts';

/** Which studies a reader is asked of: all, or those where a word of theirs is missing. */
export type ReferenceStudiesQuestion = {
  readonly siteId: string;
  readonly userId: string;
  readonly only: 'open' | null;
  readonly after: string | undefined;
  readonly limit: number;
};

/** A study that a model which stands at the site is made for, with what is asked of it; nothing tells whether the model has read it. */
export type ReferenceStudy = {
  readonly studyId: string;
  readonly questions: ReferenceQuestion[];
  /** The reader was shown what a silent model said of it: their word is taken no more. */
  readonly isBarred: boolean;
};

/** Walks model_exams_by_day backwards from the key. */
export const LIST_EXAM_STUDIES = `
  SELECT DISTINCT day, study_id AS studyId FROM model_exams
   WHERE site_id = @siteId AND (day, study_id) < (@day, @studyId) ORDER BY day DESC, study_id DESC LIMIT @limit
`;
const FIRST = { day: Number.MAX_SAFE_INTEGER, studyId: '' };
/** So many studies are looked at for one window, however few of them are asked of. */
const MOST_LOOKED_AT = 1000;

/** A window of the studies, the newest first; `next` is where the following one begins. */
export function listReferenceStudies(
  db: ReadableDb,
  { siteId, userId, only, after, limit }: ReferenceStudiesQuestion,
): { readonly studies: readonly ReferenceStudy[]; readonly next: string | null } {
  const studies: ReferenceStudy[] = [];
  let key = keyOf(after);
  for (let looked = 0; looked < MOST_LOOKED_AT; ) {
    const exams = prepared<{ day: number; studyId: string }>(db, LIST_EXAM_STUDIES).all({ siteId, ...key, limit });
    for (const exam of exams) {
      key = exam;
      looked++;
      const { studyId } = exam;
      const questions = listQuestions(db, siteId, studyId, userId);
      const isBarred = wasShownSilent(db, studyId, userId);
      const isOpen = !isBarred && questions.some(({ mine }) => mine === null);
      const isKnown = studies.some((one) => one.studyId === studyId);
      if (questions.length > 0 && !isKnown && (only === null || isOpen)) studies.push({ studyId, questions, isBarred });
      if (studies.length === limit) return { studies, next: textOf(key) };
    }
    if (exams.length < limit) return { studies, next: null };
  }
  return { studies, next: textOf(key) };
}

const textOf = ({ day, studyId }: typeof FIRST): string => `${day}~${studyId}`;

function keyOf(after: string | undefined): typeof FIRST {
  const [, day, studyId] = /^(\d+)~(.+)$/.exec(after ?? '') ?? [];
  return day === undefined || studyId === undefined ? FIRST : { day: Number(day), studyId };
}
