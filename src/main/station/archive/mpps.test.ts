import { afterEach, beforeEach, expect, test } from 'vitest';
import { tagOf } from '../dicom/dataset/dictionary.ts';
import type { DicomRecord } from '../dicom/dataset/write-dataset.ts';
import { planOf } from '../platform/store/test-plan.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { aSlice, without } from '../testing/objects.ts';
import { anAvailabilityNotice, aStep, aStepEnd, readRecord } from '../testing/steps.ts';
import { createStep, findStep, getStudyCard, noteAvailability, setStep } from './index.ts';
import { LIST_STUDIES_OF_STEP } from './mpps.ts';
import { FIND_COUNTS, FIND_NAMED, findNamedCounts } from './named-instances.ts';

const STUDY = '1.2.10';
const STEP = '1.9.1';
const sop = (n: number) => `${STUDY}.1.${n}`;

let clinic: Clinic;
beforeEach(() => {
  clinic = openClinic();
});
afterEach(() => clinic.close());

const about = (record: DicomRecord | null, sopUid = STEP, callingAe: 'CT1' | 'SOUTH' = 'CT1') => ({
  ...{ sopUid, association: clinic.associate(callingAe), rules: clinic.archive.quiet, atMs: clinic.nowMs() },
  dataset: record === null ? null : readRecord(record),
});
const create = (record: DicomRecord | null = aStep(STUDY), sopUid = STEP) =>
  createStep(clinic.db, about(record, sopUid));
const set = (record: DicomRecord, sopUid = STEP) => setStep(clinic.db, about(record, sopUid));
const named = (...numbers: readonly number[]) => aStepEnd('COMPLETED', STUDY, numbers.map(sop));
const valueOf = (keyword: string) =>
  findStep(clinic.db, clinic.north.siteId, STEP)?.dataSet[tagOf(keyword).toString(16).padStart(8, '0').toUpperCase()]
    ?.Value;

test('looks for what is named by keys alone', () => {
  expect([FIND_NAMED, FIND_COUNTS, LIST_STUDIES_OF_STEP].map((sql) => planOf(clinic.db, sql))).toEqual([
    ['SEARCH named_instances USING PRIMARY KEY (site_id=? AND sop_uid=?)'],
    ['SEARCH named_counts USING PRIMARY KEY (site_id=? AND study_uid=?)'],
    ['SEARCH performed_step_studies USING COVERING INDEX performed_step_studies_by_step (step_id=?)'],
  ]);
});

test.each<[string, DicomRecord | null, string, string | null]>([
  ['nothing at all', null, 'missing-attribute', 'Modality'],
  [
    'no scheduled step',
    without(aStep(STUDY), 'ScheduledStepAttributesSequence'),
    'missing-attribute',
    'ScheduledStepAttributesSequence',
  ],
  [
    'an empty list of scheduled steps',
    aStep(STUDY, { ScheduledStepAttributesSequence: [] }),
    'missing-attribute-value',
    'ScheduledStepAttributesSequence',
  ],
  [
    'a scheduled step of no study',
    aStep(STUDY, { ScheduledStepAttributesSequence: [{ AccessionNumber: 'A1' }] }),
    'missing-attribute',
    'StudyInstanceUID',
  ],
  [
    'a scheduled step of an empty study',
    aStep(STUDY, { ScheduledStepAttributesSequence: [{ StudyInstanceUID: '' }] }),
    'missing-attribute-value',
    'StudyInstanceUID',
  ],
  [
    'a study UID that is none',
    aStep(STUDY, { ScheduledStepAttributesSequence: [{ StudyInstanceUID: 'one.two' }] }),
    'invalid-attribute-value',
    'StudyInstanceUID',
  ],
  ['no step id', without(aStep(STUDY), 'PerformedProcedureStepID'), 'missing-attribute', 'PerformedProcedureStepID'],
  ['no station', without(aStep(STUDY), 'PerformedStationAETitle'), 'missing-attribute', 'PerformedStationAETitle'],
  ['an empty modality', aStep(STUDY, { Modality: '' }), 'missing-attribute-value', 'Modality'],
  [
    'no start',
    without(aStep(STUDY), 'PerformedProcedureStepStartTime'),
    'missing-attribute',
    'PerformedProcedureStepStartTime',
  ],
  [
    'a step that is over before it began',
    aStep(STUDY, { PerformedProcedureStepStatus: 'COMPLETED' }),
    'invalid-attribute-value',
    'PerformedProcedureStepStatus',
  ],
  ['no patient name, which may be empty', without(aStep(STUDY), 'PatientName', 'PatientBirthDate'), 'success', null],
])(
  'N-CREATE with %s is answered as it deserves, and kept only where it is well',
  (_what, record, status, offending) => {
    const answer = create(record);
    expect(answer.status).toBe(status);
    if (offending !== null) expect(answer.offendingElements).toContain(tagOf(offending));
    expect(findStep(clinic.db, clinic.north.siteId, STEP) === null).toBe(status !== 'success');
    expect(clinic.events('procedure-step-recorded')).toHaveLength(status === 'success' ? 1 : 0);
  },
);

