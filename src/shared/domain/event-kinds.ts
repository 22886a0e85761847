import { z } from 'zod';
import { NOT_RUN_REASONS } from './ai-status.ts';
import { CancelReason, DeliveryCode, RetryReason } from './delivery.ts';
import { CorrectionKind, CorrectionReason, HidingReason } from './correction.ts';
import { Completeness, CompletenessEvidence, Intent, PROMOTION_REASONS, QuarantineReason } from './study.ts';
import { AcceptanceRole, ExposureCause } from './exposure.ts';
import { ExportForm, ImportSource } from './media.ts';
import { ModelUse } from './model-manifest.ts';
import { RetrievalReason } from './retrieval.ts';
import { Reason, UrgencyLevel, UrgencyStanding } from './urgency.ts';

/**
 * Every kind of event the ledger may hold, with its payload (codes and ids, never names or text from people).
 * Persisted, so only ever added to; a changed payload gets a higher version and keeps reading the older one.
 */
export const EVENT_KINDS = {
  'station-started': { version: 1, payload: z.object({ version: z.string() }) },
  'station-stopped': { version: 1, payload: z.object({}) },
  /** Everything after `fromSeq` of the station that was backed up is not in this ledger. */
  'station-restored': {
    version: 1,
    payload: z.object({ takenAtMs: z.number().int(), fromSeq: z.number().int(), missing: z.number().int() }),
  },
  'site-changed': {
    version: 1,
    payload: z.object({ changed: z.array(z.enum(['name', 'zone'])), zone: z.string() }),
  },
  'user-created': { version: 1, payload: z.object({ userId: z.string(), roles: z.array(z.string()) }) },
  'user-roles-set': { version: 1, payload: z.object({ userId: z.string(), roles: z.array(z.string()) }) },
  'user-entered-site': { version: 1, payload: z.object({ userId: z.string() }) },
  'user-signed-in': { version: 1, payload: z.object({ userId: z.string() }) },
  'user-sign-in-refused': { version: 1, payload: z.object({ reason: z.string(), userId: z.string().nullable() }) },
  'user-signed-out': { version: 1, payload: z.object({ userId: z.string() }) },
  'user-password-changed': { version: 1, payload: z.object({ userId: z.string() }) },
  'service-token-created': { version: 1, payload: z.object({ userId: z.string(), expiresAtMs: z.number() }) },
  /** `count`: how many more of that address and reason within a minute, where there were more; the address is empty where too many called. */
  'association-refused': {
    version: 1,
    payload: z.object({ reason: z.string(), address: z.string(), count: z.number().int().optional() }),
  },
  /** A TLS handshake that proved nobody (PS3.15 A.5.3.11, Node Authentication); counted as refusals are. */
  'node-authentication-failed': {
    version: 1,
    payload: z.object({ reason: z.string(), address: z.string(), count: z.number().int().optional() }),
  },
  'association-ended': {
    version: 1,
    payload: z.object({
      peerId: z.string(),
      how: z.enum(['released', 'aborted', 'failed']),
      stored: z.number().int(),
      refused: z.number().int(),
    }),
  },
  'instance-received': {
    version: 1,
    payload: z.object({
      instanceId: z.string(),
      seriesId: z.string(),
      digest: z.string(),
      outcome: z.enum(['new', 'new-version', 'duplicate']),
      intent: Intent,
      revision: z.number().int(),
      /** Of a new version: the DICOM keywords whose values are not those of the version before. */
      differing: z.array(z.string()).readonly().optional(),
    }),
  },
  'instance-quarantined': {
    version: 1,
    payload: z.object({ quarantineId: z.string(), digest: z.string(), reason: QuarantineReason }),
  },
  'object-damaged': {
    version: 1,
    payload: z.object({
      digest: z.string(),
      condition: z.enum(['damaged', 'missing', 'key-unknown']),
      quarantineId: z.string().nullable(),
    }),
  },
  'object-healed': { version: 1, payload: z.object({ digest: z.string(), quarantineId: z.string().nullable() }) },
  /** Somebody let everything be verified now. */
  'objects-verification-asked': { version: 1, payload: z.object({}) },
  'objects-verified': {
    version: 1,
    payload: z.object({ objects: z.number().int(), bytes: z.number().int(), damaged: z.number().int() }),
  },
  'object-keys-rotated': { version: 1, payload: z.object({ keyId: z.string(), how: z.enum(['rewrap', 'reseal']) }) },
  'object-rotation-finished': {
    version: 1,
    payload: z.object({
      how: z.string(),
      objects: z.number().int(),
      faults: z.number().int(),
      forgotten: z.number().int(),
    }),
  },
  'study-completed': {
    version: 2,
    payload: z.object({
      completeness: Completeness,
      revision: z.number().int(),
      intent: Intent,
      evidence: CompletenessEvidence,
    }),
  },
  /** More is to come of a study that counted as complete: a step goes on, or instances were named that are not here. */
  'study-reopened': { version: 1, payload: z.object({ revision: z.number().int(), evidence: CompletenessEvidence }) },
  'study-evidence-changed': {
    version: 1,
    payload: z.object({ revision: z.number().int(), evidence: CompletenessEvidence }),
  },
  'procedure-step-recorded': {
    version: 1,
    payload: z.object({
      stepId: z.string(),
      state: z.enum(['in-progress', 'completed', 'discontinued']),
      instances: z.number().int(),
    }),
  },
  'instances-announced': {
    version: 1,
    payload: z.object({ noticeId: z.string(), instances: z.number().int(), unavailable: z.number().int() }),
  },
  'study-expectation-set': {
    version: 1,
    payload: z.object({ source: z.string(), what: z.enum(['order', 'count-at-sender']), instances: z.number().int() }),
  },
  /** A peer asks us to answer for instances (storage commitment), and what it was told. */
  'commitment-asked-of-us': { version: 1, payload: z.object({ requestId: z.string(), instances: z.number().int() }) },
  'commitment-answered': {
    version: 1,
    payload: z.object({ requestId: z.string(), committed: z.number().int(), failed: z.number().int() }),
  },
  'commitment-report-ended': {
    version: 1,
    payload: z.object({ requestId: z.string(), how: z.enum(['delivered', 'given-up']), attempts: z.number().int() }),
  },
  /** We ask a peer to answer for instances of a study, and how that ended. */
  'commitment-requested': {
    version: 1,
    payload: z.object({ requestId: z.string(), peerId: z.string(), instances: z.number().int() }),
  },
  'commitment-settled': {
    version: 1,
    payload: z.object({
      requestId: z.string(),
      peerId: z.string(),
      source: z.enum(['commitment', 'query']),
      committed: z.number().int(),
      failed: z.number().int(),
    }),
  },
  /** A person asks a peer for a study, and how that ended. */
  'retrieval-requested': {
    version: 1,
    payload: z.object({ retrievalId: z.string(), peerId: z.string(), because: RetrievalReason }),
  },
  'retrieval-ended': {
    version: 1,
    payload: z.object({
      retrievalId: z.string(),
      peerId: z.string(),
      how: z.enum(['c-get', 'c-move']).nullable(),
      state: z.enum(['done', 'failed', 'cancelled']),
      code: z.string().nullable(),
      completed: z.number().int(),
      failed: z.number().int(),
    }),
  },
  /** A study, or some series of it, is owed to a peer, and what became of that. Counts are of objects. */
  'delivery-queued': {
    version: 1,
    payload: z.object({ deliveryId: z.string(), peerId: z.string(), series: z.number().int().nullable() }),
  },
  'delivery-delivered': {
    version: 1,
    payload: z.object({ deliveryId: z.string(), peerId: z.string(), sent: z.number().int() }),
  },
  'delivery-rejected': {
    version: 1,
    payload: z.object({
      deliveryId: z.string(),
      peerId: z.string(),
      code: DeliveryCode,
      sent: z.number().int(),
      failed: z.number().int(),
    }),
  },
  'delivery-held': {
    version: 1,
    payload: z.object({ deliveryId: z.string(), peerId: z.string(), code: DeliveryCode, sent: z.number().int() }),
  },
  'delivery-retried': {
    version: 1,
    payload: z.object({ deliveryId: z.string(), peerId: z.string(), reason: RetryReason }),
  },
  'delivery-cancelled': {
    version: 1,
    payload: z.object({ deliveryId: z.string(), peerId: z.string(), reason: CancelReason, sent: z.number().int() }),
  },
  /** A person brings in files, and what they came to. */
  'import-started': { version: 1, payload: z.object({ importId: z.string(), source: ImportSource }) },
  'import-resumed': { version: 1, payload: z.object({ importId: z.string(), source: ImportSource }) },
  'import-ended': {
    version: 1,
    payload: z.object({
      importId: z.string(),
      state: z.enum(['done', 'cancelled', 'failed']),
      code: z.string().nullable(),
      found: z.number().int(),
      stored: z.number().int(),
      duplicates: z.number().int(),
      quarantined: z.number().int(),
      refused: z.number().int(),
    }),
  },
  /** A study begins to leave as files: `objects` of it, `missing` not to be had. */
  'study-exported': {
    version: 1,
    payload: z.object({
      form: ExportForm,
      to: z.enum(['download', 'folder']),
      objects: z.number().int(),
      missing: z.number().int(),
    }),
  },
  'export-ended': {
    version: 1,
    payload: z.object({
      exportId: z.string(),
      state: z.enum(['done', 'cancelled', 'failed']),
      code: z.string().nullable(),
      written: z.number().int(),
      missing: z.number().int(),
    }),
  },
  'study-promoted': {
    version: 1,
    // Before there was any other reason it was a person.
    payload: z.object({
      from: Intent,
      because: z.enum(PROMOTION_REASONS).default('person'),
      associationId: z.string().optional(),
    }),
  },
  'study-attributes-changed': {
    version: 1,
    // Keywords alone: what a later object added, and what a new version of one says otherwise.
    payload: z.object({ revision: z.number().int(), keywords: z.array(z.string()) }),
  },
  'study-held': { version: 1, payload: z.object({ holder: z.string(), reason: z.string() }) },
  'study-hold-released': { version: 1, payload: z.object({ holder: z.string() }) },
  'study-evicted': {
    version: 1,
    payload: z.object({ objects: z.number().int(), bytes: z.number().int(), because: z.enum(['age', 'size', 'disk']) }),
  },
  'study-deleted': {
    version: 1,
    payload: z.object({ rule: z.string(), objects: z.number().int(), bytes: z.number().int() }),
  },
  /** Somebody let the retention rules run. */
  'retention-run-asked': { version: 1, payload: z.object({}) },
  'study-opened': { version: 1, payload: z.object({ userId: z.string(), revision: z.number().int() }) },
  'study-read': { version: 1, payload: z.object({ surface: z.string() }) },
  /** Somebody asks for studies: recorded before anything of the question or its answer leaves; how many there were is told after. */
  'search-begun': { version: 1, payload: z.object({ surface: z.string() }) },
  'studies-searched': { version: 1, payload: z.object({ surface: z.string(), results: z.number().int() }) },
  'model-installed': {
    version: 1,
    payload: z.object({ modelId: z.string(), version: z.string(), digest: z.string() }),
  },
  'model-verified': {
    version: 1,
    payload: z.object({ digest: z.string(), provider: z.string(), goldenCases: z.number().int() }),
  },
  /** A model came to a stage at a site; what was said of why stands with the step. */
  /** A model failed so often in a row that none of its runs begins until one has tried it. */
  'model-paused': {
    version: 1,
    payload: z.object({
      digest: z.string(),
      reason: z.enum(NOT_RUN_REASONS),
      faults: z.number().int(),
      probeAtMs: z.number(),
    }),
  },
  'model-resumed': { version: 1, payload: z.object({ digest: z.string() }) },
  'model-exposed': {
    version: 2,
    payload: z.object({
      digest: z.string(),
      stage: z.string(),
      from: z.string().optional(),
      cause: ExposureCause.optional(),
      stepId: z.string().optional(),
      acceptanceId: z.string().optional(),
    }),
  },
  'model-uses-set': {
    version: 1,
    payload: z.object({ digest: z.string(), stepId: z.string(), uses: z.array(ModelUse) }),
  },
  'operating-point-chosen': { version: 1, payload: z.object({ digest: z.string(), version: z.number().int() }) },
  'operating-point-signed': { version: 1, payload: z.object({ digest: z.string(), version: z.number().int() }) },
  'acceptance-targets-fixed': {
    version: 1,
    payload: z.object({ acceptanceId: z.string(), digest: z.string(), operatingPoint: z.number().int() }),
  },
  'acceptance-report-read': { version: 1, payload: z.object({ acceptanceId: z.string(), digest: z.string() }) },
  'acceptance-signed': {
    version: 1,
    payload: z.object({
      acceptanceId: z.string(),
      digest: z.string(),
      as: AcceptanceRole,
      reportDigest: z.string(),
      isComplete: z.boolean(),
    }),
  },
  'silent-results-read': { version: 1, payload: z.object({ digest: z.string(), results: z.number().int() }) },
  /** A reader said what is in a study; of which labels, and what, stands in the rows alone: a story is read by those who may not know. */
  'truth-recorded': { version: 1, payload: z.object({ labels: z.number().int() }) },
  /** `sourceId`: a scanner's protocol as the station counts them; 0: all together. */
  'coverage-alarm-raised': {
    version: 1,
    payload: z.object({ digest: z.string(), sourceId: z.number().int(), cause: z.string() }),
  },
  'coverage-alarm-ended': {
    version: 1,
    payload: z.object({ digest: z.string(), sourceId: z.number().int(), cause: z.string() }),
  },
  /** A week of a model's inputs or scores is not as the silent ones were; `week` counts Mondays from 1969-12-29. */
  'model-drifted': {
    version: 1,
    payload: z.object({
      digest: z.string(),
      week: z.number().int(),
      moved: z.array(z.string()),
      movedFar: z.array(z.string()),
    }),
  },
  'run-queued': {
    version: 1,
    payload: z.object({ runId: z.string(), modelDigest: z.string(), revision: z.number().int() }),
  },
  'run-not-queued': {
    version: 1,
    payload: z.object({ reason: z.enum(['no-model', 'no-eligible-series']), revision: z.number().int() }),
  },
  'run-started': { version: 1, payload: z.object({ runId: z.string() }) },
  /** It gave way to a more urgent run, and waits in its place. */
  'run-preempted': { version: 1, payload: z.object({ runId: z.string() }) },
  'run-late': { version: 1, payload: z.object({ runId: z.string() }) },
  'run-finished': {
    version: 1,
    payload: z.object({
      runId: z.string(),
      modelDigest: z.string(),
      revision: z.number().int(),
      findingIds: z.array(z.string()),
      provider: z.string(),
      receiptDigest: z.string(),
    }),
  },
  'run-failed': {
    version: 1,
    payload: z.object({
      runId: z.string(),
      reason: z.enum(NOT_RUN_REASONS),
      attempt: z.number().int(),
      final: z.boolean(),
      /** Of the receipt that a run leaves which ended without a result. */
      receiptDigest: z.string().optional(),
    }),
  },
  'raw-outputs-let-go': { version: 1, payload: z.object({ runs: z.number().int(), bytes: z.number().int() }) },
  'replay-asked': {
    version: 1,
    payload: z.object({ replayId: z.string(), runId: z.string(), provider: z.string().nullable() }),
  },
  'replay-ended': {
    version: 1,
    payload: z.object({
      replayId: z.string(),
      runId: z.string(),
      outcome: z.enum(['same', 'differs', 'could-not']),
      reason: z.string().nullable(),
      provider: z.string().nullable(),
      differences: z.number().int(),
    }),
  },
  'analysis-asked': {
    version: 1,
    payload: z.object({
      analysisId: z.string(),
      modelId: z.string().nullable(),
      priority: z.enum(['routine', 'urgent', 'stat']),
    }),
  },
  /** What an analysis that was asked for came to at a revision: the runs it waits for, or why there are none. */
  'analysis-begun': {
    version: 1,
    payload: z.object({
      analysisId: z.string(),
      revision: z.number().int(),
      applicability: z.enum(['eligible', 'no-eligible-series', 'no-model']),
      runIds: z.array(z.string()),
    }),
  },
  'urgency-set': {
    version: 1,
    payload: z.object({
      level: UrgencyLevel,
      standing: UrgencyStanding,
      previous: UrgencyLevel.nullable(),
      openByAtMs: z.number().nullable(),
      reportByAtMs: z.number().nullable(),
      reasons: z.array(Reason),
    }),
  },
  'quarantine-read': { version: 1, payload: z.object({ quarantineId: z.string() }) },
  'quarantine-exported': { version: 1, payload: z.object({ quarantineId: z.string(), digest: z.string() }) },
  'records-forgotten': {
    version: 1,
    payload: z.object({ steps: z.number().int(), notices: z.number().int(), imports: z.number().int() }),
  },
  'quarantine-settled': {
    version: 1,
    payload: z.object({
      quarantineId: z.string(),
      digest: z.string(),
      how: z.enum(['filed', 'set-aside-anew', 'discarded', 'taken-back', 'deleted', 'replaced']),
      because: z.string(),
    }),
  },
  // Corrections of identity: one event for each study that changes; `patientIds` are all whose studies show something new.
  'study-moved': {
    version: 1,
    payload: z.object({ changeId: z.string(), reason: CorrectionReason, patientIds: z.array(z.string()) }),
  },
  'study-split': {
    version: 1,
    payload: z.object({
      changeId: z.string(),
      reason: CorrectionReason,
      role: z.enum(['source', 'split-off']),
      otherStudyId: z.string(),
      patientIds: z.array(z.string()),
      revision: z.number().int(),
    }),
  },
  'patients-merged': {
    version: 1,
    payload: z.object({ changeId: z.string(), reason: CorrectionReason, patientIds: z.array(z.string()) }),
  },
  'instances-hidden': {
    version: 1,
    payload: z.object({
      changeId: z.string(),
      reason: HidingReason,
      level: z.enum(['study', 'series', 'instance']),
      instances: z.number().int(),
      revision: z.number().int(),
      patientIds: z.array(z.string()),
    }),
  },
  'identity-confirmed': {
    version: 1,
    payload: z.object({ changeId: z.string(), reason: CorrectionReason, patientIds: z.array(z.string()) }),
  },
  'identity-undone': {
    version: 1,
    payload: z.object({
      changeId: z.string(),
      kind: CorrectionKind,
      revision: z.number().int(),
      patientIds: z.array(z.string()),
    }),
  },
  'rejection-note-received': {
    version: 1,
    payload: z.object({
      noteSopUid: z.string(),
      reason: HidingReason,
      outcome: z.enum(['honoured', 'peer-not-permitted']),
      references: z.number().int(),
      /** How many of them it holds for: of studies here of the note's own patient. */
      applied: z.number().int(),
      changeId: z.string().nullable(),
    }),
  },
  'event-parked': {
    version: 1,
    payload: z.object({ consumer: z.string(), seq: z.number().int(), incidentId: z.string() }),
  },
  'audit-read': { version: 1, payload: z.object({ results: z.number().int() }) },
  'audit-verified': {
    version: 1,
    payload: z.object({ outcome: z.enum(['intact', 'broken']), events: z.number().int() }),
  },
} as const;

export type EventKind = keyof typeof EVENT_KINDS;
export type EventPayload<Kind extends EventKind> = z.infer<(typeof EVENT_KINDS)[Kind]['payload']>;
