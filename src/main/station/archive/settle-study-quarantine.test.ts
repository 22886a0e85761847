import { afterEach, beforeEach, expect, test } from 'vitest';
import type { DicomRecord } from '../dicom/dataset/write-dataset.ts';
import { planOf } from '../platform/store/test-plan.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { aSlice } from '../testing/objects.ts';
import {
  getStudyCard,
  type HeldPlace,
  listPriorIds,
  listQuarantine,
  listSeries,
  settleStudyQuarantine,
  type StudySettlement,
} from './index.ts';
import { COUNT_HELD_OF_STUDY, countHeldAlike, LIST_HELD_OF_STUDY } from './settle-study-quarantine.ts';

let clinic: Clinic;
let study: string;
beforeEach(async () => {
  clinic = openClinic();
  study = await clinic.send([1, 2, 3].map((n) => aSlice(n)));
});
afterEach(() => clinic.close());

const JOHN: DicomRecord = { PatientName: 'Roe^John', PatientID: '99', PatientBirthDate: '19500505', PatientSex: 'M' };
const held = () => listQuarantine(clinic.db, clinic.north.siteId, { state: 'held', limit: 200 });
const johns = (count: number, series: number) =>
  Array.from({ length: count }, (_, n) =>
    aSlice(n + 1, { ...JOHN, SeriesInstanceUID: `1.2.10.${series}`, SeriesNumber: series }),
  );
const settle = async (settlement: StudySettlement, after: HeldPlace | null = null, more = {}) => {
  const settled = await settleStudyQuarantine(clinic.archive, {
    ...{ siteId: clinic.north.siteId, studyId: study, reason: null, settlement, after },
    ...{ actor: { kind: 'user', id: 'technologist' }, atMs: clinic.nowMs() },
    ...more,
  });
  if (!settled.ok) throw new Error(settled.error.code);
  return settled.value;
};
const settledEvents = () =>
  clinic.events('quarantine-settled').map(({ payload }) => [payload.how, payload.because].join(' '));

test('two series of another patient become one study of theirs, in steps, an event for each object', async () => {
  await clinic.receive(clinic.associate(), ...johns(40, 7), ...johns(20, 8));
  expect(held()).toHaveLength(60);
  const as = { how: 'release', release: 'as-a-study-of-its-own' } as const;
  // No step is longer than 50, and a slow machine ends one earlier.
  let [step, filed] = [await settle(as), 0];
  for (; ; step = await settle(as, step.next)) {
    expect(step).toMatchObject({ discarded: 0, stillHeld: 0, failed: [] });
    expect(step.filed).toBeGreaterThan(0);
    expect(step.filed).toBeLessThanOrEqual(50);
    filed += step.filed;
    expect(held()).toHaveLength(60 - filed);
    if (step.next === null) break;
  }
  expect(filed).toBe(60);
  expect([held(), getStudyCard(clinic.db, study)]).toMatchObject([[], { images: 3, quarantined: 0 }]);
  expect(new Set(settledEvents())).toEqual(new Set(['filed as-a-study-of-its-own']));
  expect(settledEvents()).toHaveLength(60);
  const other = await clinic.send([aSlice(1, { ...JOHN, StudyInstanceUID: '1.2.20' })]);
  const [own, ...more] = listPriorIds(clinic.db, other);
  expect(more).toEqual([]);
  expect(getStudyCard(clinic.db, own ?? '').images).toBe(60);
  expect(listSeries(clinic.db, own ?? '').map(({ seriesUid }) => seriesUid)).toEqual(['1.2.10.7', '1.2.10.8']);
});

test('what was set aside for one reason is discarded with one, and the rest stays', async () => {
  await clinic.receive(
    clinic.associate(),
    ...johns(2, 7),
    ...[1, 2].map((n) => aSlice(n, { PixelData: new Uint16Array(16).fill(99) })),
  );
  const alike = () => held().map((row) => countHeldAlike(clinic.db, row));
  expect(alike()).toEqual([2, 2, 2, 2]);
  const john = held().at(-1);
  if (john?.reason !== 'same-uid-other-patient') throw new Error('the other patient came first');
  expect(countHeldAlike(clinic.db, { ...john, siteId: clinic.south.siteId })).toBe(0);
  expect(countHeldAlike(clinic.db, { ...john, state: 'released' })).toBe(0);
  expect(countHeldAlike(clinic.db, { ...john, studyId: null })).toBe(0);
  const discard = { how: 'discard', reason: 'wrong-patient' } as const;
  expect(await settle(discard, null, { reason: 'same-uid-other-patient' })).toEqual({
    ...{ filed: 0, discarded: 2, stillHeld: 0, failed: [], next: null },
  });
  expect(held().map(({ reason }) => reason)).toEqual(['same-uid-other-pixels', 'same-uid-other-pixels']);
  expect(alike()).toEqual([2, 2]);
  expect(countHeldAlike(clinic.db, john)).toBe(0);
  expect(settledEvents()).toEqual(['discarded wrong-patient', 'discarded wrong-patient']);
});

test('what stays as it is, or cannot be settled so, is counted and said, and the walk goes on past it', async () => {
  await clinic.receive(clinic.associate(), aSlice(1, { PixelData: new Uint16Array(16).fill(99) }), ...johns(1, 7));
  expect(await settle({ how: 'retry' })).toMatchObject({ filed: 0, stillHeld: 2, failed: [], next: null });
  const current = await settle({ how: 'release', release: 'as-current-version' });
  const left = held();
  expect(current).toMatchObject({
    ...{ filed: 1, failed: [{ quarantineId: left[0]?.quarantineId, code: 'release-does-not-apply' }], next: null },
  });
  expect(left.map(({ reason }) => reason)).toEqual(['same-uid-other-patient']);
});

test('of another site nothing is settled, and what is held is found by index', async () => {
  await clinic.receive(clinic.associate(), ...johns(1, 7));
  await expect(settle({ how: 'retry' }, null, { siteId: clinic.south.siteId })).rejects.toThrow('study-not-found');
  for (const sql of [LIST_HELD_OF_STUDY, COUNT_HELD_OF_STUDY])
    expect(planOf(clinic.db, sql).join()).toContain('quarantine_by_study');
});