test('a step is created once', () => {
  expect([create().status, create().status]).toEqual(['success', 'duplicate-sop-instance']);
});

type Turn = readonly [what: 'IN PROGRESS' | 'COMPLETED' | 'DISCONTINUED' | 'PAUSED' | 'says nothing', answer: string];
const MAY_NOT = 'processing-failure';
test.each<[string, readonly Turn[], string]>([
  [
    'goes on',
    [
      ['IN PROGRESS', 'success'],
      ['says nothing', 'success'],
    ],
    'in-progress',
  ],
  ['completes', [['COMPLETED', 'success']], 'completed'],
  [
    'goes on and completes',
    [
      ['IN PROGRESS', 'success'],
      ['COMPLETED', 'success'],
    ],
    'completed',
  ],
  ['is discontinued', [['DISCONTINUED', 'success']], 'discontinued'],
  ['is said to be in no known state', [['PAUSED', 'invalid-attribute-value']], 'in-progress'],
  [
    'completed and goes on',
    [
      ['COMPLETED', 'success'],
      ['IN PROGRESS', MAY_NOT],
      ['says nothing', MAY_NOT],
    ],
    'completed',
  ],
  [
    'completed and is discontinued',
    [
      ['COMPLETED', 'success'],
      ['DISCONTINUED', MAY_NOT],
    ],
    'completed',
  ],
  [
    'was discontinued and completes',
    [
      ['DISCONTINUED', 'success'],
      ['COMPLETED', MAY_NOT],
    ],
    'discontinued',
  ],
])('a step that %s', (_what, turns, state) => {
  create();
  for (const [status, answer] of turns) {
    const given = set(status === 'says nothing' ? {} : { PerformedProcedureStepStatus: status });
    expect(given.status).toBe(answer);
    if (answer === MAY_NOT) expect(given.errorId).toBe(0xa710);
  }
  expect(findStep(clinic.db, clinic.north.siteId, STEP)?.state).toBe(state);
});

test('N-SET of a step nobody created, or of another site, is told so', () => {
  create();
  expect(set(named(1), '1.9.2').status).toBe('no-such-object-instance');
  expect(setStep(clinic.db, about(named(1), STEP, 'SOUTH')).status).toBe('no-such-object-instance');
});

test('keeps what a step says as it goes on, and who and what it was for as it began', () => {
  create();
  const given = set({
    ...named(1, 2),
    PatientName: 'Roe^Richard',
    Modality: 'CT',
    PerformedProcedureStepDescription: 'Head',
  });
  expect(given).toMatchObject({ status: 'attribute-list-error', offendingElements: [tagOf('PatientName')] });
  expect([valueOf('PatientName'), valueOf('PerformedProcedureStepDescription')]).toEqual([
    [{ Alphabetic: 'Doe^Jane' }],
    ['Head'],
  ]);
  expect(findStep(clinic.db, clinic.north.siteId, STEP)?.state).toBe('completed');
});

test('counts each named instance once, of images and of others, and lets go of what the modality does', async () => {
  create();
  set(aStepEnd('IN PROGRESS', STUDY, [1, 2, 3, 4].map(sop)));
  createStep(clinic.db, about(aStep(STUDY), '1.9.2'));
  setStep(clinic.db, about(named(1, 2), '1.9.2'));
  const id = await clinic.send([1, 2].map((n) => aSlice(n)));
  expect(getStudyCard(clinic.db, id)).toMatchObject({ images: 2, expected: 4 });
  set({
    ...named(1, 2, 2),
    PerformedSeriesSequence: [
      {
        SeriesInstanceUID: `${STUDY}.1`,
        ReferencedImageSequence: [1, 2, 2].map((n) => ({ ReferencedSOPInstanceUID: sop(n) })),
        ReferencedNonImageCompositeSOPInstanceSequence: [{ ReferencedSOPInstanceUID: sop(9) }],
      },
    ],
  });
  expect(getStudyCard(clinic.db, id)).toMatchObject({
    ...{ images: 2, expected: 3, completeness: 'receiving' },
    evidence: { named: 3, awaited: 1, marks: [{ code: 'fewer-than-expected', expected: 3, here: 2 }] },
  });
  expect(getStudyCard(clinic.db, id).evidence?.sources).toMatchObject([
    { kind: 'performed-steps', state: 'completed', instances: 3, atMs: clinic.nowMs() },
    { kind: 'performed-steps', state: 'completed', instances: 2 },
  ]);
});

