import type { DicomJson, DicomJsonAttribute } from '../../dicom/dataset/dicom-json.ts';
import { DIMSE_STATUS, type DimseStatus } from '../../dicom/dimse/status.ts';

/** What became of one object of a store request; UIDs as its file meta gave them, empty where it did not. */
export type StoredPart = {
  readonly sopClassUid: string;
  readonly sopUid: string;
  readonly status: DimseStatus;
  /** Where it is to be had. */
  readonly studyUid?: string;
  readonly seriesUid?: string;
};

/** A store response (PS3.18 Table 10.5.3-2): what is referenced and where, what failed and why, and what failed without a name. */
export function storeAnswer(
  parts: readonly StoredPart[],
  studyUid: string | undefined,
  addressOf: (...path: readonly string[]) => string,
): DicomJson {
  const filed = parts.filter(({ status }) => status === 'success');
  const failed = parts.filter(({ status }) => status !== 'success');
  const study = studyUid ?? onlyOne(filed.map((part) => part.studyUid));
  const reason = ({ status }: StoredPart) => ({ '00081197': { vr: 'US', Value: [DIMSE_STATUS[status]] } });
  return {
    ...(study !== undefined && filed.length > 0 && { '00081190': { vr: 'UR', Value: [addressOf('studies', study)] } }),
    ...sequence(
      '00081198',
      failed.filter(isNamed).map((part) => ({ ...named(part), ...reason(part) })),
    ),
    ...sequence(
      '00081199',
      filed.map((part) => ({ ...named(part), ...address(part, addressOf) })),
    ),
    ...sequence('0008119A', failed.filter((part) => !isNamed(part)).map(reason)),
  };
}

function isNamed({ sopUid }: StoredPart): boolean {
  return sopUid !== '';
}

function named({ sopClassUid, sopUid }: StoredPart): DicomJson {
  return { '00081150': { vr: 'UI', Value: [sopClassUid] }, '00081155': { vr: 'UI', Value: [sopUid] } };
}

function address(
  { studyUid, seriesUid, sopUid }: StoredPart,
  addressOf: (...path: readonly string[]) => string,
): DicomJson {
  if (studyUid === undefined || seriesUid === undefined) return {};
  const url = addressOf('studies', studyUid, 'series', seriesUid, 'instances', sopUid);
  return { '00081190': { vr: 'UR', Value: [url] } };
}

function sequence(tag: string, items: readonly DicomJson[]): { readonly [tag: string]: DicomJsonAttribute } {
  return items.length === 0 ? {} : { [tag]: { vr: 'SQ', Value: items } };
}

function onlyOne(uids: readonly (string | undefined)[]): string | undefined {
  const different = new Set(uids);
  return different.size === 1 ? uids[0] : undefined;
}
