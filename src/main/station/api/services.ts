import type { AuditWindow, LedgerVerification } from '../../../shared/contract/audit.ts';
import type { Delivery } from '../../../shared/contract/deliveries.ts';
import type { DamagedImage, ObjectsState, ObjectWalk } from '../../../shared/contract/objects.ts';
import type { HealthReason, StationStatus } from '../../../shared/contract/station.ts';
import type { Finding, StudyDetail, StudyReport, TimelineEntry } from '../../../shared/contract/studies.ts';
import type { WorklistCounts, WorklistFilter, WorklistRow, WorklistWindow } from '../../../shared/contract/worklist.ts';
import type { FindingId, StudyId } from '../../../shared/domain/ids.ts';
import type { Result } from '../../../shared/domain/result.ts';
import type { Principal, Scope } from '../access/index.ts';
import type { DicomwebServices } from './dicomweb/services.ts';

/** A window asked for: which rows, from which key, how many. */
export type WindowQuery = {
  readonly filter: WorklistFilter;
  readonly after?: string | undefined;
  readonly limit: number;
};

/** Which events are asked for, newest first before a sequence number. */
export type AuditQuery = {
  readonly before?: number | undefined;
  readonly limit: number;
  readonly kind?: string | undefined;
  readonly studyId?: StudyId | undefined;
  readonly actorId?: string | undefined;
};

/** A finding's mask as stored: gzip over packed bits. */
export type StoredMask = { readonly studyId: StudyId; readonly gzip: Uint8Array };

/**
 * What the capabilities do for the api; `compose.ts` puts it together. A study outside the scope is as one that is not
 * there: null, or `study-not-found`. Reads are recorded by the api; what verbs do they record themselves.
 */
export type StationServices = {
  readonly worklist: {
    list(scope: Scope, query: WindowQuery): WorklistWindow;
    search(scope: Scope, query: WindowQuery & { readonly text: string }): Promise<WorklistWindow>;
    counts(scope: Scope): Promise<WorklistCounts>;
    next(scope: Scope): WorklistRow | null;
  };
  readonly studies: {
    get(scope: Scope, studyId: StudyId): StudyDetail | null;
    findByUid(
      scope: Scope,
      studyUid: string,
    ): { readonly studyId: StudyId; readonly studyUid: string; readonly revision: number }[];
    /** Only what this principal may see: silent results are invisible to whoever may report the study. */
    findings(principal: Principal, studyId: StudyId): Finding[] | null;
    report(scope: Scope, studyId: StudyId): StudyReport | null;
    timeline(principal: Principal, studyId: StudyId): Promise<TimelineEntry[] | null>;
    open(principal: Principal, studyId: StudyId): Result<WorklistRow, { readonly code: 'study-not-found' }>;
    promote(
      principal: Principal,
      studyId: StudyId,
    ): Result<WorklistRow, { readonly code: 'study-not-found' | 'already-new' }>;
    findMask(principal: Principal, findingId: FindingId): Promise<StoredMask | null>;
  };
  readonly deliveries: {
    list(scope: Scope, query: { readonly state?: Delivery['state'] | undefined; readonly limit: number }): Delivery[];
  };
  readonly audit: {
    events(principal: Principal, query: AuditQuery): Promise<AuditWindow>;
    verify(principal: Principal): Promise<LedgerVerification>;
  };
  readonly objects: {
    state(): ObjectsState;
    damaged(scope: Scope): DamagedImage[];
    verify(principal: Principal): Result<ObjectWalk, { readonly code: 'verification-running' }>;
    rotateKeys(
      principal: Principal,
      how: 'rewrap' | 'reseal',
    ): Result<ObjectWalk, { readonly code: 'rotation-running' }>;
  };
  readonly station: { status(scope: Scope): StationStatus };
  readonly dicomweb: DicomwebServices;
  /** Whether the station can do its work now, and every reason why not wholly. */
  health(): { readonly ready: boolean; readonly reasons: readonly HealthReason[] };
};