test('evidence stored before there were sources and marks is still read', async () => {
  const id = await clinic.send([1, 2, 3, 4, 5].map((n) => aSlice(n)));
  const old = {
    rule: 'quiet-time',
    instances: 5,
    series: 1,
    quietForMs: 180_000,
    associationsReleased: 1,
    associationsBroken: 0,
    gaps: 0,
  };
  clinic.db.prepare('UPDATE studies SET evidence = ?').run(JSON.stringify(old));
  expect(getStudyCard(clinic.db, id).evidence).toEqual({ ...old, named: 0, awaited: 0, sources: [], marks: [] });
});

test.each<[string, DicomRecord | null, string, string | null]>([
  ['nothing', null, 'missing-attribute', 'StudyInstanceUID'],
  [
    'no study',
    without(anAvailabilityNotice(STUDY, [sop(1)]), 'StudyInstanceUID'),
    'missing-attribute',
    'StudyInstanceUID',
  ],
  [
    'no series',
    { ...anAvailabilityNotice(STUDY, [sop(1)]), ReferencedSeriesSequence: [] },
    'missing-attribute',
    'ReferencedSeriesSequence',
  ],
  ['a series of nothing', anAvailabilityNotice(STUDY, []), 'missing-attribute', 'ReferencedSOPSequence'],
  [
    'an instance whose UID is none',
    anAvailabilityNotice(STUDY, ['x']),
    'invalid-attribute-value',
    'ReferencedSOPInstanceUID',
  ],
  [
    'an availability that is none',
    anAvailabilityNotice(STUDY, [sop(1)], 'SOMEWHERE'),
    'invalid-attribute-value',
    'InstanceAvailability',
  ],
  ['no availability', anAvailabilityNotice(STUDY, [sop(1)], ''), 'missing-attribute', 'InstanceAvailability'],
  ['all it needs', anAvailabilityNotice(STUDY, [sop(1), sop(2)], 'NEARLINE'), 'success', null],
])('a notice with %s is answered as it deserves', (_what, record, status, offending) => {
  const answer = noteAvailability(clinic.db, about(record));
  expect(answer.status).toBe(status);
  if (offending !== null) expect(answer.offendingElements).toEqual([tagOf(offending)]);
  expect(clinic.events('instances-announced')).toHaveLength(status === 'success' ? 1 : 0);
  if (status === 'success') expect(noteAvailability(clinic.db, about(record)).status).toBe('duplicate-sop-instance');
});

const countsOf = (studyUid: string) => findNamedCounts(clinic.db, clinic.north.siteId, studyUid);
const OTHER = { StudyInstanceUID: '1.2.20', SeriesInstanceUID: '1.2.20.1' };

test.each(['before', 'after'] as const)(
  'what a step names is awaited until it comes in its own study; another study’s object of that UID, %s it, is not it',
  async (when) => {
    const stranger = aSlice(1, { ...OTHER, SOPInstanceUID: sop(1) });
    if (when === 'before') await clinic.send([stranger]);
    create();
    set(named(1, 2));
    if (when === 'after') await clinic.send([stranger]);
    await clinic.send([aSlice(2)]);
    expect(countsOf(STUDY)).toEqual({ named: 2, awaited: 1 });
  },
);

test.each(['before', 'after'] as const)(
  'what a step of two studies names counts for the study in which it comes, also where it came %s it was named',
  async (when) => {
    const its = aSlice(1, { ...OTHER, SOPInstanceUID: sop(1) });
    if (when === 'before') await clinic.send([its]);
    const scheduled = (uid: string) => ({ ...(aStep(uid).ScheduledStepAttributesSequence as DicomRecord[])[0] });
    create(aStep(STUDY, { ScheduledStepAttributesSequence: [scheduled(STUDY), scheduled('1.2.20')] }));
    set(named(1, 2));
    if (when === 'after') {
      expect([countsOf(STUDY), countsOf('1.2.20')]).toEqual([
        { named: 2, awaited: 2 },
        { named: 0, awaited: 0 },
      ]);
      await clinic.send([its]);
    }
    await clinic.send([aSlice(2)]);
    expect([countsOf(STUDY), countsOf('1.2.20')]).toEqual([
      { named: 1, awaited: 0 },
      { named: 1, awaited: 0 },
    ]);
  },
);
