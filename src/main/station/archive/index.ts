export { checkObject } from './check-object.ts';
export {
  admitAssociation,
  type ArchiveAssociation,
  associationJobs,
  endAssociation,
  endAssociationWhenRoom,
  endAssociationsLeftOpen,
} from './associations.ts';
export { type DiscardedList, listDeletableDiscarded } from './delete-discarded.ts';
export { noteAvailability } from './availability-notice.ts';
export {
  type CommitmentCard,
  findArchiveState,
  listCommitmentsOf,
  requestCommitment,
} from './commitment-requests.ts';
export { type CommitmentWorker, createCommitmentWorker } from './commitment-worker.ts';
export { completenessJobs, type QuietTimes, SHIPPED_RULES, waitAnew } from './completeness.ts';
export { type Expectation, expectInstances } from './expectations.ts';
export { modalityServices } from './modality-services.ts';
export { createStep, findStep, setStep, type StepMessage } from './mpps.ts';
export {
  type CacheKeeper,
  createCacheKeeper,
  evictionCause,
  type KeptSite,
  measureCache,
} from './keep-cache.ts';
export { listNewVersions } from './new-versions.ts';
export { listOldRecords } from './old-records.ts';
export { previewRetention, type RetentionQuestion } from './retention.ts';
export { isHere } from './eviction.ts';
export { isHeldElsewhere, type Proof, type ProofSource, recordProof } from './held-elsewhere.ts';
export { type Hold, holderOf, listHolds, personBehind, placeHold, releaseHold } from './holds.ts';
export { type EvictionQuestion, previewEviction } from './preview-eviction.ts';
export { createRefusals, type Refusals } from './refusals.ts';
export { type CalledTitle, listTitles, peerSettings, titlesKnownAlone } from './peer-settings.ts';
export {
  configurePeers,
  findPeerTitle,
  findRemote,
  listPeers,
  type Peer,
  type PeerCard,
  type PeerSetting,
  retireAllPeers,
} from './peers.ts';
export { createPeerWatch, listDestinations } from './peer-watch.ts';
export { countDamagedAt, type DamagedInstance, listDamaged, listHolders, type ObjectHolder } from './integrity.ts';
export { checkArriving } from './check-arriving.ts';
export { createIntegrityWorker, type IntegrityWorker } from './integrity-worker.ts';
export { watchReader } from './watch-reader.ts';
export { createSenderCountWorker, type SenderCountWorker } from './sender-count-worker.ts';
export { promoteStudy } from './promote-study.ts';
export { noteSentVersions } from './sent-versions.ts';
export { countQuarantined, listQuarantineOf } from './quarantine.ts';
export {
  countReceivedSince,
  findInstance,
  findStudyIdByUid,
  getObject,
  listInstances,
  listInstancesAt,
  listPriorIds,
  listHiddenSeries,
  listStudyIdsAfter,
  listStudyIdsOf,
  listSeries,
  type SeriesSummary,
  type StoredInstance,
} from './queries.ts';
export { createMetadataKeeper, type DescribeInstances, type MetadataKeeper } from './keep-metadata.ts';
export { nextWantedMetadata } from './series-metadata.ts';
export {
  findMetadataPart,
  keepMetadataPart,
  metadataParts,
  type MetadataPart,
} from './series-metadata.ts';
export { admitWebSender, type WebSender } from './web-senders.ts';
export { type Archive, type Arrival, type ReceiveAnswer, receiveObject } from './receive-object.ts';
export { countGaps } from './gaps.ts';
export { findImageSource, type ImageSource } from './image-source.ts';
export { listArrivals } from './series-arrivals.ts';
export { findStudyCard, getStudyCard, type StudyCard } from './study-card.ts';
export {
  type Availability,
  findInstances,
  findSeries,
  findSendable,
  findStudies,
  type InstanceKeys,
  type InstanceMatch,
  type InstancePath,
  listInstancesBelow,
  listSopClasses,
  type ObjectPath,
  type ServedAs,
  type Page,
  type SendablePath,
  type SeriesKeys,
  type SeriesMatch,
  type StudyKeys,
  type StudyMatch,
  type TextRange,
} from './find-studies.ts';
export { LONGEST_KEY } from './query-key-table.ts';
export { INDEX_NAMES_JOB, indexNamesJob } from './study-names.ts';
export { confirmIdentity } from './confirm-identity.ts';
export { findPatient, findPatients, findSimilarPatients, type PatientRecord } from './find-patients.ts';
export { type HiddenInstance, listExpired, listHidden } from './hidden-marks.ts';
export { hideObjects, type HideInput } from './hide-objects.ts';
export { type IdentityChange, hasLaterChange, listChanges, listChangesOf } from './identity-changes.ts';
export { mergePatients } from './merge-patients.ts';
export { moveStudy } from './move-study.ts';
export type { PatientTarget } from './patient-target.ts';
export { splitStudy, type SplitInput } from './split-study.ts';
export { findStatedByObjects } from './stated-by-objects.ts';
export type { Correction } from './tell-correction.ts';
export { undoIdentityChange } from './undo-identity-change.ts';
export type { ComparedAttribute } from './compare-headers.ts';
export { describeQuarantined, type QuarantinedObject } from './describe-quarantined.ts';
export { fileQuarantined, type FiledAgain, type FilingAgainFailure } from './file-quarantined.ts';
export {
  countQuarantineByReason,
  findQuarantined,
  listQuarantine,
  type QuarantineQuery,
  type QuarantineRow,
} from './list-quarantine.ts';
export { discardQuarantined, listDiscarded, type Settling, takeBackQuarantined } from './settle-quarantined.ts';
export {
  countHeldAlike,
  type HeldPlace,
  settleStudyQuarantine,
  type StudySettled,
  type StudySettlement,
} from './settle-study-quarantine.ts';
export { serviceClassesOf } from './peer-service-classes.ts';
export { type ArchiveSearch, queryRetrieveServices } from './query-retrieve.ts';
export { type LeavingObject, openForSending } from './open-for-sending.ts';
export {
  findOutgoing,
  type Outgoing,
  outgoingObjects,
  type OutgoingPath,
  type OutgoingTools,
} from './outgoing-objects.ts';
export {
  countLetGo,
  createRefetcher,
  findFetchAgain,
  recallStudy,
  refetchDamaged,
  type Refetcher,
} from './fetch-again.ts';
export { echoPeer, type PeerFailure, queryPeer } from './query-peer.ts';
export { createRetrievalWorker, type RetrievalWorker } from './retrieval-worker.ts';
export { endRetrieval, findRetrieval, listRetrievals, requestRetrieval, type Retrieval } from './retrievals.ts';
export { createExportWorker, type ExportRequest, type ExportWorker } from './export-worker.ts';
export type { ExportMember } from './export-members.ts';
export { type Export, listExports } from './exports.ts';
export { createImportWorker, type ImportWorker, type UploadedFile } from './import-worker.ts';
export { findImport, type Import, listImportedStudies, listImportRefusals, listImports } from './imports.ts';
export type { FolderView, MediaFolder } from './media-folders.ts';
