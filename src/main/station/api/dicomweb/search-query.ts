import { lookUpTag } from '../../dicom/dataset/dictionary.ts';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import type { InstanceKeys, Page, TextRange } from '../../archive/index.ts';

/** A search as asked: keys, page, and what was asked for that is not matched on. */
export type SearchQuery = {
  readonly keys: InstanceKeys;
  readonly page: Page;
  readonly ignored: readonly string[];
};

const MOST_RESULTS = 1_000;
const USUAL_RESULTS = 100;
const UID = /^[0-9.]{1,64}$/;
const CONTROLS = new Set(['includefield', 'fuzzymatching', 'limit', 'offset', 'accept', 'charset']);

type Part = Partial<InstanceKeys>;
type Reader = (value: string) => Part | null;

/** Each matching key by its keyword (PS3.18 Tables 10.6.1-5): what it narrows, or null for a value that cannot be. */
const READERS: Readonly<Record<string, Reader>> = {
  StudyDate: (value) => ranged(value, /^\d{8}$/, (studyDate) => ({ studyDate })),
  StudyTime: (value) => ranged(value, /^\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?$/, (studyTime) => ({ studyTime })),
  AccessionNumber: (accession) => ({ accession }),
  ModalitiesInStudy: (value) => ({ modalitiesInStudy: listed(value) }),
  ReferringPhysicianName: (referringPhysician) => ({ referringPhysician }),
  PatientName: (patientName) => ({ patientName }),
  PatientID: (patientId) => ({ patientId }),
  StudyID: (dicomStudyId) => ({ dicomStudyId }),
  StudyInstanceUID: (value) => uids(value, (studyUids) => ({ studyUids })),
  SeriesInstanceUID: (value) => uids(value, (seriesUids) => ({ seriesUids })),
  Modality: (modality) => ({ modality }),
  SeriesNumber: (value) => integer(value, (seriesNumber) => ({ seriesNumber })),
  SOPInstanceUID: (value) => uids(value, (sopUids) => ({ sopUids })),
  SOPClassUID: (value) => uids(value, (sopClassUids) => ({ sopClassUids })),
  InstanceNumber: (value) => integer(value, (instanceNumber) => ({ instanceNumber })),
};

/** Reads a QIDO-RS query (PS3.18 §8.3.4): keys by keyword or tag; an empty value matches everything. */
export function readSearchQuery(
  query: Readonly<Record<string, unknown>>,
): Result<SearchQuery, { readonly code: 'query-malformed' }> {
  const keys: Part[] = [];
  const ignored: string[] = [];
  for (const [name, given] of Object.entries(query)) {
    if (CONTROLS.has(name.toLowerCase())) continue;
    const value = Array.isArray(given) ? given.join(',') : String(given);
    const keyword = keywordOf(name);
    const read = keyword !== null && Object.hasOwn(READERS, keyword) ? READERS[keyword] : undefined;
    if (read === undefined) ignored.push(name);
    else if (value !== '' && value !== '*') {
      const part = read(value);
      if (part === null) return err({ code: 'query-malformed' });
      keys.push(part);
    }
  }
  const limit = count(query.limit, USUAL_RESULTS);
  const offset = count(query.offset, 0);
  if (limit === null || offset === null) return err({ code: 'query-malformed' });
  return ok({ keys: Object.assign({}, ...keys), page: { limit: Math.min(limit, MOST_RESULTS), offset }, ignored });
}

/** The keyword of a parameter's name, whether it is one already or eight hexadecimal digits. */
function keywordOf(name: string): string | null {
  if (!/^[0-9a-f]{8}$/i.test(name)) return name;
  return lookUpTag(Number.parseInt(name, 16))?.keyword ?? null;
}

function count(given: unknown, usual: number): number | null {
  if (given === undefined || given === '') return usual;
  return typeof given === 'string' && /^\d{1,9}$/.test(given) ? Number(given) : null;
}

function listed(value: string): readonly string[] {
  return value.split(/[,\\]/).map((one) => one.trim());
}

function uids(value: string, narrow: (uids: readonly string[]) => Part): Part | null {
  const all = listed(value);
  return all.every((uid) => UID.test(uid)) ? narrow(all) : null;
}

function integer(value: string, narrow: (value: number) => Part): Part | null {
  return /^[+-]?\d{1,10}$/.test(value.trim()) ? narrow(Number(value)) : null;
}

function ranged(value: string, form: RegExp, narrow: (range: TextRange) => Part): Part | null {
  const dash = value.indexOf('-');
  const [from, to] = dash < 0 ? [value, value] : [value.slice(0, dash), value.slice(dash + 1)];
  if (from === '' && to === '') return null;
  if ([from, to].some((end) => end !== '' && !form.test(end))) return null;
  return narrow({ from: from === '' ? null : from, to: to === '' ? null : to });
}
