import type { Scope } from '../../access/index.ts';
import type { ObjectReader } from '../../platform/objects/object-store.ts';
import type { ObjectRecord } from '../../platform/objects/records.ts';

/** A range of DA or TM values as text, either end open; equal ends are one value (PS3.4 §C.2.2.2.5). */
export type TextRange = { readonly from: string | null; readonly to: string | null };

/** What studies must match. Text may hold the wildcards `*` and `?` (PS3.4 §C.2.2.2.4); names are matched without regard to case. */
export type StudyKeys = {
  readonly studyUids?: readonly string[];
  readonly studyDate?: TextRange;
  readonly studyTime?: TextRange;
  readonly accession?: string;
  readonly modalitiesInStudy?: readonly string[];
  readonly referringPhysician?: string;
  readonly patientName?: string;
  readonly patientId?: string;
  readonly dicomStudyId?: string;
};

/** What series must match, with their studies. */
export type SeriesKeys = StudyKeys & {
  readonly seriesUids?: readonly string[];
  readonly modality?: string;
  readonly seriesNumber?: number;
};

/** What instances must match, with their series and studies. */
export type InstanceKeys = SeriesKeys & {
  readonly sopUids?: readonly string[];
  readonly sopClassUids?: readonly string[];
  readonly instanceNumber?: number;
};

/** Which of the matches are asked for, in an order that stays. */
export type Page = { readonly limit: number; readonly offset: number };

/** A study as QIDO-RS answers it; null is an attribute the object left empty. */
export type StudyMatch = {
  readonly studyUid: string;
  readonly dateRaw: string | null;
  readonly timeRaw: string | null;
  readonly zoneOffsetRaw: string | null;
  readonly accession: string | null;
  readonly description: string | null;
  readonly modalities: readonly string[];
  /** As received: component groups apart by `=`, components by `^`. */
  readonly referringPhysician: string | null;
  readonly patientName: string | null;
  readonly patientId: string | null;
  readonly issuer: string | null;
  readonly birthDateRaw: string | null;
  readonly sex: string | null;
  readonly dicomStudyId: string | null;
  readonly series: number;
  readonly instances: number;
};

/** A series as QIDO-RS answers it. */
export type SeriesMatch = {
  readonly studyUid: string;
  readonly seriesUid: string;
  readonly modality: string;
  readonly number: number | null;
  readonly description: string | null;
  readonly bodyPart: string | null;
  readonly instances: number;
};

/** An instance as QIDO-RS answers it. */
export type InstanceMatch = {
  readonly studyUid: string;
  readonly seriesUid: string;
  readonly sopUid: string;
  readonly sopClassUid: string;
  readonly number: number | null;
  readonly frames: number;
  readonly rows: number | null;
  readonly columns: number | null;
};

/** Where a UID or a path of UIDs leads. */
export type ObjectPath = { readonly studyUid: string; readonly seriesUid?: string; readonly sopUid?: string };

/** The current version of one instance, and where its bytes are. */
export type StoredInstance = ObjectRecord & {
  readonly studyId: string;
  readonly studyUid: string;
  readonly seriesUid: string;
  readonly sopUid: string;
  readonly sopClassUid: string;
  readonly transferSyntaxUid: string;
};

/** What DICOMweb needs of the archive; searches run off the main thread. */
export type DicomwebServices = {
  findStudies(scope: Scope, keys: StudyKeys, page: Page): Promise<readonly StudyMatch[]>;
  findSeries(scope: Scope, keys: SeriesKeys, page: Page): Promise<readonly SeriesMatch[]>;
  findInstances(scope: Scope, keys: InstanceKeys, page: Page): Promise<readonly InstanceMatch[]>;
  /** The current, not quarantined instances below a path, by series and instance number; none for what is not here. */
  listInstances(scope: Scope, path: ObjectPath): readonly StoredInstance[];
  readonly objects: ObjectReader;
};
