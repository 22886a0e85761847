import type { Principal, Scope } from '../../access/index.ts';
import type {
  Arrival,
  InstanceKeys,
  InstanceMatch,
  InstancePath,
  LeavingObject,
  MetadataPart,
  ObjectPath,
  Page,
  ReceiveAnswer,
  SeriesKeys,
  SeriesMatch,
  StudyKeys,
  StudyMatch,
} from '../../archive/index.ts';
import type { Result } from '../../../../shared/domain/result.ts';
import type { DecodeFailure, EncodedFrame } from '../../dicom/pixel/encoded-frame.ts';
import type { HeadWork } from './explicit-head.ts';
import type { NativeFrame, RenderWork } from './pixel-work.ts';
import type { DescribedPart, PartWork } from './describe-part.ts';
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
  listInstances(scope: Scope, path: ObjectPath, limit?: number): Promise<readonly StoredInstance[]>;
  /** True for an object whose bytes are known not to be as they were kept. */
  isDamaged(digest: string): boolean;
  /** True where the object's file was let go: an archive has it. It cannot be sent, and nothing is wrong with it. */
  isAway(digest: string): boolean;
  /** For frames and metadata; a whole object leaves by `openForSending`. */
  readonly objects: ObjectReader;
  /** An object as it leaves: as stored, or as people corrected whose it is; fails where that cannot be written into it. */
  openForSending(stored: StoredInstance): Promise<Result<LeavingObject, { readonly code: 'correction-not-writable' }>>;
  openStore(principal: Principal): WebStore;
  /** Metadata of these very objects that were kept ready, compressed; null where there are none. */
  findMetadata(part: MetadataPart): Uint8Array | null;
  keepMetadata(part: MetadataPart, json: Uint8Array): void;
  /** Makes metadata of heads, compressed, off the main thread; where only their place is known it reads them there too. */
  describePart(heads: PartWork['heads']): Promise<DescribedPart>;
  /** Writes the elements before the pixels in explicit VR little endian, decodes, and renders: each off the main thread. */
  explicitHead(work: HeadWork): Promise<Uint8Array | null>;
  nativeFrame(frame: EncodedFrame): Promise<Result<NativeFrame, DecodeFailure>>;
  renderImage(work: RenderWork): Promise<Result<Uint8Array, DecodeFailure>>;
};
