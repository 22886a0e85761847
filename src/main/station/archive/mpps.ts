import { isDeepStrictEqual } from 'node:util';
import type { ReadDataset } from '../dicom/dataset/dataset.ts';
import { type DicomJson, dicomJsonSteps } from '../dicom/dataset/dicom-json.ts';
import { tagOf, tagText } from '../dicom/dataset/dictionary.ts';
import { findElement, items, text } from '../dicom/dataset/values.ts';
import type { ServiceAnswer } from '../dicom/server-services.ts';
import { freshRowId } from '../platform/ids.ts';
import { atOnce, type Steps } from '../platform/in-turns.ts';
import { parseJsonInSteps } from '../platform/json-in-steps.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import type { ArchiveAssociation } from './associations.ts';
import { judgeNoticed, type QuietTimes } from './completeness.ts';
import { MOST_NAMED, mentionAhead, mentionInstances } from './named-instances.ts';
import { promoteByStep } from './promote-study.ts';
import { findStudyOfUid } from './study-of-uid.ts';

/** A message about a performed procedure step, and who sent it. */
export type StepMessage = {
  readonly sopUid: string;
  readonly dataset: ReadDataset | null;
  readonly association: ArchiveAssociation;
  readonly rules: QuietTimes;
  readonly atMs: number;
};

type StepState = 'in-progress' | 'completed' | 'discontinued';
type Step = {
  readonly stepId: string;
  readonly peerId: string;
  readonly state: StepState;
  readonly dataSet: string;
};

/** Performed Procedure Step Status (0040,0252), PS3.3 §C.4.14. */
const STATES: ReadonlyMap<string, StepState> = new Map([
  ['IN PROGRESS', 'in-progress'],
  ['COMPLETED', 'completed'],
  ['DISCONTINUED', 'discontinued'],
]);
/** A step that fulfils more than this is no step; most fulfil one. */
const MOST_SCHEDULED = 100;
/** Type 1 of N-CREATE (PS3.4 Table F.7.2-1). What it wants empty at least and is missing loses nothing, and is let pass. */
const REQUIRED = [
  'ScheduledStepAttributesSequence',
  'PerformedProcedureStepID',
  'PerformedStationAETitle',
  'PerformedProcedureStepStartDate',
  'PerformedProcedureStepStartTime',
  'PerformedProcedureStepStatus',
  'Modality',
] as const;
/** What N-SET may not change (the same table): who, what was asked for, and when it began. */
const SETTLED_AT_CREATION = [
  'SpecificCharacterSet',
  'ScheduledStepAttributesSequence',
  'PatientName',
  'PatientID',
  'IssuerOfPatientID',
  'PatientBirthDate',
  'PatientSex',
  'ReferencedPatientSequence',
  'PerformedProcedureStepID',
  'PerformedStationAETitle',
  'PerformedStationName',
  'PerformedLocation',
  'PerformedProcedureStepStartDate',
  'PerformedProcedureStepStartTime',
  'Modality',
  'StudyID',
].map((keyword) => tagText(tagOf(keyword)));
const UID = /^[0-9.]{1,64}$/;
/** PS3.4 §F.7.2.2.2: the step has ended and stays as it is. */
const NO_MORE_UPDATES: ServiceAnswer = {
  status: 'processing-failure',
  errorId: 0xa710,
  errorComment: 'Performed Procedure Step may no longer be updated',
};

const FIND_STEP = `
  SELECT step_id AS stepId, peer_id AS peerId, state, data_set AS dataSet FROM performed_steps WHERE site_id = ? AND sop_uid = ?
`;
const INSERT_STEP = `
  INSERT INTO performed_steps (step_id, site_id, sop_uid, peer_id, state, data_set, instances, started_at_ms)
  VALUES (@stepId, @siteId, @sopUid, @peerId, 'in-progress', @dataSet, @instances, @atMs)
`;
const UPDATE_STEP = `
  UPDATE performed_steps SET state = @state, data_set = @dataSet, instances = @instances, ended_at_ms = @endedAtMs WHERE step_id = @stepId
`;
const LINK_STUDY = 'INSERT OR IGNORE INTO performed_step_studies (site_id, study_uid, step_id) VALUES (?, ?, ?)';
/** Walks performed_step_studies_by_step. */
export const LIST_STUDIES_OF_STEP = 'SELECT study_uid AS studyUid FROM performed_step_studies WHERE step_id = ?';

/**
 * A modality began a step (N-CREATE, PS3.4 §F.7.2.1): remembered with what it says, for the studies it names, which may
 * come before it, with it or never.
 */
export const createStep = (db: WritableDb, message: StepMessage): ServiceAnswer => atOnce(stepCreation(db, message));

/** A modality says more of a step, or that it has ended (N-SET, PS3.4 §F.7.2.2); one that has ended stays as it is. */
export const setStep = (db: WritableDb, message: StepMessage): ServiceAnswer => atOnce(stepChange(db, message));

