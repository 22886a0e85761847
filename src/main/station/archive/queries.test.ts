import { afterAll, beforeAll, expect, test } from 'vitest';
import { planOf } from '../platform/store/test-plan.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { aSlice } from '../testing/objects.ts';
import { FIND_CURRENT, FIND_STUDY, IS_KNOWN_VERSION } from './file-instance.ts';
import { RETIRE_VERSIONS } from './file-version.ts';
import { FIND_MARKS_OF } from './hidden-marks.ts';
import {
  countQuarantined,
  countReceivedSince,
  findInstance,
  findInstances,
  findSeries,
  findStudies,
  findStudyIdByUid,
  listInstances,
  listInstancesBelow,
  listSeries,
} from './index.ts';
import { FORGET_INSTANCE } from './delete-study.ts';
import {
  COUNT_RECEIVED,
  LAST_RECEIVED,
  LIST_INSTANCES,
  LIST_INSTANCES_AT,
  LIST_PRIORS,
  LIST_STUDIES_AFTER,
} from './queries.ts';

let clinic: Clinic;
let north: string;
let south: string;
const ALL = { limit: 100, offset: 0 };

beforeAll(async () => {
  clinic = openClinic();
  const second = { SeriesInstanceUID: '1.2.10.2', SeriesNumber: 2, Modality: 'CT' };
  north = await clinic.send([aSlice(2), aSlice(1), aSlice(1, second)]);
  clinic.pass(1000);
  south = await clinic.send([aSlice(1, { PatientName: 'Roe^Richard', PatientID: '1' })], 'SOUTH');
  const broken = clinic.associate('SOUTH');
  await clinic.receive(broken, aSlice(1, { PatientName: 'Roe^Richard', PatientID: '2' }));
});
afterAll(() => clinic.close());

test.each([
  ['the current version of an object', FIND_CURRENT, /SEARCH i USING .*\(site_id=\? AND sop_uid=\?\)/],
  [
    'whether a version is known',
    IS_KNOWN_VERSION,
    /SEARCH instance_versions USING .*\(site_id=\? AND sop_uid=\? AND digest=\?\)/,
  ],
  ['a study by its UID', FIND_STUDY, /SEARCH s USING .*\(site_id=\? AND study_uid=\?\)/],
  ['whether it was split', FIND_STUDY, /SEARCH o USING COVERING INDEX studies_split_off/],
  ['what hides an object', FIND_MARKS_OF, /SEARCH m USING .*\(site_id=\? AND subject=\?\)/],
  ['the version that a new one replaces', RETIRE_VERSIONS, /SEARCH instance_versions USING INDEX one_current_version/],
  ['what came since', COUNT_RECEIVED, /SEARCH instance_versions USING COVERING INDEX instance_versions_by_arrival/],
  ['studies behind one', LIST_STUDIES_AFTER, /SEARCH studies USING COVERING INDEX \S+ \(study_id>\?\)/],
  ['when the last came', LAST_RECEIVED, /SEARCH instance_versions USING COVERING INDEX instance_versions_by_arrival/],
])('%s is found by an index, without a sort', (_what, sql, index) => {
  const plan = planOf(clinic.db, sql).join('\n');
  expect(plan).toMatch(index);
  expect(plan).not.toMatch(/SCAN|TEMP B-TREE/);
});

test.each([
  ['a study’s images', LIST_INSTANCES],
  ['a study’s images as they were at a revision', LIST_INSTANCES_AT],
  ['a patient’s priors', LIST_PRIORS],
])('%s are found by indexes; only those few are sorted', (_what, sql) => {
  expect(planOf(clinic.db, sql).join('\n')).not.toMatch(/SCAN/);
});

test('an instance is deleted without a look at the versions of others, which its foreign key would take', () => {
  expect(planOf(clinic.db, FORGET_INSTANCE).join('\n')).not.toMatch(/SCAN/);
});

test('lists series and images by their numbers', () => {
  expect(listSeries(clinic.db, north).map(({ number, instances }) => [number, instances])).toEqual([
    [1, 2],
    [2, 1],
  ]);
  expect(listInstances(clinic.db, north).map(({ seriesUid, number }) => [seriesUid, number])).toEqual([
    ['1.2.10.1', 1],
    ['1.2.10.1', 2],
    ['1.2.10.2', 1],
  ]);
});

