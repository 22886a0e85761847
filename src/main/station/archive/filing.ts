import type { Release } from '../../../shared/domain/correction.ts';
import type { QuarantineReason } from '../../../shared/domain/study.ts';
import type { Actor } from '../platform/ledger/event.ts';
import type { ObjectRecord } from '../platform/objects/records.ts';
import type { ArchiveAssociation } from './associations.ts';
import type { QuietTimes } from './completeness.ts';
import type { IdentifiedInstance } from './identified-instance.ts';
import type { StatedPatient } from './identity.ts';
import type { Peer } from './peers.ts';
import type { StudyAttributes } from './stated-attributes.ts';
import type { StoredVersion } from './pixel-digests.ts';
import type { VersionComparison } from './same-pixels.ts';

/** A readable object whose file is safe, about to become part of a study. */
export type Filing = {
  readonly instance: IdentifiedInstance;
  readonly transferSyntaxUid: string;
  readonly object: ObjectRecord;
  readonly association: ArchiveAssociation;
  /** AE title of the C-MOVE that it answers; left out or null where it answers none. */
  readonly moveOriginatorAe?: string | null;
  /** What comparing it with the current version of the same UID showed; null before anybody asked. */
  readonly comparison: (VersionComparison & { readonly withDigest: string }) | null;
  readonly quiet: QuietTimes;
  readonly atMs: number;
  /** Where its frames are, packed; null where it has none that can be told apart. */
  readonly frameIndex: Uint8Array | null;
  /** How a person lets it in where the outcome table would set it aside; left out, the table decides. */
  readonly release?: { readonly how: Release; readonly actor: Actor };
};

/** What became of it. */
export type SettledFiling =
  | { readonly state: 'filed' | 'duplicate' }
  | { readonly state: 'quarantined'; readonly reason: QuarantineReason }
  /** What a person decided does not fit how things are. */
  | { readonly state: 'does-not-apply'; readonly code: 'release-does-not-apply' };
/** What became of it; `compare-pixels` asks the caller to compare and file again. */
export type FilingOutcome = SettledFiling | { readonly state: 'compare-pixels'; readonly current: StoredVersion };

/** The version of a SOP Instance UID that counts now, and where it is. */
export type CurrentVersion = {
  readonly instanceId: string;
  readonly studyId: string;
  readonly seriesId: string;
  readonly studyUid: string;
  readonly isSplitOff: 0 | 1;
  /** Its study is deleted, and the instance about to be. */
  readonly isDeleted: 0 | 1;
  readonly digest: string;
  readonly transferSyntaxUid: string;
};

/** What filing needs to know of a study. */
export type StudyState = StudyAttributes & {
  readonly studyId: string;
  readonly patientId: string;
  readonly correlationId: string;
  readonly revision: number;
  readonly intent: 'new' | 'comparison' | 'own';
  readonly modality: string;
  readonly completeness: string;
  /** Whether people split it off another: then its objects' order is that one's. */
  readonly isSplitOff: 0 | 1;
};

/** Who an instance says its patient is; the issuer of a number that it leaves out is the one its sender's numbers are of. */
export function statedPatient(
  instance: IdentifiedInstance,
  { issuerOfPatientId: usualIssuer }: Pick<Peer, 'issuerOfPatientId'>,
): StatedPatient {
  return {
    name: instance.patientName?.raw ?? '',
    patientId: instance.patientId ?? '',
    issuer: instance.issuerOfPatientId ?? usualIssuer ?? '',
    usualIssuer: usualIssuer ?? '',
    statesIssuer: instance.issuerOfPatientId !== null,
    birthDateRaw: instance.birthDate,
    sex: instance.sex,
    examDateRaw: instance.studyDate,
  };
}
