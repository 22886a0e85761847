import { type RouteStanding, TAKEN_REASON } from '../../../../shared/domain/triage-routing.ts';
import { type Reason, URGENCY_LEVELS, type UrgencyLevel } from '../../../../shared/domain/urgency.ts';
import { prepared, type ReadableDb, type WritableDb } from '../../platform/store/database.ts';

/** For whom a study is, and what of it routing goes by. */
export type RouteRow = {
  readonly studyId: string;
  readonly siteId: string;
  readonly setVersion: number;
  readonly isStale: boolean;
  readonly groupId: string | null;
  readonly needs: readonly string[];
  readonly followUpOf: string | null;
  readonly points: number;
  /** Null while nothing was said of it. */
  readonly standing: RouteStanding | null;
  readonly readerId: string | null;
  readonly reasons: readonly Reason[];
  readonly sinceMs: number;
  readonly openUntilMs: number | null;
  readonly passed: readonly string[];
};

/** A study that waits to be opened, with what routing knows of it by now. */
export type WaitingStudy = {
  readonly studyId: string;
  readonly level: UrgencyLevel;
  readonly openByAtMs: number | null;
  readonly reportByAtMs: number | null;
  readonly route: RouteRow | null;
  /** Whom a person set it to. */
  readonly pin: Pin | null;
};

/** To whom a person set a study; `isTaken`: they took it themselves. */
export type Pin = { readonly readerId: string; readonly isTaken: boolean };

/** So many of a site's waiting studies are routed, from the first in order: the others are anyone's until they come near. */
export const MOST_ROUTED = 200;

const PUT_ROUTE = `
  INSERT INTO study_routes (study_id, site_id, set_version, is_stale, group_id, needs, follow_up_of, points, standing, reader_id, reasons,
                            since_ms, open_until_ms, passed)
  VALUES (@studyId, @siteId, @setVersion, @isStale, @groupId, @needs, @followUpOf, @points, @standing, @readerId, @reasons, @sinceMs,
          @openUntilMs, @passed)
  ON CONFLICT (study_id) DO UPDATE SET set_version = excluded.set_version, is_stale = excluded.is_stale, group_id = excluded.group_id,
    needs = excluded.needs, follow_up_of = excluded.follow_up_of, points = excluded.points, standing = excluded.standing,
    reader_id = excluded.reader_id, reasons = excluded.reasons, since_ms = excluded.since_ms, open_until_ms = excluded.open_until_ms,
    passed = excluded.passed
`;
const COLUMNS = `
  r.study_id AS studyId, r.site_id AS siteId, r.set_version AS setVersion, r.is_stale AS isStale, r.group_id AS groupId, r.needs,
  r.follow_up_of AS followUpOf, r.points, r.standing, r.reader_id AS readerId, r.reasons, r.since_ms AS sinceMs,
  r.open_until_ms AS openUntilMs, r.passed
`;
const FIND_ROUTE = `SELECT ${COLUMNS} FROM study_routes r WHERE r.study_id = ?`;
const DROP_ROUTE = 'DELETE FROM study_routes WHERE study_id = ?';
const MAKE_STALE = 'UPDATE study_routes SET is_stale = 1 WHERE study_id = ?';
const OFFER_ANEW = "UPDATE study_routes SET is_stale = 1, passed = '[]', open_until_ms = NULL WHERE study_id = ?";
/** Walks study_routes_said. */
export const LIST_SAID = `
  SELECT ${COLUMNS} FROM study_routes r WHERE r.site_id = ? AND r.standing IS NOT NULL ORDER BY r.study_id LIMIT ?
`;
/** Walks study_routes_said: what is said of studies beside those that are said as a person set them and wait. */
export const LIST_SAID_IDS = `
  SELECT r.study_id AS studyId FROM study_routes r
   WHERE r.site_id = ? AND r.standing IS NOT NULL AND (r.standing <> 'pinned' OR NOT EXISTS (
     SELECT 1 FROM routing_overrides p JOIN study_urgency u ON u.study_id = p.study_id
      WHERE p.study_id = r.study_id AND p.ended_at_ms IS NULL AND u.is_waiting = 1))
   ORDER BY r.study_id LIMIT ?
`;
const WAITING_COLUMNS = `
  u.study_id AS waitingId, u.level, u.open_by_at_ms AS openByAtMs, u.report_by_at_ms AS reportByAtMs, p.user_id AS pinnedTo,
  p.made_by = p.user_id AND p.reason = '${TAKEN_REASON}' AS isTaken, ${COLUMNS}
`;
/** Walks study_urgency_in_order: the first of a class, in the order of the worklist. */
export const LIST_FIRST_WAITING = `
  SELECT ${WAITING_COLUMNS}
    FROM study_urgency u INDEXED BY study_urgency_in_order LEFT JOIN study_routes r ON r.study_id = u.study_id
         LEFT JOIN routing_overrides p ON p.study_id = u.study_id AND p.ended_at_ms IS NULL
   WHERE u.site_id = ? AND u.level = ? AND u.is_waiting = 1
   ORDER BY max(coalesce(u.open_by_at_ms, u.report_by_at_ms, u.counts_from_ms + 86400000), coalesce(u.behind_due_at_ms, 0) + 1), u.study_id
   LIMIT ?
`;
/**
 * Walks routing_overrides_standing: what people set to somebody and waits, where anything is to be said of it. A Routine one that is
 * said as it was set stays so until something of it changes.
 */
