import { lookUpKeyword, lookUpTag, tagText } from '../../dicom/dataset/dictionary.ts';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { type InstanceKeys, LONGEST_KEY, type Page, type TextRange } from '../../archive/index.ts';

/** What a search is of. */
export type SearchLevel = 'study' | 'series' | 'instance';

/** A search as asked: keys, page, and attributes wanted besides those always given, as paths of tags. */
export type SearchQuery = {
  readonly keys: InstanceKeys;
  readonly page: Page;
  readonly fields: readonly (readonly string[])[];
  /** Names of what was passed over because it is no parameter of a search; one that cannot be repeated is `?`. */
  readonly ignored: readonly string[];
};

/** Why a query cannot be answered; `parameter` is the name of the one at fault, never its value. */
export type QueryFailure = {
  readonly code: 'query-malformed' | 'key-not-matched';
  readonly parameter?: string;
};

const MOST_RESULTS = 1_000;
const USUAL_RESULTS = 100;
const UID = /^[0-9.]{1,64}$/;
const CONTROLS = new Set(['includefield', 'fuzzymatching', 'limit', 'offset', 'accept', 'charset']);
const ABOVE: Readonly<Record<SearchLevel, readonly SearchLevel[]>> = {
  study: ['study'],
  series: ['study', 'series'],
  instance: ['study', 'series', 'instance'],
};

type Part = Partial<InstanceKeys>;
type Key = { readonly of: SearchLevel; readonly read: (value: string) => Part | null };

const study = (read: Key['read']): Key => ({ of: 'study', read });
const series = (read: Key['read']): Key => ({ of: 'series', read });
const instance = (read: Key['read']): Key => ({ of: 'instance', read });
const date = (narrow: (range: TextRange) => Part) => (value: string) => ranged(value, /^\d{8}$/, narrow);
const time = (narrow: (range: TextRange) => Part) => (value: string) =>
  ranged(value, /^\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?$/, narrow);
const request = (key: keyof NonNullable<InstanceKeys['request']>) => series((value) => ({ request: { [key]: value } }));

/** Each matching key by its keyword, a sequence's by both (PS3.18 Tables 10.6.1-5): what it narrows, or null for a value that cannot be. */
const KEYS: Readonly<Record<string, Key>> = {
  StudyDate: study(date((studyDate) => ({ studyDate }))),
  StudyTime: study(time((studyTime) => ({ studyTime }))),
  AccessionNumber: study((accession) => ({ accession })),
  ModalitiesInStudy: study((value) => ({ modalitiesInStudy: listed(value) })),
  ReferringPhysicianName: study((referringPhysician) => ({ referringPhysician })),
  PatientName: study((patientName) => ({ patientName })),
  PatientID: study((patientId) => ({ patientId })),
  IssuerOfPatientID: study((issuerOfPatientId) => ({ issuerOfPatientId })),
  PatientBirthDate: study(date((patientBirthDate) => ({ patientBirthDate }))),
  PatientSex: study((patientSex) => ({ patientSex })),
  StudyDescription: study((studyDescription) => ({ studyDescription })),
  StudyID: study((dicomStudyId) => ({ dicomStudyId })),
  StudyInstanceUID: study((value) => uids(value, (studyUids) => ({ studyUids }))),
  SeriesInstanceUID: series((value) => uids(value, (seriesUids) => ({ seriesUids }))),
  Modality: series((modality) => ({ modality })),
  SeriesNumber: series((value) => integer(value, (seriesNumber) => ({ seriesNumber }))),
  SeriesDescription: series((seriesDescription) => ({ seriesDescription })),
  BodyPartExamined: series((bodyPart) => ({ bodyPart })),
  PerformedProcedureStepStartDate: series(date((performedDate) => ({ performedDate }))),
  PerformedProcedureStepStartTime: series(time((performedTime) => ({ performedTime }))),
  'RequestAttributesSequence.ScheduledProcedureStepID': request('scheduledStepId'),
  'RequestAttributesSequence.RequestedProcedureID': request('requestedProcedureId'),
  'RequestAttributesSequence.AccessionNumber': request('accession'),
  'RequestAttributesSequence.StudyInstanceUID': request('studyUid'),
  SOPInstanceUID: instance((value) => uids(value, (sopUids) => ({ sopUids }))),
  SOPClassUID: instance((value) => uids(value, (sopClassUids) => ({ sopClassUids }))),
  InstanceNumber: instance((value) => integer(value, (instanceNumber) => ({ instanceNumber }))),
};

