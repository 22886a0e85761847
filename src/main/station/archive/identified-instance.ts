import type { InstanceDescription } from '../dicom/dataset/describe-instance.ts';

/** An instance that says which study, series and object it is; any other cannot be filed. */
export type IdentifiedInstance = InstanceDescription & {
  readonly studyUid: string;
  readonly seriesUid: string;
  readonly sopUid: string;
  readonly sopClassUid: string;
};

export function isIdentified(instance: InstanceDescription): instance is IdentifiedInstance {
  return [instance.studyUid, instance.seriesUid, instance.sopUid, instance.sopClassUid].every(isUid);
}

/** PS3.5 §9.1: digits and dots, at most 64; leading zeros are common in the field and do no harm. */
function isUid(value: string | null): boolean {
  return value !== null && /^[0-9][0-9.]{0,63}$/.test(value);
}
