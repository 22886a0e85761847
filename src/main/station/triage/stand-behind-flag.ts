import type { FindingDecision } from '../../../shared/domain/finding-decision.ts';
import { moreUrgent, type Reason, urgencyRank } from '../../../shared/domain/urgency.ts';
import { findDisplayName } from '../access/index.ts';
import { findStudyCard } from '../archive/index.ts';
import { findFinding } from '../inference/index.ts';
import type { Actor } from '../platform/ledger/event.ts';
import type { WritableDb } from '../platform/store/database.ts';
import { putAsk } from './asks.ts';
import { settle } from './settle-place.ts';
import type { TriagePolicy } from './triage-policy.ts';
import { policyInForce } from './triage-set-rows.ts';
import { findUrgency } from './urgency-rows.ts';

const CONFIRMED = 'finding-confirmed';

/**
 * What a reader's word on a flag does to its study's class. One who accepts it, or says that it is there though otherwise, stands
 * behind the class of its category: it is drawn filled, and raised to that where it stood lower for too many false alarms. One who
 * takes that back leaves the class suspected as before. It never lowers, and moves nothing that was lowered for the same images.
 */
export function standBehindFlag(
  db: WritableDb,
  policy: TriagePolicy,
  studyId: string,
  said: {
    readonly findingId: string;
    readonly decision: FindingDecision['decision'];
    readonly by: Actor;
    readonly atMs: number;
  },
): void {
  const { findingId, decision, by, atMs } = said;
  const [study, current] = [findStudyCard(db, studyId), findUrgency(db, studyId)];
  // What only the readers of a pilot are shown moves nothing.
  const finding = findFinding(db, findingId);
  if (study === null || current === null || finding === null) return;
  const isThis = ({ code, params }: Reason) => code === CONFIRMED && params['findingId'] === findingId;
  const others = current.reasons.filter((reason) => !isThis(reason));
  const { siteId } = study;
  const kept = { serviceLevel: current.serviceLevel, countsFromMs: current.countsFromMs, atMs };
  const isFlag = finding.standing === 'flagged' && finding.uses.includes('flag');
  const isLowered = current.loweredRevision !== null && finding.revision <= current.loweredRevision;
  const { ceilings } = policyInForce(db, siteId, policy.starting);
  const ceiling = ceilings[finding.category];
  if ((decision === 'accepted' || decision === 'modified') && isFlag && !isLowered && ceiling !== 'routine') {
    const level = moreUrgent(current.level, ceiling);
    if (urgencyRank(level) < urgencyRank(current.level))
      putAsk(db, {
        ...{ studyId, siteId, ask: `finding:${findingId}`, askedAtMs: atMs, cause: 'person', source: by.id, level },
        ...{ revision: Math.min(finding.revision, study.revision), falseShare: null, said: null },
      });
    const params = { by: findDisplayName(db, by.id) ?? by.id, finding: finding.label.display, findingId };
    return settle(db, policy, study, current, {
      ...kept,
      level,
      // A lesser finding that is so says nothing of the greater one that only AI suspects.
      standing: level === ceiling ? 'confirmed' : current.standing,
      reasons: [{ code: CONFIRMED, params }, ...others],
      ...(level === ceiling && { declared: { by, loweredRevision: null, hasSeen: false } }),
    });
  }
  if (others.length === current.reasons.length) return;
  const isPersons = others.some(({ code, params }) => {
    if (code !== CONFIRMED) return code === 'declared' || code === 'lowered';
    // A lesser finding that is so does not stand behind the class of the greater one that was taken back.
    const other = findFinding(db, String(params['findingId']));
    return other !== null && ceilings[other.category] === current.level;
  });
  settle(db, policy, study, current, {
    ...kept,
    level: current.level,
    standing: isPersons || current.level === 'routine' ? current.standing : 'suspected',
    reasons: others,
  });
}
