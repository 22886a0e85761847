import { EXAMS, type ExamCode, type ExamRequest, requestOf } from './exam-requests.ts';
import type { PlannedStudy } from './make-study.ts';
import type { Person } from './people.ts';
import type { DemoStudy } from './phantoms/study-objects.ts';

/** An examination as the hospital's order system knows it: who, what, why, and under which numbers. */
export type Visit = {
  /** Decides every number of it. */
  readonly seed: number;
  readonly person: Person;
  readonly request: ExamRequest;
  readonly exam: ExamCode;
  readonly accession: string;
  readonly studyUid: string;
  readonly orderedAtMs: number;
  readonly takenAtMs: number;
};

/** What was found out about whom: the same person under another name, or under the number that they had all along. */
export type Correction = { readonly kind: 'renamed' | 'merged'; readonly from: Person; readonly to: Person };

/** Whoever keeps records of the hospital's day: told of each examination as it goes on. */
export type RecordKeeper = {
  ordered(visit: Visit): void;
  /** Its images were sent. */
  taken(visit: Visit, study: Pick<DemoStudy<unknown>, 'series'>): void;
  corrected(visit: Visit, correction: Correction): void;
  /** It was ordered, taken and reported long ago. */
  prior(visit: Visit, study: Pick<DemoStudy<unknown>, 'series'>): void;
};

const ORDERED_BEFORE_MS = 25 * 60_000;

/** The visit behind a study: the same for the same plan. */
export function visitOf({ kind, wish }: PlannedStudy, studyUid: string): Visit {
  return {
    ...{ seed: wish.seed, person: wish.person, accession: wish.accession, studyUid, exam: EXAMS[kind] },
    request: wish.request ?? requestOf(wish.seed, kind),
    orderedAtMs: wish.atMs - ORDERED_BEFORE_MS,
    takenAtMs: wish.atMs,
  };
}