/** As `createStep`, in steps: the images of a long list are mentioned ahead, the step is written last and whole. */
export function* stepCreation(db: WritableDb, message: StepMessage): Steps<ServiceAnswer> {
  const { sopUid, dataset, association, atMs } = message;
  const { siteId, peerId } = association.peer;
  if (dataset === null) return { status: 'missing-attribute', offendingElements: REQUIRED.map(tagOf) };
  const refusal = refuseCreation(dataset);
  if (refusal !== null) return refusal;
  const isKnown = () => prepared<Step>(db, FIND_STEP).get(siteId, sopUid) !== undefined;
  if (isKnown()) return { status: 'duplicate-sop-instance' };
  const json = yield* dicomJsonSteps(dataset);
  const named = namedIn(json);
  if (named.length > MOST_NAMED) return { status: 'resource-limitation' };
  const dataSet = JSON.stringify(json);
  const studyUids = [...new Set(scheduledSteps(dataset).map((item) => text(item, 'StudyInstanceUID') ?? ''))];
  const left = yield* mentionAhead(db, ofStudies(siteId, studyUids), named, 'exists');
  return inTransaction(db, () => {
    if (isKnown()) return { status: 'duplicate-sop-instance' };
    const stepId = freshRowId();
    prepared(db, INSERT_STEP).run({ stepId, siteId, sopUid, peerId, dataSet, instances: named.length, atMs });
    for (const studyUid of studyUids) prepared(db, LINK_STUDY).run(siteId, studyUid, stepId);
    const change = { stepId, state: 'in-progress' as const, studyUids, instances: named.length };
    tell(db, message, { ...change, named: left, gone: [] });
    return { status: 'success' };
  });
}

/** As `setStep`, in steps. What others wrote to the step meanwhile is taken in, and nothing is written twice. */
export function* stepChange(db: WritableDb, message: StepMessage): Steps<ServiceAnswer> {
  const { dataset, sopUid, association, atMs } = message;
  const { siteId, peerId } = association.peer;
  const find = () => prepared<Step>(db, FIND_STEP).get(siteId, sopUid);
  const now = dataset === null ? null : yield* dicomJsonSteps(dataset);
  for (;;) {
    const step = find();
    if (step === undefined) return { status: 'no-such-object-instance' };
    if (step.peerId !== peerId) return { status: 'not-authorized' };
    if (step.state !== 'in-progress') return NO_MORE_UPDATES;
    if (dataset === null || now === null) return { status: 'success' };
    const { stepId } = step;
    const isStated = findElement(dataset, 'PerformedProcedureStepStatus') !== null;
    const state = isStated ? STATES.get(text(dataset, 'PerformedProcedureStepStatus') ?? '') : step.state;
    if (state === undefined) return invalid('PerformedProcedureStepStatus');
    const before = (yield* parseJsonInSteps(step.dataSet)) as DicomJson;
    yield;
    const { merged, refused } = merge(before, now);
    const named = namedIn(merged);
    if (named.length > MOST_NAMED) return { status: 'resource-limitation' };
    const isNamed = new Set(named);
    yield;
    const dataSet = JSON.stringify(merged);
    yield;
    const studyUids = prepared<{ studyUid: string }>(db, LIST_STUDIES_OF_STEP)
      .all(stepId)
      .map(({ studyUid }) => studyUid);
    const study = ofStudies(siteId, studyUids);
    const namedBefore = namedIn(before);
    const leftNamed = yield* mentionAhead(db, study, named, 'exists');
    const wasLet = namedBefore.filter((uid) => !isNamed.has(uid));
    const leftGone = yield* mentionAhead(db, study, wasLet, 'unavailable');
    const isWritten = inTransaction(db, () => {
      const found = find();
      if (found?.dataSet !== step.dataSet || found.state !== step.state) return false;
      const endedAtMs = state === 'in-progress' ? null : atMs;
      prepared(db, UPDATE_STEP).run({ stepId, state, endedAtMs, dataSet, instances: named.length });
      tell(db, message, { stepId, state, studyUids, instances: named.length, named: leftNamed, gone: leftGone });
      return true;
    });
    if (!isWritten) continue;
    return refused.length === 0
      ? { status: 'success' }
      : { status: 'attribute-list-error', offendingElements: refused.map((tag) => Number.parseInt(tag, 16)) };
  }
}

type Change = {
  readonly stepId: string;
  readonly state: StepState;
  readonly studyUids: readonly string[];
  readonly instances: number;
  /** What is not mentioned yet of what it names. */
  readonly named: readonly string[];
  /** Named before and no more: the modality let go of them. */
  readonly gone: readonly string[];
};

