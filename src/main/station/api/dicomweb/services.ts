import type { Scope } from '../../access/index.ts';
import type {
  InstanceKeys,
  InstanceMatch,
  InstancePath,
  ObjectPath,
  Page,
  SeriesKeys,
  SeriesMatch,
  StudyKeys,
  StudyMatch,
} from '../../archive/index.ts';
import type { ObjectReader } from '../../platform/objects/object-store.ts';
import type { ObjectRecord } from '../../platform/objects/records.ts';

/** The current version of one instance, and where its bytes are. */
export type StoredInstance = ObjectRecord & InstancePath;

/** What DICOMweb needs of the archive; searches run off the main thread. */
export type DicomwebServices = {
  findStudies(scope: Scope, keys: StudyKeys, page: Page): Promise<readonly StudyMatch[]>;
  findSeries(scope: Scope, keys: SeriesKeys, page: Page): Promise<readonly SeriesMatch[]>;
  findInstances(scope: Scope, keys: InstanceKeys, page: Page): Promise<readonly InstanceMatch[]>;
  /** The current instances below a path that are neither hidden nor quarantined, by series and instance number, the first `limit` of them. */
  listInstances(scope: Scope, path: ObjectPath, limit?: number): readonly StoredInstance[];
  readonly objects: ObjectReader;
};