export const LIST_WAITING_PINS = `
  SELECT ${WAITING_COLUMNS}
    FROM routing_overrides p JOIN study_urgency u ON u.study_id = p.study_id LEFT JOIN study_routes r ON r.study_id = p.study_id
   WHERE p.site_id = ? AND p.ended_at_ms IS NULL AND p.study_id IS NOT NULL AND u.is_waiting = 1
     AND (u.level = 'routine' AND r.standing = 'pinned' AND r.reader_id = p.user_id AND r.is_stale = 0 AND r.set_version = ?) IS NOT TRUE
   ORDER BY p.until_ms LIMIT ${MOST_ROUTED}
`;
const FIND_WAITING = `
  SELECT ${WAITING_COLUMNS}
    FROM study_urgency u LEFT JOIN study_routes r ON r.study_id = u.study_id
         LEFT JOIN routing_overrides p ON p.study_id = u.study_id AND p.ended_at_ms IS NULL
   WHERE u.study_id = ? AND u.is_waiting = 1
`;

type Stored = Omit<RouteRow, 'isStale' | 'needs' | 'reasons' | 'passed'> & {
  readonly isStale: 0 | 1;
  readonly needs: string;
  readonly reasons: string;
  readonly passed: string;
};
type StoredWaiting = {
  readonly waitingId: string;
  readonly level: UrgencyLevel;
  readonly pinnedTo: string | null;
  readonly isTaken: 0 | 1 | null;
} & Pick<WaitingStudy, 'openByAtMs' | 'reportByAtMs'> &
  (Stored | { readonly studyId: null });

/** Written here alone, and two hundred of them are read at every look: parsed, and not checked again. */
const parsed = (row: Stored): RouteRow => ({
  ...row,
  isStale: row.isStale === 1,
  needs: JSON.parse(row.needs) as readonly string[],
  reasons: JSON.parse(row.reasons) as readonly Reason[],
  passed: JSON.parse(row.passed) as readonly string[],
});

/** Writes for whom a study is. */
export function putRoute(db: WritableDb, route: RouteRow): void {
  const { isStale, needs, reasons, passed, ...row } = route;
  prepared(db, PUT_ROUTE).run({
    ...row,
    ...{ isStale: isStale ? 1 : 0, needs: JSON.stringify(needs), reasons: JSON.stringify(reasons) },
    passed: JSON.stringify(passed),
  });
}

/** For whom a study is; null where routing never looked at it, or it was opened. */
export function findRoute(db: ReadableDb, studyId: string): RouteRow | null {
  const row = prepared<Stored>(db, FIND_ROUTE).get(studyId);
  return row === undefined ? null : parsed(row);
}

/** Forgets for whom a study was. */
export function dropRoute(db: WritableDb, studyId: string): void {
  prepared(db, DROP_ROUTE).run(studyId);
}

/** Has a study's kind looked up anew; where it is another class now, whoever let it wait may be asked again. */
export function outdateRoute(db: WritableDb, studyId: string, isOtherClass: boolean): void {
  prepared(db, isOtherClass ? OFFER_ANEW : MAKE_STALE).run(studyId);
}

/** Of which studies of a site anything is said, but of what people set to somebody and waits. */
export function listSaidIds(db: ReadableDb, siteId: string, limit: number): readonly string[] {
  return prepared<{ studyId: string }>(db, LIST_SAID_IDS)
    .all(siteId, limit)
    .map(({ studyId }) => studyId);
}

/** What is said of studies of a site, opened ones and those far behind included. */
export function listSaid(db: ReadableDb, siteId: string, limit: number): readonly RouteRow[] {
  return prepared<Stored>(db, LIST_SAID).all(siteId, limit).map(parsed);
}

/** The first of a site's waiting studies in the order of the worklist. */
export function listFirstWaiting(db: ReadableDb, siteId: string): readonly WaitingStudy[] {
  const waiting: WaitingStudy[] = [];
  for (const level of URGENCY_LEVELS) {
    const left = MOST_ROUTED - waiting.length;
    if (left <= 0) break;
    waiting.push(...prepared<StoredWaiting>(db, LIST_FIRST_WAITING).all(siteId, level, left).map(waitingOf));
  }
  return waiting;
}

/** What people of a site set to somebody, wherever it stands, where routing has anything to say of it; under which version it was said. */
export function listWaitingPins(db: ReadableDb, siteId: string, version: number): readonly WaitingStudy[] {
  return prepared<StoredWaiting>(db, LIST_WAITING_PINS).all(siteId, version).map(waitingOf);
}

/** A study where it waits, wherever it stands; null where it does not. */
export function findWaiting(db: ReadableDb, studyId: string): WaitingStudy | null {
  const row = prepared<StoredWaiting>(db, FIND_WAITING).get(studyId);
  return row === undefined ? null : waitingOf(row);
}

function waitingOf(row: StoredWaiting): WaitingStudy {
  const { waitingId, level, openByAtMs, reportByAtMs, pinnedTo, isTaken, ...route } = row;
  return {
    ...{ studyId: waitingId, level, openByAtMs, reportByAtMs },
    route: route.studyId === null ? null : parsed(route),
    pin: pinnedTo === null ? null : { readerId: pinnedTo, isTaken: isTaken === 1 },
  };
}
