import { URGENCY_LEVELS, type UrgencyLevel, urgencyRank } from '../../../shared/domain/urgency.ts';

/** By so much what is opened stands behind what waits to be opened: behind all of it, whatever its class. */
const OPENED_BEHIND = URGENCY_LEVELS.length;

/** Where a row stands among the others before its due time counts: its class, and behind all classes once it is opened as it is. Of new studies; what came for comparison is nobody's to open. */
export const LIST_RANK = `@rank + ${OPENED_BEHIND} * (@isOpened = 1 AND @intent = 'new')`;

/** Both places at which rows of a class stand. */
export function listRanksOf(level: UrgencyLevel): readonly number[] {
  return [urgencyRank(level), urgencyRank(level) + OPENED_BEHIND];
}

/** The class of a row that stands there. */
export function levelAt(listRank: number): UrgencyLevel | undefined {
  return URGENCY_LEVELS[listRank % OPENED_BEHIND];
}
