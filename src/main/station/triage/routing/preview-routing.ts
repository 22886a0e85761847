import type { RoutingSet } from '../../../../shared/domain/triage-routing.ts';
import type { UrgencyLevel } from '../../../../shared/domain/urgency.ts';
import { findStudyCard } from '../../archive/index.ts';
import type { ReadableDb } from '../../platform/store/database.ts';
import type { TriagePolicy } from '../triage-policy.ts';
import { kindOfStudy } from './kind-of-study.ts';
import { listOverrides } from './overrides.ts';
import { readersNow } from './readers-now.ts';
import { listFirstWaiting } from './route-rows.ts';
import { routeStudies } from './route-studies.ts';
import { routable } from './route-waiting.ts';

/** A set that is tried on what waits at a site now. */
export type RoutingQuestion = {
  readonly siteId: string;
  readonly zone: string;
  readonly set: RoutingSet;
  readonly nowMs: number;
};

/** What a set would make of the first waiting studies, held against for whom they are now. */
export type RoutingTried = {
  readonly studies: number;
  readonly changes: number;
  /** Studies of each group as it would be; null: of none. */
  readonly groups: readonly { readonly groupId: string | null; readonly studies: number; readonly offered: number }[];
  readonly readers: readonly { readonly readerId: string; readonly isHere: boolean; readonly points: number }[];
  /** The first hundred. */
  readonly changed: readonly {
    readonly studyId: string;
    readonly description: string | null;
    readonly modality: string;
    readonly level: UrgencyLevel;
    readonly before: string | null;
    readonly after: string | null;
  }[];
};

const MOST_TOLD = 100;

/** Tries a set on what waits now, with the readers who are here now; nothing is written. Conditions were checked before. */
export function previewRouting(
  db: ReadableDb,
  { siteId, zone, set, nowMs }: RoutingQuestion,
  reading: TriagePolicy['reading'],
): RoutingTried {
  const overrides = listOverrides(db, siteId);
  const readers = readersNow(db, { siteId, zone, set, overrides, nowMs });
  const asked = listFirstWaiting(db, siteId).flatMap((study) => {
    const card = findStudyCard(db, study.studyId);
    if (card === null || !card.isShown) return [];
    const kind = kindOfStudy(db, { reading }, set, card);
    const unsaid = { standing: null, readerId: null, reasons: [], sinceMs: nowMs, openUntilMs: null, passed: [] };
    const route = { ...unsaid, ...study.route, ...kind, studyId: study.studyId, siteId, setVersion: 0, isStale: false };
    return [{ ...routable(study, route, nowMs), card }];
  });
  const routes = routeStudies(asked, readers, { mode: set.mode, batch: set.batch, nowMs });
  const tried = asked.map(({ card, ...study }, at) => ({ study, card, after: routes[at]?.to ?? null }));
  const changed = tried.filter(({ study, after }) => study.previous !== after);
  const inGroup = (groupId: string | null) => tried.filter(({ study }) => study.groupId === groupId);
  return {
    ...{ studies: tried.length, changes: changed.length },
    groups: [...set.groups.map(({ id }) => id), null].map((groupId) => ({
      ...{ groupId, studies: inGroup(groupId).length },
      offered: inGroup(groupId).filter(({ after }) => after === null).length,
    })),
    readers: readers
      .filter(({ isGuest }) => !isGuest)
      .map(({ readerId, isHere }) => ({
        ...{ readerId, isHere },
        points: tried.reduce((sum, { study, after }) => sum + (after === readerId ? study.points : 0), 0),
      })),
    changed: changed.slice(0, MOST_TOLD).map(({ study, card, after }) => ({
      ...{ studyId: study.studyId, description: card.description, modality: card.modality },
      ...{ level: study.level, before: study.previous, after },
    })),
  };
}
