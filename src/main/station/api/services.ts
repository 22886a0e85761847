import type { AuditWindow, LedgerVerification } from '../../../shared/contract/audit.ts';
import type { DamagedImage, ObjectsState, ObjectWalk } from '../../../shared/contract/objects.ts';
import type {
  CacheStatus,
  EvictionWindow,
  RetentionRulesCard,
  RetentionWindow,
  StudyHold,
} from '../../../shared/contract/keeping.ts';
import type {
  CorrectionInput,
  IdentityCorrection,
  PatientIdentity,
  StudyIdentity,
} from '../../../shared/contract/identity.ts';
import type {
  FiledAgain,
  QuarantineDetail,
  QuarantineQuery,
  QuarantineWindow,
  SettleStudyInput,
  StudySettled,
} from '../../../shared/contract/quarantine.ts';
import type { HealthReason, StationStatus } from '../../../shared/contract/station.ts';
import type {
  Finding,
  MarkedImages,
  QualityRemark,
  StudyDetail,
  StudyReport,
  TimelineEntry,
} from '../../../shared/contract/studies.ts';
import type { WorklistRow } from '../../../shared/contract/worklist.ts';
import type { DiscardReason, Release } from '../../../shared/domain/correction.ts';
import type { FindingDecision } from '../../../shared/domain/finding-decision.ts';
import type { HoldReason } from '../../../shared/domain/hold.ts';
import type { FindingId, PatientId, StudyId } from '../../../shared/domain/ids.ts';
import type { Seen } from '../../../shared/domain/opening.ts';
import type { Result } from '../../../shared/domain/result.ts';
import type { Principal, Scope } from '../access/index.ts';
import type { DeliveryServices } from './services/delivery-services.ts';
import type { ModelServices } from './services/model-services.ts';
import type { RoutingServices } from './services/routing-services.ts';
import type { TriageServices } from './services/triage-services.ts';
import type { TruthServices } from './services/truth-services.ts';
import type { MediaServices } from './services/media-services.ts';
import type { ModelFigureServices } from './services/model-figure-services.ts';
import type { PeerServices } from './services/peer-services.ts';
import type { WorklistServices } from './services/worklist-services.ts';
import type { AnalysisServices } from './services/analysis-services.ts';
import type { RunServices } from './services/run-services.ts';
import type { DicomwebServices } from './dicomweb/services.ts';

/** Which events are asked for, newest first before a sequence number. */
export type AuditQuery = {
  readonly before?: number | undefined;
  readonly limit: number;
  readonly kind?: string | undefined;
  readonly studyId?: StudyId | undefined;
  readonly actorId?: string | undefined;
};

/** An image to be marked as key, or no longer, and whose study its reader takes it to be of. */
export type KeyImageInput = {
  readonly studyId: StudyId;
  readonly patientId: PatientId;
  readonly identityVersion: number;
  readonly sopUid: string;
  readonly frameNumber: number;
  readonly isKey: boolean;
};

/** A reader's word on a finding, and what they had before them. */
export type DecideFindingInput = {
  readonly studyId: StudyId;
  readonly findingId: FindingId;
  readonly patientId: PatientId;
  readonly identityVersion: number;
  readonly knownDecisionId: string | null;
  readonly decision: FindingDecision;
};

/** A finding's mask or heatmap as stored: gzip over packed bits or bytes. */
export type StoredOverlay = { readonly studyId: StudyId; readonly gzip: Uint8Array };

type Corrected<More = unknown> = Result<{ readonly changeId: string } & More, { readonly code: string }>;
/** A stored file as its bytes are asked for. */
export type StoredFile = {
  readonly sizeBytes: number;
  readonly readRange: (start: number, length: number) => Promise<Buffer>;
};

/**
 * What the capabilities do for the api; `compose.ts` puts it together. A study outside the scope is as one that is not
 * there: null, or `study-not-found`. Reads are recorded by the api; what verbs do they record themselves.
 */
