import { askedWords, foldGroup, soundOf } from '../../../shared/domain/name-matching.ts';
import type { InstanceKeys, TextRange } from './find-studies.ts';

/** A part of a WHERE clause, and the values its parameters take. */
export type Condition = { readonly sql: string; readonly values: Readonly<Record<string, string | number>> };

type Matcher = {
  readonly [Key in keyof InstanceKeys]-?: (value: NonNullable<InstanceKeys[Key]>, isFuzzy: boolean) => Condition;
};

const NONE: Condition = { sql: '0', values: {} };
const ANY: Condition = { sql: '1', values: {} };
/** Component groups of a name (PS3.5 §6.2.1.2): what follows the third is no part of it. */
const MOST_GROUPS = 3;
/** Every word narrows by a condition of its own; those after so many narrow no further. */
const MOST_WORDS = 16;
/** Sorts after every letter. */
const LAST = '\u{10ffff}';

/** Every key as a condition on studies `s`, series `x`, instances `i` and current versions `v`; unknown keys do not arrive here. */
const MATCHERS: Matcher = {
  studyUids: (uids) => inList('s.study_uid', 'studyUids', uids),
  studyDate: (range) => inRange('s.date_raw', 'studyDate', range),
  studyTime: (range) => inRange('s.time_raw', 'studyTime', range),
  accession: (text) => like('s.accession', 'accession', text),
  modalitiesInStudy: (values) => ({
    sql: 'EXISTS (SELECT 1 FROM series m WHERE m.study_id = s.study_id AND m.modality IN (SELECT value FROM json_each(@modalitiesInStudy)))',
    values: { modalitiesInStudy: JSON.stringify(values) },
  }),
  referringPhysician: (text, isFuzzy) => nameLike('referrer', text, isFuzzy),
  patientName: (text, isFuzzy) => nameLike('patient', text, isFuzzy),
  patientId: (text) => numbered('value', 'patientId', text),
  issuerOfPatientId: (text) => numbered('issuer', 'issuerOfPatientId', text),
  patientBirthDate: (range) => inRange('s.stated_birth_date_raw', 'patientBirthDate', range),
  patientSex: (text) => like('s.stated_sex', 'patientSex', text),
  studyDescription: (text) => like('s.description', 'studyDescription', text),
  dicomStudyId: (text) => like('s.dicom_study_id', 'dicomStudyId', text),
  fuzzyNames: () => ANY,
  seriesUids: (uids) => inList('x.series_uid', 'seriesUids', uids),
  modality: (text) => like('x.modality', 'modality', text),
  seriesNumber: (number) => ({ sql: 'x.number = @seriesNumber', values: { seriesNumber: number } }),
  seriesDescription: (text) => like('x.description', 'seriesDescription', text),
  bodyPart: (text) => like('x.body_part', 'bodyPart', text),
  performedDate: (range) => inRange('x.performed_date_raw', 'performedDate', range),
  performedTime: (range) => inRange('x.performed_time_raw', 'performedTime', range),
  request: (keys) => requested(keys),
  sopUids: (uids) => inList('i.sop_uid', 'sopUids', uids),
  sopClassUids: (uids) => inList('v.sop_class_uid', 'sopClassUids', uids),
  instanceNumber: (number) => ({ sql: 'v.number = @instanceNumber', values: { instanceNumber: number } }),
};

/** The conditions of all keys given; a key that is undefined matches everything. */
export function conditionsOf(keys: InstanceKeys): readonly Condition[] {
  return (Object.keys(keys) as (keyof InstanceKeys)[]).flatMap((key) => {
    const value = keys[key];
    if (value === undefined) return [];
    return [(MATCHERS[key] as (value: unknown, isFuzzy: boolean) => Condition)(value, keys.fuzzyNames === true)];
  });
}

function inList(column: string, name: string, values: readonly string[]): Condition {
  return { sql: `${column} IN (SELECT value FROM json_each(@${name}))`, values: { [name]: JSON.stringify(values) } };
}

function inRange(column: string, name: string, { from, to }: TextRange): Condition {
  // Raw DA and TM compare as text; "to" takes in every finer time that begins with it.
  return {
    sql: `${column} >= @${name}From AND ${column} <= @${name}To`,
    values: { [`${name}From`]: from ?? '', [`${name}To`]: to === null ? '~' : `${to}~` },
  };
}

