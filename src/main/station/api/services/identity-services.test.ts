import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CorrectionInput } from '../../../../shared/contract/identity.ts';
import { PatientId, StudyId } from '../../../../shared/domain/ids.ts';
import type { Principal } from '../../access/index.ts';
import { findPatient, findStudyCard, mergePatients } from '../../archive/index.ts';
import { type Clinic, openClinic } from '../../testing/clinic.ts';
import { aSlice } from '../../testing/objects.ts';
import { followAll } from '../../testing/ward.ts';
import { identityServices } from './identity-services.ts';

let clinic: Clinic;
let services: ReturnType<typeof identityServices>;
let studies: { readonly studyId: StudyId; readonly patientId: PatientId }[];

beforeEach(async () => {
  clinic = openClinic();
  services = identityServices(clinic.db, clinic.archive.clock);
  studies = [];
  for (const n of [1, 2, 3]) {
    const changes = { StudyInstanceUID: `1.2.${n}`, PatientID: String(n), PatientName: `Doe^${'ABC'[n - 1]}` };
    const slices = [1, 2].map((one) =>
      aSlice(one, { ...changes, SeriesInstanceUID: `1.2.${n}.${one}`, SOPInstanceUID: `1.2.${n}.${one}.1` }),
    );
    const studyId = StudyId.parse(await clinic.send(slices));
    studies.push({ studyId, patientId: PatientId.parse(findStudyCard(clinic.db, studyId)?.patient.patientId) });
  }
  clinic.pass(3_600_000);
  clinic.runJobs();
  followAll(clinic);
});
afterEach(() => clinic.close());

const by = () =>
  ({
    userId: 'coordinator',
    siteId: clinic.north.siteId,
    siteIds: [clinic.north.siteId],
    sessionKind: 'page',
  }) as unknown as Principal;
const of = (n: number) => studies[n] ?? expect.fail('no such study');
const seen = (n: number) => ({
  patientId: of(n).patientId,
  identityVersion: findPatient(clinic.db, of(n).patientId)?.identityVersion ?? -1,
});
const REFUSED = { ok: false, error: { code: 'identity-changed' } };

/** Every correction that gives something to somebody known here. */
const GIVING = {
  move: (to: ReturnType<typeof seen>) => {
    const { studyId } = of(0);
    return services.move(by(), { studyId, identityVersion: seen(0).identityVersion, to, reason: 'other' });
  },
  split: (to: ReturnType<typeof seen>) => {
    const input: CorrectionInput<'split'> = {
      ...{ studyId: of(0).studyId, identityVersion: seen(0).identityVersion, to, reason: 'other' },
      ...{ seriesIds: [], sopUids: ['1.2.1.1.1'] },
    };
    return services.split(by(), input);
  },
  merge: ({ patientId: toPatientId, identityVersion: toIdentityVersion }: ReturnType<typeof seen>) =>
    services.merge(by(), {
      ...{ fromPatientId: of(0).patientId, identityVersion: seen(0).identityVersion, reason: 'other' },
      ...{ toPatientId, toIdentityVersion },
    }),
};

test.each(Object.entries(GIVING))('%s: whom it goes to has to be as they were seen', (_verb, give) => {
  const to = seen(1);
  clinic.db
    .prepare('UPDATE patients SET identity_version = identity_version + 1 WHERE patient_id = ?')
    .run(to.patientId);
  expect(give(to)).toEqual(REFUSED);
  expect(give(seen(1))).toMatchObject({ ok: true });
});

test.each(Object.entries(GIVING))(
  '%s: nobody is given anything in the name of a patient who was merged',
  (_verb, give) => {
    const merged = mergePatients(clinic.db, {
      ...{ fromPatientId: of(1).patientId, toPatientId: of(2).patientId, siteId: clinic.north.siteId },
      ...{ reason: 'other', actor: { kind: 'user', id: 'x' }, atMs: clinic.nowMs() },
    });
    expect(merged.ok).toBe(true);
    expect(give(seen(1))).toEqual(REFUSED);
  },
);