/**
 * Reads a QIDO-RS query (PS3.18 §8.3.4): keys by keyword or tag, those of sequences with a dot. An empty value matches
 * everything and asks for the attribute. What is no parameter is ignored and named (§8.3.1); an attribute nothing is matched
 * on is refused: to pass over a key would answer more than was asked for.
 */
export function readSearchQuery(
  level: SearchLevel,
  query: Readonly<Record<string, unknown>>,
): Result<SearchQuery, QueryFailure> {
  const keys: Record<string, unknown> = {};
  const fields = new Map<string, readonly string[]>();
  const ignored: string[] = [];
  for (const [name, given] of Object.entries(query)) {
    if (CONTROLS.has(name.toLowerCase())) continue;
    const path = pathOf(name);
    if (path === null) {
      // A path that begins with an attribute is a key all the same.
      if (pathOf(name.split('.')[0] ?? '') !== null) return err({ code: 'key-not-matched', parameter: sane(name) });
      ignored.push(sane(name));
      continue;
    }
    const value = Array.isArray(given) ? given.join(',') : String(given);
    const keyword = path.map(({ keyword: one }) => one).join('.');
    const key = Object.hasOwn(KEYS, keyword) ? KEYS[keyword] : undefined;
    if (value === '' || value === '*')
      fields.set(
        keyword,
        path.map(({ tag }) => tag),
      );
    else if (key === undefined || !ABOVE[level].includes(key.of))
      return err({ code: 'key-not-matched', parameter: keyword });
    else {
      const isListOfUids = keyword.endsWith('UID') && !keyword.includes('.');
      const part = value.length > LONGEST_KEY && !isListOfUids ? null : key.read(value);
      if (part === null) return err({ code: 'query-malformed', parameter: keyword });
      Object.assign(keys, part, part.request && { request: { ...(keys.request as object), ...part.request } });
    }
  }
  const page = readPage(query);
  const fuzzy = flag(query.fuzzymatching);
  if (page === null || fuzzy === null) return err({ code: 'query-malformed' });
  for (const name of fieldNames(query.includefield)) {
    if (name === 'all') continue; // everything that is indexed is always given
    const path = pathOf(name);
    if (path === null) ignored.push(sane(name));
    else
      fields.set(
        name,
        path.map(({ tag }) => tag),
      );
  }
  return ok({ keys: { ...keys, ...(fuzzy && { fuzzyNames: true }) }, page, fields: [...fields.values()], ignored });
}

type Step = { readonly keyword: string; readonly tag: string };

/** A parameter's name as the attributes it goes through: keywords, or eight hexadecimal digits; null for what is none. */
function pathOf(name: string): readonly Step[] | null {
  const steps = name.split('.').map((part) => {
    if (/^[0-9a-f]{8}$/i.test(part)) {
      const keyword = lookUpTag(Number.parseInt(part, 16))?.keyword ?? part;
      return { keyword, tag: part.toUpperCase() };
    }
    const known = lookUpKeyword(part);
    return known === null ? null : { keyword: part, tag: tagText(known.tag) };
  });
  return steps.every((step) => step !== null) ? steps : null;
}

function fieldNames(given: unknown): readonly string[] {
  const all = Array.isArray(given) ? given : given === undefined ? [] : [given];
  return all.flatMap((one) => listed(String(one))).filter((name) => name !== '');
}

/** A name that may be repeated: nothing but a word, for it may be a value that somebody put in the wrong place. */
function sane(name: string): string {
  return /^[A-Za-z][\w.]{0,63}$/.test(name) ? name : '?';
}

function readPage(query: Readonly<Record<string, unknown>>): Page | null {
  const limit = count(query.limit, USUAL_RESULTS);
  const offset = count(query.offset, 0);
  return limit === null || offset === null ? null : { limit: Math.min(limit, MOST_RESULTS), offset };
}

function count(given: unknown, usual: number): number | null {
  if (given === undefined || given === '') return usual;
  return typeof given === 'string' && /^\d{1,9}$/.test(given) ? Number(given) : null;
}

function flag(given: unknown): boolean | null {
  if (given === undefined || given === '' || given === 'false') return false;
  return given === 'true' ? true : null;
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
