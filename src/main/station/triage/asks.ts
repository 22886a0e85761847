import type { UrgencyLevel } from '../../../shared/domain/urgency.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';

/** What may ask that a study be of a class. */
export const ASK_CAUSES = ['placed', 'ai', 'rule', 'person', 'limit'] as const;
export type AskCause = (typeof ASK_CAUSES)[number];

/** Something that asked for a class of a study, once. */
export type Ask = {
  readonly studyId: string;
  readonly siteId: string;
  /** What it is known by for this study: the same ask is kept once. */
  readonly ask: string;
  readonly askedAtMs: number;
  readonly cause: AskCause;
  /** The model's digest, the rule's id, or the person. */
  readonly source: string | null;
  readonly level: UrgencyLevel;
  readonly revision: number;
  /** Of a model's ask that raised: the share of its flags that is expected to be wrong; null where nobody measured. */
  readonly falseShare: number | null;
  readonly said: string | null;
};

const PUT_ASK = `
  INSERT INTO urgency_asks (study_id, ask, site_id, asked_at_ms, cause, source, level, study_revision, false_share, said)
  VALUES (@studyId, @ask, @siteId, @askedAtMs, @cause, @source, @level, @revision, @falseShare, @said)
  ON CONFLICT (study_id, ask) DO NOTHING
`;
const LIST_ASKS = `
  SELECT study_id AS studyId, ask, site_id AS siteId, asked_at_ms AS askedAtMs, cause, source, level, study_revision AS revision,
         false_share AS falseShare, said
    FROM urgency_asks WHERE study_id = ? ORDER BY asked_at_ms, ask
`;
/** Walks urgency_asks_by_time. */
export const SUM_FALSE_ALARMS = `
  SELECT coalesce(sum(false_share), 0) AS expected FROM urgency_asks
   WHERE site_id = ? AND asked_at_ms > ? AND asked_at_ms <= ? AND source = ? AND false_share IS NOT NULL
`;

/** Keeps that something asked; a second time is nothing new. */
export function putAsk(db: WritableDb, ask: Ask): void {
  prepared(db, PUT_ASK).run(ask);
}

/** Everything that asked for a class of a study, oldest first. */
export function listAsks(db: ReadableDb, studyId: string): readonly Ask[] {
  return prepared<Ask>(db, LIST_ASKS).all(studyId);
}

/** How many of the Criticals that one model raised in a span at a site are expected to have been wrong. */
export function expectedFalseAlarms(db: ReadableDb, { siteId, digest, fromMs, untilMs }: AlarmsAsked): number {
  return prepared<{ expected: number }>(db, SUM_FALSE_ALARMS).get(siteId, fromMs, untilMs, digest)?.expected ?? 0;
}

type AlarmsAsked = {
  readonly siteId: string;
  readonly digest: string;
  readonly fromMs: number;
  readonly untilMs: number;
};
