import { DAY_MS } from '../../../shared/domain/durations.ts';
import type { Intent } from '../../../shared/domain/study.ts';
import type { RetentionVerdict, RetentionWindow } from '../../../shared/contract/keeping.ts';
import type { Config } from '../platform/config.ts';
import { prepared, type ReadableDb } from '../platform/store/database.ts';
import { listDeletableDiscarded } from './delete-discarded.ts';
import { IS_MEANT_FOR_STUDY, listExpired } from './hidden-marks.ts';
import { isHeldElsewhere } from './held-elsewhere.ts';
import { isHeld } from './holds.ts';
import { countRecords, listOldRecords } from './old-records.ts';
import { isInQuarantine } from './quarantine.ts';

/** A site's rules, in order: the first that fits a study decides, and what none fits is kept. */
export type RetentionRules = Config['site']['retention'];
export type RetentionRule = RetentionRules[number];

/** What rules ask of a study. */
export type RetentionFacts = {
  readonly studyId: string;
  readonly intent: Intent;
  readonly modality: string;
  readonly lastReceivedAtMs: number;
  /** A rejection note or a person said of all of it that its retention has ended: no age is waited for, and no archive has to hold it. */
  readonly isExpired: 0 | 1;
};

/** A study a rule would delete, and what stands in the way. */
export type RetentionFinding = RetentionFacts & {
  readonly rule: string;
  readonly verdict: RetentionVerdict;
  readonly images: number;
};

/** Which studies of the site are judged; */
export type RetentionQuestion = {
  readonly siteId: string;
  readonly rules: RetentionRules;
  readonly nowMs: number;
  readonly after?: string | undefined;
  readonly limit: number;
  /** What was discarded from quarantine before this is counted, too. */
  readonly discardedBeforeMs?: number | undefined;
  /** Records from before this that no study stands behind are counted, too. */
  readonly recordsBeforeMs?: number | undefined;
};

/** Studies looked at for one answer: few of them may be any rule's. */
const MOST_LOOKED_AT = 20_000;

const IS_EXPIRED = `
  EXISTS (SELECT 1 FROM instances i WHERE i.study_id = studies.study_id) AND NOT EXISTS (SELECT 1 FROM instances i
    WHERE i.study_id = studies.study_id AND NOT EXISTS (SELECT 1 FROM hidden_marks m WHERE m.site_id = i.site_id
      AND m.subject IN (i.sop_uid, i.series_id, i.study_id) AND m.reason = 'retention-expired' AND ${IS_MEANT_FOR_STUDY})) AS isExpired`;
/** Walks studies_by_age. */
export const LIST_BY_AGE = `
  SELECT study_id AS studyId, intent, modality, last_received_at_ms AS lastReceivedAtMs, ${IS_EXPIRED} FROM studies INDEXED BY studies_by_age
   WHERE site_id = @siteId AND deleted_at_ms IS NULL AND (last_received_at_ms, study_id) > (@lastReceivedAtMs, @studyId)
     AND last_received_at_ms < @beforeMs
   ORDER BY last_received_at_ms, study_id
`;
const FIND_FACTS = `
  SELECT study_id AS studyId, intent, modality, last_received_at_ms AS lastReceivedAtMs, ${IS_EXPIRED} FROM studies
   WHERE study_id = ? AND site_id = ? AND deleted_at_ms IS NULL
`;
const COUNT_IMAGES = 'SELECT count(*) AS images FROM instances WHERE study_id = ?';

/** The rule that decides about a study at a time, or null: nobody has anything to say about it. */
export function ruleFor(rules: RetentionRules, study: RetentionFacts, nowMs: number): RetentionRule | null {
  return (
    rules.find(
      ({ modalities, intents, olderThanDays }) =>
        (modalities === undefined || modalities.includes(study.modality)) &&
        (intents === undefined || intents.includes(study.intent)) &&
        (study.isExpired === 1 || study.lastReceivedAtMs < nowMs - olderThanDays * DAY_MS),
    ) ?? null
  );
}

/** Walks studies_split_off. */
const HAS_SPLIT_OFF = 'SELECT 1 FROM studies WHERE split_from = ? AND deleted_at_ms IS NULL LIMIT 1';

