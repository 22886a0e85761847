import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { DicomRecord } from '../dicom/dataset/write-dataset.ts';
import { STORAGE_COMMITMENT_INSTANCE } from '../dicom/services/sop-classes.ts';
import { inTurns } from '../platform/in-turns.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { aSlice, CT_CLASS } from '../testing/objects.ts';
import { anAvailabilityNotice, aStep, aStepEnd, readRecord } from '../testing/steps.ts';
import { availabilityNotice } from './availability-notice.ts';
import { commitmentRequest } from './commitment-asked.ts';
import { createStep, findStep, getStudyCard, setStep } from './index.ts';
import { stepChange, stepCreation } from './mpps.ts';
import { findNamedCounts, MOST_NAMED } from './named-instances.ts';

const STUDY = '1.2.10';
const STEP = '1.9.1';
const sops = (count: number) => Array.from({ length: count }, (_, at) => `${STUDY}.1.${at + 1}`);

let clinic: Clinic;
beforeEach(() => {
  clinic = openClinic();
});
afterEach(() => clinic.close());

const about = (record: DicomRecord, sopUid = STEP, callingAe: 'CT1' | 'PACS' = 'CT1') => ({
  ...{ sopUid, association: clinic.associate(callingAe), rules: clinic.archive.quiet, atMs: clinic.nowMs() },
  dataset: readRecord(record),
});
const action = (transactionUid: string, sopUids: readonly string[]) => ({
  ...{ actionTypeId: 1, sopInstanceUid: STORAGE_COMMITMENT_INSTANCE, atMs: clinic.nowMs() },
  association: {
    ...clinic.associate(),
    peer: { ...clinic.associate().peer, services: ['commit' as const] },
  },
  dataset: readRecord({
    TransactionUID: transactionUid,
    ReferencedSOPSequence: sopUids.map((ReferencedSOPInstanceUID) => ({
      ...{ ReferencedSOPClassUID: CT_CLASS, ReferencedSOPInstanceUID },
    })),
  }),
});

/** What work gives, and how often it let others work: how long they waited depends on the machine. */
async function watched<Value>(work: Promise<Value>): Promise<{ readonly value: Value; readonly turns: number }> {
  let isOver = false;
  const over = work.finally(() => (isOver = true));
  let turns = 0;
  while (!isOver) {
    await setImmediate();
    turns += 1;
  }
  return { value: await over, turns };
}

test('takes a step, a notice and a request of thirty thousand images without keeping others waiting', async () => {
  const uids = sops(30_000);
  createStep(clinic.db, about(aStep(STUDY)));
  const [ended, notice] = [
    about(aStepEnd('COMPLETED', STUDY, uids)),
    about(anAvailabilityNotice(STUDY, uids), '1.9.2'),
  ];
  const asked = action('1.9.3', uids);
  const taken = [
    await watched(inTurns(stepChange(clinic.db, ended))),
    await watched(inTurns(availabilityNotice(clinic.db, notice))),
    await watched(inTurns(commitmentRequest(clinic.db, asked)).then(({ answer }) => answer)),
  ];
  expect(taken.map(({ value, turns }) => [value.status, turns > 5])).toEqual(Array(3).fill(['success', true]));
  expect(findNamedCounts(clinic.db, clinic.north.siteId, STUDY)).toEqual({ named: 30_000, awaited: 30_000 });
  expect(clinic.events('procedure-step-recorded')).toHaveLength(2);
});

test('a list that breaks off half-way completes nothing, and counts whole when it comes again', async () => {
  const uids = sops(600);
  createStep(clinic.db, about(aStep(STUDY)));
  const studyId = await clinic.send(sops(300).map((_, at) => aSlice(at + 1)));
  const half = stepChange(clinic.db, about(aStepEnd('COMPLETED', STUDY, uids)));
  while (findNamedCounts(clinic.db, clinic.north.siteId, STUDY).named === 0) half.next();
  expect(findStep(clinic.db, clinic.north.siteId, STEP)?.state).toBe('in-progress');
  expect(getStudyCard(clinic.db, studyId).completeness).toBe('receiving');
  expect(setStep(clinic.db, about(aStepEnd('COMPLETED', STUDY, uids))).status).toBe('success');
  expect(findNamedCounts(clinic.db, clinic.north.siteId, STUDY)).toEqual({ named: 600, awaited: 300 });
});

test('takes in what was said of a step while a long list of it was being written', () => {
  createStep(clinic.db, about(aStep(STUDY)));
  const long = stepChange(clinic.db, about(aStepEnd('IN PROGRESS', STUDY, sops(600))));
  while (findNamedCounts(clinic.db, clinic.north.siteId, STUDY).named === 0) long.next();
  setStep(clinic.db, about({ PerformedProcedureStepDescription: 'Head' }));
  for (let step = long.next(); step.done !== true; ) step = long.next();
  const dataSet = findStep(clinic.db, clinic.north.siteId, STEP)?.dataSet;
  expect([dataSet?.['00400254']?.Value, dataSet?.['00400340']?.Value?.length]).toEqual([['Head'], 1]);
});

test('refuses more references than it names at most, and more studies than a step fulfils, and keeps nothing of them', async () => {
  const tooMany = sops(MOST_NAMED + 1);
  const series = aStepEnd('IN PROGRESS', STUDY, tooMany).PerformedSeriesSequence;
  const studies = (count: number) =>
    aStep(STUDY, {
      ScheduledStepAttributesSequence: sops(count).map((StudyInstanceUID) => ({ StudyInstanceUID })),
    });
  const answers = [
    await inTurns(stepCreation(clinic.db, about(aStep(STUDY, { PerformedSeriesSequence: series ?? [] })))),
    await inTurns(availabilityNotice(clinic.db, about(anAvailabilityNotice(STUDY, tooMany)))),
    (await inTurns(commitmentRequest(clinic.db, action('1.9.3', tooMany)))).answer,
    createStep(clinic.db, about(studies(101))),
  ];
  expect(answers.map(({ status }) => status)).toEqual([
    ...Array<string>(3).fill('resource-limitation'),
    'invalid-attribute-value',
  ]);
  expect(findNamedCounts(clinic.db, clinic.north.siteId, STUDY)).toEqual({ named: 0, awaited: 0 });
  expect(createStep(clinic.db, about(studies(100))).status).toBe('success');
});

test('a step is changed by the peer that began it, and by nobody else', () => {
  createStep(clinic.db, about(aStep(STUDY)));
  const completed = { PerformedProcedureStepStatus: 'COMPLETED' };
  expect(setStep(clinic.db, about(completed, STEP, 'PACS')).status).toBe('not-authorized');
  expect(findStep(clinic.db, clinic.north.siteId, STEP)?.state).toBe('in-progress');
  expect(setStep(clinic.db, about(completed)).status).toBe('success');
});

test.each(['constructor', '__proto__', 'toString'])('%s is no state and no availability', async (word) => {
  createStep(clinic.db, about(aStep(STUDY)));
  expect(setStep(clinic.db, about({ PerformedProcedureStepStatus: word })).status).toBe('invalid-attribute-value');
  const notice = about(anAvailabilityNotice(STUDY, sops(1), word), '1.9.2');
  expect((await inTurns(availabilityNotice(clinic.db, notice))).status).toBe('invalid-attribute-value');
});
