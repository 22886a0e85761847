import type { Intent } from '../../../shared/domain/study.ts';
import type { RetentionVerdict, RetentionWindow } from '../../../shared/contract/keeping.ts';
import type { Config } from '../platform/config.ts';
import { prepared, type ReadableDb } from '../platform/store/database.ts';
import { isHeldElsewhere } from './held-elsewhere.ts';
import { isHeld } from './holds.ts';

/** A site's rules, in order: the first that fits a study decides, and what none fits is kept. */
export type RetentionRules = Config['site']['retention'];
export type RetentionRule = RetentionRules[number];

/** What rules ask of a study. */
export type RetentionFacts = {
  readonly studyId: string;
  readonly intent: Intent;
  readonly modality: string;
  readonly lastReceivedAtMs: number;
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
};

const DAY_MS = 86_400_000;
/** Studies looked at for one answer: few of them may be any rule's. */
const MOST_LOOKED_AT = 20_000;

/** Walks studies_by_age. */
export const LIST_BY_AGE = `
  SELECT study_id AS studyId, intent, modality, last_received_at_ms AS lastReceivedAtMs FROM studies INDEXED BY studies_by_age
   WHERE site_id = @siteId AND deleted_at_ms IS NULL AND (last_received_at_ms, study_id) > (@lastReceivedAtMs, @studyId)
     AND last_received_at_ms < @beforeMs
   ORDER BY last_received_at_ms, study_id
`;
const FIND_FACTS = `
  SELECT study_id AS studyId, intent, modality, last_received_at_ms AS lastReceivedAtMs FROM studies
   WHERE study_id = ? AND site_id = ? AND deleted_at_ms IS NULL
`;
const COUNT_IMAGES = 'SELECT count(*) AS images FROM instances WHERE study_id = ?';
const IS_IN_QUARANTINE = "SELECT 1 FROM quarantine WHERE study_id = ? AND state = 'held' LIMIT 1";

/** The rule that decides about a study at a time, or null: nobody has anything to say about it. */
export function ruleFor(rules: RetentionRules, study: RetentionFacts, nowMs: number): RetentionRule | null {
  return (
    rules.find(
      ({ modalities, intents, olderThanDays }) =>
        (modalities === undefined || modalities.includes(study.modality)) &&
        (intents === undefined || intents.includes(study.intent)) &&
        study.lastReceivedAtMs < nowMs - olderThanDays * DAY_MS,
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
  if (prepared(db, IS_IN_QUARANTINE).get(study.studyId) !== undefined) return 'in-quarantine';
  if (!rule.evenUnproven && !isHeldElsewhere(db, study.studyId)) return 'unproven';
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
  if (deleting.length === 0) return { studies: [], next: null };
  const beforeMs = nowMs - Math.min(...deleting.map(({ olderThanDays }) => olderThanDays)) * DAY_MS;
  const studies: RetentionFinding[] = [];
  let place = parsePlace(question.after);
  let looked = 0;
  for (const study of prepared<RetentionFacts>(db, LIST_BY_AGE).iterate({ siteId, beforeMs, ...place })) {
    if (studies.length === limit || looked === MOST_LOOKED_AT) return { studies, next: writePlace(place) };
    looked += 1;
    place = { lastReceivedAtMs: study.lastReceivedAtMs, studyId: study.studyId };
    const rule = ruleFor(rules, study, nowMs);
    if (rule === null || rule.action === 'keep') continue;
    const images = prepared<{ images: number }>(db, COUNT_IMAGES).get(study.studyId)?.images ?? 0;
    studies.push({ ...study, rule: rule.name, verdict: judge(db, study, rule, isOpen(study.studyId)), images });
  }
  return { studies, next: null };
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