/** What a deleting rule comes to for a study: the first thing that stands in its way, or `delete`. */
export function judge(db: ReadableDb, study: RetentionFacts, rule: RetentionRule, isOpen: boolean): RetentionVerdict {
  // What was split off a study goes by that study's UID: it goes first.
  if (isHeld(db, study.studyId) || prepared(db, HAS_SPLIT_OFF).get(study.studyId) !== undefined) return 'held';
  // A new study is somebody's work until it is off the worklist.
  if (study.intent === 'new' && isOpen) return 'open';
  if (isInQuarantine(db, study.studyId)) return 'in-quarantine';
  if (!rule.evenUnproven && study.isExpired === 0 && !isHeldElsewhere(db, study.studyId)) return 'unproven';
  return rule.inForceBy === undefined ? 'not-in-force' : 'delete';
}

/** What the rules would delete now, oldest first, and what stands in the way of each; on a reader thread. */
export function previewRetention(
  db: ReadableDb,
  question: RetentionQuestion,
  isOpen: (studyId: string) => boolean,
): RetentionWindow {
  const { siteId, rules, nowMs, limit } = question;
  const deleting = rules.filter(({ action }) => action === 'delete');
  const more = { ...countDiscarded(db, question), ...countOldRecords(db, question) };
  if (deleting.length === 0) return { studies: [], next: null, ...more };
  const beforeMs = nowMs - Math.min(...deleting.map(({ olderThanDays }) => olderThanDays)) * DAY_MS;
  const studies: RetentionFinding[] = [];
  const judged = (study: RetentionFacts) => {
    const rule = ruleFor(rules, study, nowMs);
    if (rule === null || rule.action === 'keep') return;
    const images = prepared<{ images: number }>(db, COUNT_IMAGES).get(study.studyId)?.images ?? 0;
    studies.push({ ...study, rule: rule.name, verdict: judge(db, study, rule, isOpen(study.studyId)), images });
  };
  if (question.after === undefined)
    for (const studyId of new Set(listExpired(db, siteId).map((one) => one.studyId))) {
      const facts = findRetentionFacts(db, siteId, studyId);
      // Those that are old enough come in their turn.
      if (facts?.isExpired === 1 && facts.lastReceivedAtMs >= beforeMs) judged(facts);
    }
  let place = parsePlace(question.after);
  let looked = 0;
  for (const study of prepared<RetentionFacts>(db, LIST_BY_AGE).iterate({ siteId, beforeMs, ...place })) {
    if (studies.length >= limit || looked === MOST_LOOKED_AT) return { studies, next: writePlace(place), ...more };
    looked += 1;
    place = { lastReceivedAtMs: study.lastReceivedAtMs, studyId: study.studyId };
    judged(study);
  }
  return { studies, next: null, ...more };
}

/** How many discarded objects the next run deletes, told with the first studies. */
function countDiscarded(db: ReadableDb, { siteId, discardedBeforeMs, after, nowMs }: RetentionQuestion) {
  if (discardedBeforeMs === undefined || after !== undefined) return {};
  return { discarded: listDeletableDiscarded(db, siteId, discardedBeforeMs, nowMs).digests.length };
}

/** How many records the next run forgets, told with the first studies. */
function countOldRecords(db: ReadableDb, { siteId, recordsBeforeMs, after }: RetentionQuestion) {
  if (recordsBeforeMs === undefined || after !== undefined) return {};
  return { records: countRecords(listOldRecords(db, siteId, recordsBeforeMs)) };
}

/** The facts of a study that is here, or null. */
export function findRetentionFacts(db: ReadableDb, siteId: string, studyId: string): RetentionFacts | null {
  return prepared<RetentionFacts>(db, FIND_FACTS).get(studyId, siteId) ?? null;
}

type Place = { readonly lastReceivedAtMs: number; readonly studyId: string };

function writePlace({ lastReceivedAtMs, studyId }: Place): string {
  return `${lastReceivedAtMs}/${studyId}`;
}

/** From the beginning where the place is none. */
function parsePlace(text = ''): Place {
  const [at = '', studyId = ''] = text.split('/');
  return /^-?\d{1,15}$/.test(at)
    ? { lastReceivedAtMs: Number(at), studyId }
    : { lastReceivedAtMs: Number.MIN_SAFE_INTEGER, studyId: '' };
}