export type StationServices = {
  readonly worklist: WorklistServices;
  readonly studies: {
    /** With the runs that this principal is shown. */
    get(principal: Principal, studyId: StudyId): StudyDetail | null;
    findByUid(
      scope: Scope,
      studyUid: string,
    ): { readonly studyId: StudyId; readonly studyUid: string; readonly revision: number }[];
    /** Only what this principal may see: silent results are invisible to whoever may report the study. */
    findings(principal: Principal, studyId: StudyId): Finding[] | null;
    qualityRemarks(principal: Principal, studyId: StudyId): QualityRemark[] | null;
    report(scope: Scope, studyId: StudyId): StudyReport | null;
    keyImages(scope: Scope, studyId: StudyId): MarkedImages | null;
    setKeyImage(principal: Principal, input: KeyImageInput): Result<MarkedImages, { readonly code: string }>;
    decideFinding(principal: Principal, input: DecideFindingInput): Result<Finding[], { readonly code: string }>;
    timeline(principal: Principal, studyId: StudyId): Promise<TimelineEntry[] | null>;
    /** What the reader had before them; left out, the study as it is now. */
    open(
      principal: Principal,
      studyId: StudyId,
      seen?: Seen,
    ): Result<WorklistRow, { readonly code: 'study-not-found' }>;
    promote(
      principal: Principal,
      studyId: StudyId,
    ): Result<WorklistRow, { readonly code: 'study-not-found' | 'already-new' }>;
    requestCommitment(
      principal: Principal,
      studyId: StudyId,
      peerAe: string,
    ): Result<
      { readonly requests: number },
      { readonly code: 'study-not-found' | 'peer-not-callable' | 'nothing-to-commit' }
    >;
    /** Fetches what was let go of a study back from who is known to hold it. */
    recall(
      principal: Principal,
      studyId: StudyId,
    ): Result<
      { readonly retrievalId: string },
      { readonly code: 'study-not-found' | 'study-is-here' | 'no-archive-to-ask' }
    >;
    findOverlay(principal: Principal, findingId: FindingId, overlay: string): Promise<StoredOverlay | null>;
  };
  /** Of the principal's own site; one of another is as one that is not there. */
  readonly quarantine: {
    list(principal: Principal, query: QuarantineQuery): QuarantineWindow;
    get(principal: Principal, quarantineId: string): Promise<QuarantineDetail | null>;
    retry(principal: Principal, quarantineId: string): Promise<Result<FiledAgain, { readonly code: string }>>;
    release(
      principal: Principal,
      quarantineId: string,
      release: Release,
    ): Promise<Result<FiledAgain, { readonly code: string }>>;
    discard(
      principal: Principal,
      quarantineId: string,
      reason: DiscardReason,
    ): Result<{ readonly state: 'discarded' }, { readonly code: string }>;
    settleStudy(
      principal: Principal,
      input: SettleStudyInput,
    ): Promise<Result<StudySettled, { readonly code: string }>>;
    takeBack(principal: Principal, quarantineId: string): Result<{ readonly state: 'held' }, { readonly code: string }>;
    /** The whole file, to be read in ranges. */
    openFile(
      principal: Principal,
      quarantineId: string,
    ): Promise<Result<StoredFile, { readonly code: 'quarantined-not-found' | 'object-not-here' }>>;
  };
  /** Corrections answer `identity-changed` where the patient is no longer as the caller saw them. */
  readonly identity: {
    study(scope: Scope, studyId: StudyId): StudyIdentity | null;
    findPatients(principal: Principal, text: string): PatientIdentity[];
    move(principal: Principal, input: CorrectionInput<'move'>): Corrected;
    split(principal: Principal, input: CorrectionInput<'split'>): Corrected<{ readonly newStudyId: StudyId }>;
    merge(principal: Principal, input: CorrectionInput<'merge'>): Corrected;
    hide(principal: Principal, input: CorrectionInput<'hide'>): Corrected;
    confirm(principal: Principal, input: CorrectionInput<'confirm'>): Corrected;
    undo(principal: Principal, changeId: string): Result<{ readonly studyIds: StudyId[] }, { readonly code: string }>;
    corrections(
      principal: Principal,
      query: { readonly before?: number | undefined; readonly limit: number },
    ): { readonly corrections: IdentityCorrection[]; readonly next: number | null };
  };
  readonly deliveries: DeliveryServices;
  readonly runs: RunServices;
  readonly analyses: AnalysisServices;
  readonly audit: {
    events(principal: Principal, query: AuditQuery): Promise<AuditWindow>;
    verify(principal: Principal): Promise<LedgerVerification>;
  };
  readonly objects: {
    state(scope: Scope): ObjectsState;
    damaged(scope: Scope): DamagedImage[];
    /** Fetches the damaged images of a study again from who may have them, whoever was asked before. */
    fetchAgain(
      principal: Principal,
      studyId: StudyId,
    ): Result<
      { readonly retrievalId: string },
      { readonly code: 'study-not-found' | 'study-is-sound' | 'nobody-to-ask' }
    >;
    verify(principal: Principal): Result<ObjectWalk, { readonly code: 'verification-running' | 'main-site-only' }>;
    rotateKeys(
      principal: Principal,
      how: 'rewrap' | 'reseal',
    ): Result<ObjectWalk, { readonly code: 'rotation-running' | 'main-site-only' }>;
  };
  readonly keeping: {
    cache(principal: Principal): Promise<CacheStatus>;
    leaving(
      principal: Principal,
      page: { readonly after?: string | undefined; readonly limit: number },
    ): Promise<EvictionWindow>;
    holds(principal: Principal): StudyHold[];
    hold(
      principal: Principal,
      studyId: StudyId,
      reason: HoldReason,
    ): Result<null, { readonly code: 'study-not-found' }>;
    releaseHold(
      principal: Principal,
      studyId: StudyId,
      holder: string,
    ): Result<null, { readonly code: 'study-not-found' | 'held-by-the-station' }>;
    rules(principal: Principal): RetentionRulesCard;
    preview(
      principal: Principal,
      query: { readonly after?: string | undefined; readonly limit: number },
    ): Promise<RetentionWindow>;
    run(principal: Principal): Result<null, { readonly code: 'retention-running' | 'clock-set-lately' }>;
  };
  readonly station: { status(scope: Scope): StationStatus };
  readonly peers: PeerServices['peers'];
  readonly retrievals: PeerServices['retrievals'];
  readonly imports: MediaServices['imports'];
  readonly exports: MediaServices['exports'];
  readonly modelFigures: ModelFigureServices;
  readonly models: ModelServices;
  readonly truths: TruthServices;
  readonly triage: TriageServices;
  readonly routing: RoutingServices;
  readonly dicomweb: DicomwebServices;
  /** Whether the station can do its work now, and every reason why not wholly. */
  health(scope: Scope | null): { readonly ready: boolean; readonly reasons: readonly HealthReason[] };
};
