import type { PatientTarget, StudyIdentity } from '../../../../shared/contract/identity.ts';
import { CorrectionReason, HidingReason } from '../../../../shared/domain/correction.ts';
import type { SeriesId } from '../../../../shared/domain/ids.ts';
import { client } from '../../bridge/client.ts';

/** A correction that a person is asked to confirm. */
export type AskedCorrection =
  | { readonly kind: 'move' | 'merge' | 'confirm' }
  | { readonly kind: 'split'; readonly seriesIds: readonly SeriesId[]; readonly sopUids: readonly string[] }
  | { readonly kind: 'hide'; readonly level: 'study' | 'instance'; readonly subjects: readonly string[] };

/** Makes a correction of the study and the patient as they were shown; the station refuses where they are others by now. */
export async function performCorrection(
  { study: { studyId }, patient }: StudyIdentity,
  asked: AskedCorrection,
  to: PatientTarget | null,
  because: string | null,
): Promise<void> {
  if (asked.kind === 'hide') {
    const { level, subjects } = asked;
    await client.identity.hide({ studyId, level, subjects: [...subjects], reason: HidingReason.parse(because) });
    return;
  }
  const said = { studyId, identityVersion: patient.identityVersion, reason: CorrectionReason.parse(because) };
  if (asked.kind === 'confirm') await client.identity.confirm(said);
  else if (asked.kind === 'split')
    await client.identity.split({ ...said, seriesIds: [...asked.seriesIds], sopUids: [...asked.sopUids], to });
  else if (asked.kind === 'move' && to !== null) await client.identity.move({ ...said, to });
  else if (asked.kind === 'merge' && to !== null && 'patientId' in to) {
    const { identityVersion, reason } = said;
    const [fromPatientId, toPatientId] = [patient.patientId, to.patientId];
    const toIdentityVersion = to.identityVersion;
    await client.identity.merge({ fromPatientId, toPatientId, identityVersion, toIdentityVersion, reason });
  }
}