/** Every read that takes a site, asked for north's, for south's and for none. */
const READS: Readonly<Record<string, (siteId: string) => unknown>> = {
  findInstance: (siteId) => findInstance(clinic.db, siteId, '1.2.10.1.1')?.instanceId ?? null,
  findStudyIdByUid: (siteId) => findStudyIdByUid(clinic.db, siteId, '1.2.10'),
  countReceivedSince: (siteId) => countReceivedSince(clinic.db, siteId, 0),
  countQuarantined: (siteId) => countQuarantined(clinic.db, siteId),
  findStudies: (siteId) =>
    findStudies(clinic.db, [siteId], {}, ALL).map(({ patientName, instances }) => [patientName, instances]),
  findSeries: (siteId) => findSeries(clinic.db, [siteId], {}, ALL).map(({ seriesUid }) => seriesUid),
  findInstances: (siteId) =>
    findInstances(clinic.db, [siteId], { studyUids: ['1.2.10'] }, ALL).map(({ sopUid }) => sopUid),
  listInstancesBelow: (siteId) =>
    listInstancesBelow(clinic.db, [siteId], { studyUid: '1.2.10' }).map(({ studyId, sopUid }) => [studyId, sopUid]),
};

test.each(Object.entries(READS))('%s sees its own site only', (name, read) => {
  expect({ north: read(clinic.north.siteId), south: read(clinic.south.siteId), none: read('nowhere') }).toEqual(
    {
      findInstance: {
        north: findInstance(clinic.db, clinic.north.siteId, '1.2.10.1.1')?.instanceId,
        south: listInstances(clinic.db, south)[0]?.instanceId,
        none: null,
      },
      findStudyIdByUid: { north, south, none: null },
      countReceivedSince: {
        north: { received: 3, lastAtMs: clinic.nowMs() - 1000 },
        south: { received: 1, lastAtMs: clinic.nowMs() },
        none: { received: 0, lastAtMs: null },
      },
      countQuarantined: { north: 0, south: 1, none: 0 },
      findStudies: { north: [['Doe^Jane', 3]], south: [['Roe^Richard', 1]], none: [] },
      findSeries: { north: ['1.2.10.1', '1.2.10.2'], south: ['1.2.10.1'], none: [] },
      findInstances: { north: ['1.2.10.1.1', '1.2.10.1.2', '1.2.10.2.1'], south: ['1.2.10.1.1'], none: [] },
      listInstancesBelow: {
        north: [
          [north, '1.2.10.1.1'],
          [north, '1.2.10.1.2'],
          [north, '1.2.10.2.1'],
        ],
        south: [[south, '1.2.10.1.1']],
        none: [],
      },
    }[name],
  );
});

test.each([
  [{ patientName: 'doe*' }, 1],
  [{ patientName: 'D_e*' }, 0],
  [{ patientName: '%' }, 0],
  [{ patientName: 'Do?^Jane' }, 1],
  [{ patientId: '4711' }, 1],
  [{ patientId: '47*' }, 1],
  [{ accession: 'A1' }, 1],
  [{ accession: 'A2' }, 0],
  [{ studyDate: { from: '20260301', to: '20260301' } }, 1],
  [{ studyDate: { from: null, to: '20260228' } }, 0],
  [{ studyDate: { from: '20260302', to: null } }, 0],
  [{ studyTime: { from: '1015', to: '1015' } }, 1],
  [{ modalitiesInStudy: ['MR', 'CT'] }, 1],
  [{ modalitiesInStudy: ['MR'] }, 0],
  [{ studyUids: ['1.2.10', '9.9'] }, 1],
  [{ studyUids: [] }, 0],
  [{ patientName: 'Doe*', accession: 'A2' }, 0],
])('of the studies %o matches %i', (keys, expected) => {
  expect(findStudies(clinic.db, [clinic.north.siteId], keys, ALL)).toHaveLength(expected);
});
