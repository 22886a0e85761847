import type { ReadDataset } from '../dicom/dataset/dataset.ts';
import { dicomJsonSteps } from '../dicom/dataset/dicom-json.ts';
import { tagOf } from '../dicom/dataset/dictionary.ts';
import { items, text } from '../dicom/dataset/values.ts';
import type { ServiceAnswer } from '../dicom/server-services.ts';
import { freshRowId } from '../platform/ids.ts';
import { atOnce, type Steps } from '../platform/in-turns.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { judgeNoticed } from './completeness.ts';
import type { StepMessage } from './mpps.ts';
import { MOST_NAMED, mentionAhead, mentionInstances } from './named-instances.ts';
import { findStudyOfUid } from './study-of-uid.ts';

/** Instance Availability (0008,0056), PS3.3 §C.4.23: whether an instance can be had, at once or after a while. */
const AVAILABLE: ReadonlyMap<string, boolean> = new Map([
  ['ONLINE', true],
  ['NEARLINE', true],
  ['OFFLINE', true],
  ['UNAVAILABLE', false],
]);
const ITEMS_A_STEP = 64;
const UID = /^[0-9.]{1,64}$/;

const IS_KNOWN = 'SELECT 1 FROM availability_notices WHERE site_id = ? AND sop_uid = ?';
const INSERT_NOTICE = `
  INSERT INTO availability_notices (notice_id, site_id, sop_uid, peer_id, study_uid, data_set, instances, received_at_ms)
  VALUES (@noticeId, @siteId, @sopUid, @peerId, @studyUid, @dataSet, @instances, @atMs)
`;

type Mentioned = { readonly sopUid: string; readonly isAvailable: boolean };

/** A peer announces instances of a study (N-CREATE, PS3.4 §R.3.2): what exists of it, or no more. Remembered, whether or not the study is here. */
export const noteAvailability = (db: WritableDb, message: StepMessage): ServiceAnswer =>
  atOnce(availabilityNotice(db, message));

/** As `noteAvailability`, in steps: a long list is mentioned ahead, the notice is written last and whole. */
export function* availabilityNotice(db: WritableDb, message: StepMessage): Steps<ServiceAnswer> {
  const { sopUid, dataset, association, rules, atMs } = message;
  const { siteId, peerId } = association.peer;
  if (dataset === null) return missing('StudyInstanceUID');
  const studyUid = text(dataset, 'StudyInstanceUID');
  if (studyUid === null) return missing('StudyInstanceUID');
  if (!UID.test(studyUid)) return invalid('StudyInstanceUID');
  const isKnown = () => prepared(db, IS_KNOWN).get(siteId, sopUid) !== undefined;
  if (isKnown()) return { status: 'duplicate-sop-instance' };
  const mentioned = yield* readMentioned(dataset);
  if (!Array.isArray(mentioned)) return mentioned;
  const uids = (isAvailable: boolean) =>
    mentioned.filter((one) => one.isAvailable === isAvailable).map((one) => one.sopUid);
  const [available, unavailable] = [uids(true), uids(false)];
  const json = yield* dicomJsonSteps(dataset);
  const dataSet = JSON.stringify(json);
  const leftAvailable = yield* mentionAhead(db, { siteId, studyUid }, available, 'available');
  const leftUnavailable = yield* mentionAhead(db, { siteId, studyUid }, unavailable, 'unavailable');
  return inTransaction(db, (): ServiceAnswer => {
    if (isKnown()) return { status: 'duplicate-sop-instance' };
    const noticeId = freshRowId();
    const row = { noticeId, siteId, sopUid, peerId, studyUid, dataSet, instances: available.length, atMs };
    prepared(db, INSERT_NOTICE).run(row);
    mentionInstances(db, { siteId, studyUid }, leftAvailable, 'available');
    mentionInstances(db, { siteId, studyUid }, leftUnavailable, 'unavailable');
    const study = findStudyOfUid(db, siteId, studyUid);
    appendEvent(db, {
      kind: 'instances-announced',
      payload: { noticeId, instances: available.length, unavailable: unavailable.length },
      siteId,
      studyId: study?.studyId ?? null,
      patientId: study?.patientId ?? null,
      actor: { kind: 'peer', id: peerId },
      correlationId: study?.correlationId ?? association.associationId,
      atMs,
    });
    judgeNoticed(db, siteId, studyUid, rules, atMs);
    return { status: 'success' };
  });
}

/** The instances of a notice, or why it is refused: each must name its UID and availability (PS3.4 Table R.3.2-1). */
function* readMentioned(dataset: ReadDataset): Steps<Mentioned[] | ServiceAnswer> {
  const series = items(dataset, 'ReferencedSeriesSequence');
  if (series.length === 0) return missing('ReferencedSeriesSequence');
  const mentioned: Mentioned[] = [];
  for (const one of series) {
    const instances = items(one, 'ReferencedSOPSequence');
    if (instances.length === 0) return missing('ReferencedSOPSequence');
    for (const item of instances) {
      const sopUid = text(item, 'ReferencedSOPInstanceUID');
      if (sopUid === null) return missing('ReferencedSOPInstanceUID');
      if (!UID.test(sopUid)) return invalid('ReferencedSOPInstanceUID');
      const availability = text(item, 'InstanceAvailability');
      if (availability === null) return missing('InstanceAvailability');
      const isAvailable = AVAILABLE.get(availability);
      if (isAvailable === undefined) return invalid('InstanceAvailability');
      mentioned.push({ sopUid, isAvailable });
      if (mentioned.length > MOST_NAMED) return { status: 'resource-limitation' };
      if (mentioned.length % ITEMS_A_STEP === 0) yield;
    }
  }
  return mentioned;
}

const missing = (keyword: string): ServiceAnswer => ({
  status: 'missing-attribute',
  offendingElements: [tagOf(keyword)],
});
const invalid = (keyword: string): ServiceAnswer => ({
  status: 'invalid-attribute-value',
  offendingElements: [tagOf(keyword)],
});
