import type { ReadDataset } from '../../src/main/station/dicom/dataset/dataset.ts';
import { text, texts } from '../../src/main/station/dicom/dataset/values.ts';
import type { DicomRecord } from '../../src/main/station/dicom/dataset/write-dataset.ts';
import { lookUpKeyword } from '../../src/main/station/dicom/dataset/dictionary.ts';
import { type Held, type Level, LEVEL_KEYS, LEVELS } from './holdings.ts';

const UNIQUE: Readonly<Record<Level, string>> = {
  PATIENT: 'PatientID',
  STUDY: 'StudyInstanceUID',
  SERIES: 'SeriesInstanceUID',
  IMAGE: 'SOPInstanceUID',
};

/** What a query asks for: null where it names no level that there is. */
export function levelOf(identifier: ReadDataset): Level | null {
  const named = text(identifier, 'QueryRetrieveLevel');
  return LEVELS.find((level) => level === named) ?? null;
}

/** What is held of all that an identifier's keys match, at any level (PS3.4 §C.2.2.2). */
export function matching(held: readonly Held[], identifier: ReadDataset): readonly Held[] {
  const wanted = Object.values(LEVEL_KEYS)
    .flat()
    .flatMap((keyword) => {
      const values = texts(identifier, keyword).filter((value) => value !== '');
      return values.length === 0 ? [] : [{ keyword, values }];
    });
  const modalities = texts(identifier, 'ModalitiesInStudy').filter((value) => value !== '');
  const found = held.filter(({ keys }) =>
    wanted.every(({ keyword, values }) => values.some((value) => isMatch(keyword, value, keys[keyword] ?? ''))),
  );
  if (modalities.length === 0) return found;
  const studies = new Set(
    found.flatMap(({ keys }) => (modalities.includes(keys.Modality ?? '') ? [keys.StudyInstanceUID] : [])),
  );
  return found.filter(({ keys }) => studies.has(keys.StudyInstanceUID));
}

/** The answers to a query at a level: one each, with the keys that were asked for and what the level counts. */
export function* answersTo(held: readonly Held[], identifier: ReadDataset, level: Level): Generator<DicomRecord> {
  const groups = Map.groupBy(matching(held, identifier), ({ keys }) => keys[UNIQUE[level]] ?? '');
  const keywords = LEVELS.slice(0, LEVELS.indexOf(level) + 1).flatMap((one) => LEVEL_KEYS[one]);
  for (const group of groups.values()) {
    const [first] = group;
    if (first === undefined) continue;
    const count = (keyword: string) => new Set(group.map(({ keys }) => keys[keyword])).size;
    const counted: DicomRecord = {
      ...(level === 'STUDY' && {
        ModalitiesInStudy: [...new Set(group.map(({ keys }) => keys.Modality ?? ''))],
        NumberOfStudyRelatedSeries: count('SeriesInstanceUID'),
        NumberOfStudyRelatedInstances: group.length,
        InstanceAvailability: 'ONLINE',
      }),
      ...(level === 'SERIES' && { NumberOfSeriesRelatedInstances: group.length, InstanceAvailability: 'ONLINE' }),
      ...(level === 'IMAGE' && { InstanceAvailability: 'ONLINE' }),
    };
    const all: DicomRecord = { ...Object.fromEntries(keywords.map((key) => [key, first.keys[key] ?? ''])), ...counted };
    const asked = Object.entries(all).filter(([key]) => isAsked(identifier, key) || key === UNIQUE[level]);
    yield { SpecificCharacterSet: 'ISO_IR 192', QueryRetrieveLevel: level, ...Object.fromEntries(asked) };
  }
}

function isAsked(identifier: ReadDataset, keyword: string): boolean {
  const tag = lookUpKeyword(keyword)?.tag;
  return tag !== undefined && identifier.elements.has(tag);
}

/** Single values, wildcards and ranges of dates and times; names whatever their case. */
function isMatch(keyword: string, wanted: string, value: string): boolean {
  const vr = lookUpKeyword(keyword)?.vr;
  if ((vr === 'DA' || vr === 'TM') && wanted.includes('-')) {
    const [from = '', to = ''] = wanted.split('-');
    return value !== '' && value >= from && (to === '' || value <= `${to}~`);
  }
  if (vr === 'UI') return wanted === value;
  const pattern = wanted
    .split('')
    .map((sign) => (sign === '*' ? '.*' : sign === '?' ? '.' : sign.replace(/[.+^${}()|[\]\\]/g, '\\$&')))
    .join('');
  return new RegExp(`^${pattern}$`, vr === 'PN' ? 'iu' : 'u').test(value);
}
