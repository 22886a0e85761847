import type { FindingDecision } from '../../../shared/domain/finding-decision.ts';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { findPatient, findStudyCard } from '../archive/index.ts';
import { findFinding, settleFinding } from '../inference/index.ts';
import { freshRowId } from '../platform/ids.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { findStandingDecision } from './finding-decisions.ts';
import { findOpenedRevision } from './open-study.ts';
import { isFinal } from './reports.ts';

/** A reader's word on one finding, and what they had before them when they gave it. */
export type DecideFinding = {
  readonly siteId: string;
  readonly studyId: string;
  readonly findingId: string;
  readonly patientId: string;
  /** Of that patient, as the reader was shown them. */
  readonly identityVersion: number;
  /** The decision that stood on their screen; null where none did. */
  readonly knownDecisionId: string | null;
  readonly decision: FindingDecision;
  readonly userId: string;
  readonly atMs: number;
};

/** Why a reader's word on a finding was not taken. */
export type DecisionRefusal = {
  readonly code:
    | 'finding-not-found'
    | 'identity-changed'
    | 'images-not-opened'
    | 'finding-superseded'
    | 'decided-meanwhile'
    | 'nothing-to-take-back'
    | 'report-final';
};

const INSERT = `
  INSERT INTO finding_decisions (decision_id, finding_id, study_revision, decision, reason, decided_by, decided_at_ms,
                                 site_id, patient_id, identity_version, aspects, words)
  VALUES (@decisionId, @findingId, @revision, @decision, @reason, @userId, @atMs,
          @siteId, @patientId, @identityVersion, @aspects, @words)
`;

/**
 * Keeps a reader's word on a finding of AI: the decision, the finding's state and the ledger's entry, or none of them. What was
 * decided before stays on record. Refused of images the reader did not open, of another patient than they were shown, where
 * somebody decided meanwhile, and once the report is final. It lowers nothing: that takes a word of its own.
 */
export function decideFinding(db: WritableDb, input: DecideFinding): Result<null, DecisionRefusal> {
  const { siteId, studyId, findingId, patientId, identityVersion, decision, userId, atMs } = input;
  return inTransaction(db, () => {
    const study = findStudyCard(db, studyId);
    const finding = findFinding(db, findingId, userId);
    const isHere = study !== null && study.siteId === siteId && study.isShown && finding?.studyId === studyId;
    if (!isHere || finding.standing === 'remark') return err({ code: 'finding-not-found' });
    const isSeen =
      study.patient.patientId === patientId && findPatient(db, patientId)?.identityVersion === identityVersion;
    if (!isSeen) return err({ code: 'identity-changed' });
    if ((findOpenedRevision(db, studyId, userId) ?? -1) < finding.revision) return err({ code: 'images-not-opened' });
    if (isFinal(db, studyId)) return err({ code: 'report-final' });
    const standing = findStandingDecision(db, findingId);
    if ((standing?.decisionId ?? null) !== input.knownDecisionId) return err({ code: 'decided-meanwhile' });
    if (standing === null && decision.decision === 'withdrawn') return err({ code: 'nothing-to-take-back' });
    if (finding.state === 'superseded') return err({ code: 'finding-superseded' });
    const reason = decision.decision === 'rejected' ? decision.reason : null;
    const aspects = decision.decision === 'modified' ? [...new Set(decision.aspects)] : [];
    prepared(db, INSERT).run({
      ...{ decisionId: freshRowId(), findingId, revision: study.revision, decision: decision.decision, reason },
      ...{ userId, atMs, siteId, patientId, identityVersion, aspects: JSON.stringify(aspects) },
      words: 'words' in decision ? (decision.words ?? null) : null,
    });
    settleFinding(db, findingId, decision.decision === 'withdrawn' ? 'unverified' : decision.decision);
    appendEvent(db, {
      kind: 'finding-decided',
      // Who is not shown the run is not shown this: the run is named.
      payload: { findingId, runId: finding.runId, decision: decision.decision, reason, aspects, identityVersion },
      ...{ siteId, studyId, patientId, actor: { kind: 'user', id: userId }, correlationId: study.correlationId, atMs },
    });
    return ok(null);
  });
}