/** Text without wildcards is compared as it is, where an index may help; with them by SQLite's LIKE, without regard to ASCII case. */
function like(column: string, name: string, text: string): Condition {
  if (!/[*?]/.test(text)) return { sql: `${column} = @${name}`, values: { [name]: text } };
  const pattern = text
    .replace(/[\\%_]/g, String.raw`\$&`)
    .replaceAll('*', '%')
    .replaceAll('?', '_');
  return { sql: `${column} LIKE @${name} ESCAPE '\\'`, values: { [name]: pattern } };
}

function numbered(column: 'value' | 'issuer', name: string, text: string): Condition {
  const { sql, values } = like(`n.${column}`, name, text);
  const known = `SELECT n.patient_id FROM patient_identifiers n WHERE n.site_id IN (SELECT value FROM json_each(@sites)) AND ${sql} AND n.type <> 'STUDY'`;
  return { sql: `s.patient_id IN (${known})`, values };
}

function requested(keys: NonNullable<InstanceKeys['request']>): Condition {
  const named = Object.entries(keys).filter(([, text]) => text !== undefined);
  const all = named.map(([key, text]) => like(`r.value ->> '${key}'`, `request_${key}`, text ?? ''));
  if (all.length === 0) return { sql: 'x.requests IS NOT NULL', values: {} };
  const items = `SELECT 1 FROM json_each(x.requests) r WHERE ${all.map(({ sql }) => sql).join(' AND ')}`;
  return { sql: `EXISTS (${items})`, values: Object.assign({}, ...all.map(({ values }) => values)) };
}

/**
 * A name by its component groups, wildcards and all, without regard to case and accents (PS3.4 §C.2.2.2.1). Fuzzily: each
 * word asked for begins a word of the name or sounds like one, in any order. What begins with a letter walks an index.
 */
function nameLike(whose: 'patient' | 'referrer', text: string, isFuzzy: boolean): Condition {
  const parts = isFuzzy
    ? askedWords(text)
        .slice(0, MOST_WORDS)
        .map((word, at) => wordLike(whose, `${whose}${at}`, word))
    : text
        .split('=')
        .slice(0, MOST_GROUPS)
        .filter((group) => group !== '')
        .map((group, at) => groupLike(whose, `${whose}${at}`, foldGroup(group, true)));
  if (parts.length === 0) return NONE;
  return {
    sql: parts.map(({ sql }) => sql).join(' AND '),
    values: Object.assign({}, ...parts.map(({ values }) => values)),
  };
}

function groupLike(whose: string, name: string, pattern: string): Condition {
  if (pattern === '') return NONE;
  if (/^[*^]+$/.test(pattern)) return ANY;
  // Trailing empty components are not written: `DOE^*` is also just `DOE`.
  const bare = pattern.replace(/(\^\*?)+$/, '');
  const alone = bare === pattern ? '' : ` OR n.text GLOB @${name}Bare`;
  const bareValue = bare === pattern ? {} : { [`${name}Bare`]: bare };
  const prefix = bare.split(/[*?]/)[0] ?? '';
  const matches = `(n.text GLOB @${name}${alone})`;
  if (prefix === '')
    return {
      sql: `EXISTS (SELECT 1 FROM study_names n WHERE n.study_id = s.study_id AND n.whose = '${whose}' AND n.kind = 'group' AND ${matches})`,
      values: { [name]: pattern, ...bareValue },
    };
  return {
    sql: `s.study_id IN (${named(whose, 'group', `n.text >= @${name}From AND n.text < @${name}To AND ${matches}`)})`,
    values: { [name]: pattern, ...bareValue, [`${name}From`]: prefix, [`${name}To`]: `${prefix}${LAST}` },
  };
}

function wordLike(whose: string, name: string, word: string): Condition {
  const begins = named(whose, 'word', `n.text >= @${name} AND n.text < @${name}To`);
  const sounds = named(whose, 'sound', `n.text = @${name}Sound`);
  return {
    sql: `s.study_id IN (${begins} UNION ALL ${sounds})`,
    values: { [name]: word, [`${name}To`]: `${word}${LAST}`, [`${name}Sound`]: soundOf(word) },
  };
}

function named(whose: string, kind: string, text: string): string {
  return `SELECT n.study_id FROM study_names n WHERE n.site_id IN (SELECT value FROM json_each(@sites)) AND n.whose = '${whose}' AND n.kind = '${kind}' AND ${text}`;
}
