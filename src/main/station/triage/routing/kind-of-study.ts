import type { RoutingSet } from '../../../../shared/domain/triage-routing.ts';
import { complexityOf } from '../../../../shared/domain/triage-complexity.ts';
import { listSeries, type StudyCard } from '../../archive/index.ts';
import type { ReadableDb } from '../../platform/store/database.ts';
import { compileRule } from '../rule-language.ts';
import { factsOf } from '../study-facts.ts';
import type { TriagePolicy } from '../triage-policy.ts';
import type { RouteRow } from './route-rows.ts';

/** What routing goes by in a study: whose kind it is, what it takes, what follow-ups are alike in, and how much it is. */
export type StudyKind = Pick<RouteRow, 'groupId' | 'needs' | 'followUpOf' | 'points'>;

/**
 * Asks a set's conditions of a study as it stands now. The first group that holds has it; a condition that cannot be asked holds
 * of nothing: the study is anyone's rather than nobody's.
 */
export function kindOfStudy(
  db: ReadableDb,
  policy: Pick<TriagePolicy, 'reading'>,
  set: Pick<RoutingSet, 'groups' | 'skills'>,
  study: StudyCard,
): StudyKind {
  const facts = factsOf(db, policy, study);
  const holds = ({ when }: { readonly when: string }) => compileRule(when).ask(facts).state === 'holds';
  const { images, priors, modality, bodyPart } = study;
  return {
    groupId: set.groups.find(holds)?.id ?? null,
    needs: set.skills.filter(holds).map(({ id }) => id),
    followUpOf: priors > 0 && bodyPart !== null ? `${modality} ${bodyPart}` : null,
    points: pointsOf(db, study.studyId, images, priors),
  };
}

/** A study's complexity in points. */
export function pointsOf(db: ReadableDb, studyId: string, images: number, priors: number): number {
  return complexityOf({ series: listSeries(db, studyId).length, images, priors }).score;
}
