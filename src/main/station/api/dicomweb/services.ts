import type { Principal, Scope } from '../../access/index.ts';
import type {
  Arrival,
  InstanceKeys,
  InstanceMatch,
  InstancePath,
  ObjectPath,
  Page,
  ReceiveAnswer,
  SeriesKeys,
  SeriesMatch,
  StudyKeys,
  StudyMatch,
} from '../../archive/index.ts';
import type { ObjectReader } from '../../platform/objects/object-store.ts';
import type { ObjectRecord } from '../../platform/objects/records.ts';

/** The current version of one instance, and where its bytes are. */
export type StoredInstance = ObjectRecord & InstancePath;

/** A request that stores, from its first object to its end. */
export type WebStore = {
  /** Receives one object as a C-STORE would be (DESIGN §5.1); of one that is filed, where it is. */
  receive(arrival: Arrival): Promise<ReceiveAnswer & { readonly studyUid?: string; readonly seriesUid?: string }>;
  end(how: 'released' | 'aborted', counts: { readonly stored: number; readonly refused: number }): void;
};

/** What DICOMweb needs of the archive; searches run off the main thread. */
export type DicomwebServices = {
  findStudies(scope: Scope, keys: StudyKeys, page: Page): Promise<readonly StudyMatch[]>;
  findSeries(scope: Scope, keys: SeriesKeys, page: Page): Promise<readonly SeriesMatch[]>;
  findInstances(scope: Scope, keys: InstanceKeys, page: Page): Promise<readonly InstanceMatch[]>;
  /** The current instances below a path that are neither hidden nor quarantined, by series and instance number, the first `limit` of them. */
  listInstances(scope: Scope, path: ObjectPath, limit?: number): readonly StoredInstance[];
  readonly objects: ObjectReader;
  openStore(principal: Principal): WebStore;
};