function tell(db: WritableDb, message: StepMessage, change: Change): void {
  const { association, rules, atMs } = message;
  const { siteId, peerId } = association.peer;
  const studies = ofStudies(siteId, change.studyUids);
  mentionInstances(db, studies, change.named, 'exists');
  mentionInstances(db, studies, change.gone, 'unavailable');
  for (const studyUid of change.studyUids) {
    const study = findStudyOfUid(db, siteId, studyUid);
    appendEvent(db, {
      kind: 'procedure-step-recorded',
      payload: { stepId: change.stepId, state: change.state, instances: change.instances },
      siteId,
      studyId: study?.studyId ?? null,
      patientId: study?.patientId ?? null,
      actor: { kind: 'peer', id: peerId },
      correlationId: study?.correlationId ?? association.associationId,
      atMs,
    });
    promoteByStep(db, siteId, studyUid, peerId, atMs);
    judgeNoticed(db, siteId, studyUid, rules, atMs);
  }
}

function refuseCreation(dataset: ReadDataset): ServiceAnswer | null {
  const missing = REQUIRED.filter((keyword) => findElement(dataset, keyword) === null);
  if (missing.length > 0) return { status: 'missing-attribute', offendingElements: missing.map(tagOf) };
  const empty = REQUIRED.filter((keyword) => isEmpty(dataset, keyword));
  if (empty.length > 0) return { status: 'missing-attribute-value', offendingElements: empty.map(tagOf) };
  if (scheduledSteps(dataset).length > MOST_SCHEDULED) return invalid('ScheduledStepAttributesSequence');
  for (const item of scheduledSteps(dataset)) {
    const element = findElement(item, 'StudyInstanceUID');
    const offendingElements = [tagOf('StudyInstanceUID')];
    if (element === null) return { status: 'missing-attribute', offendingElements };
    const studyUid = text(item, 'StudyInstanceUID');
    if (studyUid === null) return { status: 'missing-attribute-value', offendingElements };
    if (!UID.test(studyUid)) return invalid('StudyInstanceUID');
  }
  // A step begins by being in progress, and in no other way.
  return text(dataset, 'PerformedProcedureStepStatus') === 'IN PROGRESS'
    ? null
    : invalid('PerformedProcedureStepStatus');
}

const invalid = (keyword: string): ServiceAnswer => ({
  status: 'invalid-attribute-value',
  offendingElements: [tagOf(keyword)],
});

/** Series do not say of which study they are: each instance is of the one in which it comes, and of the first until then. */
function ofStudies(siteId: string, [studyUid = '', ...alsoOf]: readonly string[]) {
  return { siteId, studyUid, alsoOf };
}

const scheduledSteps = (dataset: ReadDataset) => items(dataset, 'ScheduledStepAttributesSequence');

function isEmpty(dataset: ReadDataset, keyword: string): boolean {
  const element = findElement(dataset, keyword);
  return element !== null && (element.items === null ? text(dataset, keyword) === null : element.items.length === 0);
}

/** What was said before with what is said now in its place; `refused` are tags that may not change and would have. */
function merge(before: DicomJson, now: DicomJson) {
  const isFixed = (tag: string) => SETTLED_AT_CREATION.includes(tag);
  const refused = Object.keys(now).filter((tag) => isFixed(tag) && !isDeepStrictEqual(now[tag], before[tag]));
  const taken = Object.fromEntries(Object.entries(now).filter(([tag]) => !isFixed(tag)));
  return { merged: { ...before, ...taken }, refused };
}

const [SERIES, IMAGES, OTHERS, INSTANCE] = [
  'PerformedSeriesSequence',
  'ReferencedImageSequence',
  'ReferencedNonImageCompositeSOPInstanceSequence',
  'ReferencedSOPInstanceUID',
].map((keyword) => tagText(tagOf(keyword))) as [string, string, string, string];

/** The SOP Instance UIDs that the performed series name, images and others, each once. */
function namedIn(step: DicomJson): readonly string[] {
  const below = (json: DicomJson, tag: string) => (json[tag]?.Value ?? []) as readonly DicomJson[];
  const uids = below(step, SERIES)
    .flatMap((series) => [...below(series, IMAGES), ...below(series, OTHERS)])
    .map((item) => item[INSTANCE]?.Value?.[0]);
  return [...new Set(uids.filter((uid) => typeof uid === 'string' && UID.test(uid)))] as readonly string[];
}

/** A step as it was reported, in the DICOM JSON model; null where none of that UID was. */
export function findStep(
  db: ReadableDb,
  siteId: string,
  sopUid: string,
): { readonly stepId: string; readonly state: StepState; readonly dataSet: DicomJson } | null {
  const step = prepared<Step>(db, FIND_STEP).get(siteId, sopUid);
  if (step === undefined) return null;
  return { stepId: step.stepId, state: step.state, dataSet: JSON.parse(step.dataSet) as DicomJson };
}
