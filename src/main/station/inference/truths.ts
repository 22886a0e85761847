import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { findStudyCard } from '../archive/index.ts';
import { freshRowId } from '../platform/ids.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { findExposure } from './exposure-rows.ts';
import { type InstalledModel, listModels } from './models.ts';

/** What reading keeps that says what is in a study. */
export type ReadingFacts = {
  /** Whether the study's report is final. */
  readonly isFinal: (studyId: string) => boolean;
  /** What a person decided of a finding; null while nobody did, or took it back. */
  readonly decisionOf: (findingId: string) => 'accepted' | 'modified' | 'rejected' | null;
};

/** What is known of a label in a study: `disputed` where readers disagree and no more of them say one than the other. */
export type Truth =
  | { readonly state: 'known'; readonly isPresent: boolean; readonly isBesideAi: boolean }
  | { readonly state: 'unknown' | 'disputed' };

/** A reader's word on the labels of a model in one study. */
export type RecordTruth = {
  readonly siteId: string;
  readonly studyId: string;
  readonly modelId: string;
  readonly labels: readonly { readonly label: string; readonly isPresent: boolean }[];
  readonly userId: string;
  readonly atMs: number;
};

const WAS_SHOWN = 'SELECT 1 FROM silent_views WHERE study_id = ? AND user_id = ? LIMIT 1';
/** Walks the primary key. */
const LIST_MADE_FOR = `
  SELECT DISTINCT m.model_id AS modelId FROM model_applicability a JOIN models m ON m.digest = a.digest
   WHERE a.study_id = ? AND a.state <> 'no-model'
`;
const INSERT_TRUTH = `
  INSERT INTO truths (truth_id, site_id, study_id, model_id, label, is_present, is_beside_ai, read_by, read_at_ms)
  VALUES (@truthId, @siteId, @studyId, @modelId, @label, @isPresent, @isBesideAi, @userId, @atMs)
`;
/** Walks truths_by_study. */
export const LIST_TRUTHS = `
  SELECT label, is_present AS isPresent, is_beside_ai AS isBesideAi, read_by AS readBy FROM truths
   WHERE study_id = ? AND model_id = ? ORDER BY read_at_ms, truth_id
`;
/** Walks runs_by_study. */
export const HAS_SHOWN_RESULT = `
  SELECT 1 FROM runs r JOIN models m ON m.digest = r.model_digest
   WHERE r.study_id = ? AND m.model_id = ? AND r.stage IN ('pilot', 'general') AND r.state IN ('finished', 'superseded') LIMIT 1
`;
/** Walks findings_by_study. */
export const LIST_SHOWN_FINDINGS = `
  SELECT f.finding_id AS findingId FROM findings f JOIN runs r ON r.run_id = f.run_id JOIN models m ON m.digest = r.model_digest
   WHERE f.study_id = ? AND m.model_id = ? AND f.label_code = ? AND f.label_scheme = ? AND r.stage IN ('pilot', 'general')
`;

/**
 * Keeps what a reader says is there, or not, of labels that a model is measured by. Who was shown what a silent model said of
 * the study is refused; where another result of the model is shown there, the word is kept with a mark that says so.
 */
export function recordTruth(
  db: WritableDb,
  input: RecordTruth,
): Result<null, { readonly code: 'study-not-found' | 'model-not-found' | 'label-unknown' | 'result-was-seen' }> {
  return inTransaction(db, () => {
    const { siteId, studyId, modelId, userId, atMs } = input;
    const study = findStudyCard(db, studyId);
    if (study === null || study.siteId !== siteId) return err({ code: 'study-not-found' });
    const known = labelsAsked(db, siteId).filter((one) => one.modelId === modelId);
    if (known.length === 0) return err({ code: 'model-not-found' });
    if (input.labels.some(({ label }) => !known.some((one) => one.label === label)))
      return err({ code: 'label-unknown' });
    if (wasShownSilent(db, studyId, userId)) return err({ code: 'result-was-seen' });
    const isBesideAi = prepared(db, HAS_SHOWN_RESULT).get(studyId, modelId) === undefined ? 0 : 1;
    for (const { label, isPresent } of input.labels)
      prepared(db, INSERT_TRUTH).run({
        ...{
          truthId: freshRowId(),
          siteId,
          studyId,
          modelId,
          label,
          isPresent: isPresent ? 1 : 0,
          isBesideAi,
          userId,
          atMs,
        },
      });
    appendEvent(db, {
      kind: 'truth-recorded',
      payload: { labels: input.labels.length },
      ...{ siteId, studyId, patientId: study.patient.patientId, actor: { kind: 'user', id: userId }, atMs },
      correlationId: study.correlationId,
    });
    return ok(null);
  });
}

/** Whether somebody was shown what a silent model said of a study: their word on it is no truth any more. */
export function wasShownSilent(db: ReadableDb, studyId: string, userId: string): boolean {
  return prepared(db, WAS_SHOWN).get(studyId, userId) !== undefined;
}

/** What a reader is asked of a study, and what they said themselves; null: nothing yet. */
export type ReferenceQuestion = {
  readonly modelId: string;
  readonly label: string;
  readonly name: string;
  readonly mine: boolean | null;
};

/** What a reader is asked of a study: every label of the models at its site that are made for such an exam. */
export function listQuestions(db: ReadableDb, siteId: string, studyId: string, userId: string): ReferenceQuestion[] {
  const made = new Set(
    prepared<{ modelId: string }>(db, LIST_MADE_FOR)
      .all(studyId)
      .map(({ modelId }) => modelId),
  );
  return labelsAsked(db, siteId)
    .filter(({ modelId }) => made.has(modelId))
    .map((one) => {
      const mine = listWords(db, studyId, one.modelId).findLast(
        ({ label, readBy }) => label === one.label && readBy === userId,
      );
      return { ...one, mine: mine === undefined ? null : mine.isPresent === 1 };
    });
}

/**
 * What is in a study, of one label: by the last word of each reader, the more of them; where nobody gave one and the report is
 * final, by what became of findings of it that were shown.
 */
export function truthOf(
  db: ReadableDb,
  studyId: string,
  model: InstalledModel,
  label: string,
  facts: ReadingFacts,
): Truth {
  const last = new Map(
    listWords(db, studyId, model.manifest.id)
      .filter((word) => word.label === label)
      .map((word) => [word.readBy, word]),
  );
  if (last.size > 0) {
    const present = [...last.values()].filter(({ isPresent }) => isPresent === 1).length;
    if (present * 2 === last.size) return { state: 'disputed' };
    const isBesideAi = [...last.values()].some((word) => word.isBesideAi === 1);
    return { state: 'known', isPresent: present * 2 > last.size, isBesideAi };
  }
  const concept = model.manifest.labels.find(({ id }) => id === label)?.concept;
  if (concept === undefined || !facts.isFinal(studyId)) return { state: 'unknown' };
  const decisions = prepared<{ findingId: string }>(db, LIST_SHOWN_FINDINGS)
    .all(studyId, model.manifest.id, concept.value, concept.scheme)
    .flatMap(({ findingId }) => facts.decisionOf(findingId) ?? []);
  if (decisions.length === 0) return { state: 'unknown' };
  return { state: 'known', isPresent: decisions.some((decision) => decision !== 'rejected'), isBesideAi: true };
}

type Word = { readonly label: string; readonly isPresent: 0 | 1; readonly isBesideAi: 0 | 1; readonly readBy: string };

function listWords(db: ReadableDb, studyId: string, modelId: string): readonly Word[] {
  return prepared<Word>(db, LIST_TRUTHS).all(studyId, modelId);
}

/** Labels of every model that stands between silent and general at a site, each once. */
function labelsAsked(db: ReadableDb, siteId: string) {
  const asked = listModels(db)
    .filter(({ digest }) =>
      ['silent', 'pilot', 'general', 'suspended'].includes(findExposure(db, siteId, digest).stage),
    )
    .flatMap(({ manifest }) => manifest.labels.map(({ id, name }) => ({ modelId: manifest.id, label: id, name })));
  return [...new Map(asked.map((one) => [`${one.modelId} ${one.label}`, one])).values()];
}
