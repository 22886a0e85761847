import { err, ok, type Result } from '../../src/shared/domain/result.ts';
import { type FhirFailure, failure, type FhirStore, type Kept, type Search } from './fhir-store.ts';
import type { ResourceType } from './resource-rules.ts';

type Matcher = (resource: Kept, value: string, store: FhirStore) => boolean;
type Identifier = { readonly system?: string; readonly value?: string };

/** How a page of results is asked for, which is no condition. */
const PAGING = ['_count', '_offset', '_sort', '_format', '_total'];

const EVERYWHERE: Readonly<Record<string, Matcher>> = {
  _id: ({ id }, value) => id === value,
  _lastUpdated: ({ meta }, value) => isInTime(meta.lastUpdated, value),
  identifier: (resource, value) => hasIdentifier(resource, value),
};
const STATUS: Matcher = (resource, value) => resource['status'] === tokenOf(value);
const OF_PATIENT: Readonly<Record<string, Matcher>> = {
  subject: (resource, value) => refersTo(resource['subject'], value, 'Patient'),
  patient: (resource, value) => refersTo(resource['subject'], value, 'Patient'),
  'patient.identifier': (resource, value, store) => {
    const patient = store.list('Patient').find(({ id }) => refersTo(resource['subject'], id, 'Patient'));
    return patient !== undefined && hasIdentifier(patient, value);
  },
  'based-on': (resource, value) => asList(resource['basedOn']).some((one) => refersTo(one, value, 'ServiceRequest')),
  status: STATUS,
};
const CODE: Matcher = (resource, value) => hasCode(resource['code'], value);
/** The search parameters of each type besides those of all (FHIR R4 §3.1.1). */
const PARAMETERS: Readonly<Record<ResourceType, Readonly<Record<string, Matcher>>>> = {
  Patient: {
    birthdate: (resource, value) => isInTime(resource['birthDate'], value),
    family: (resource, value) => namesOf(resource).some(({ family = '' }) => startsAlike(family, value)),
    name: (resource, value) =>
      namesOf(resource).some(({ family = '', given = [] }) =>
        [family, ...given].some((one) => startsAlike(one, value)),
      ),
  },
  Practitioner: {
    family: (resource, value) => namesOf(resource).some(({ family = '' }) => startsAlike(family, value)),
  },
  ServiceRequest: {
    ...OF_PATIENT,
    code: CODE,
    priority: (resource, value) => resource['priority'] === tokenOf(value),
    authored: (resource, value) => isInTime(resource['authoredOn'], value),
  },
  ImagingStudy: { ...OF_PATIENT, started: (resource, value) => isInTime(resource['started'], value) },
  DiagnosticReport: { ...OF_PATIENT, code: CODE },
  Observation: {
    ...OF_PATIENT,
    code: CODE,
    category: (resource, value) => asList(resource['category']).some((one) => hasCode(one, value)),
  },
  Communication: OF_PATIENT,
  Device: {},
  Task: { status: STATUS },
  Provenance: { target: (resource, value) => asList(resource['target']).some((one) => refersTo(one, value, null)) },
};

const TYPES: Readonly<Record<string, readonly string[]>> = {
  date: ['_lastUpdated', 'birthdate', 'authored', 'started'],
  reference: ['subject', 'patient', 'based-on', 'target'],
  string: ['family', 'name'],
};

/** The parameters of a type, as a capability statement lists them. */
export function parametersOf(type: ResourceType): readonly { readonly name: string; readonly type: string }[] {
  return Object.keys({ ...EVERYWHERE, ...PARAMETERS[type] })
    .filter((name) => !name.includes('.'))
    .map((name) => ({ name, type: Object.keys(TYPES).find((one) => TYPES[one]?.includes(name)) ?? 'token' }));
}

/**
 * What of a type all parameters match, oldest writing first; values between commas are alternatives. A parameter that there is not is a
 * failure: left out, it would give more than was asked for.
 */
export const search: Search = (store, type, query) => {
  const matchers = { ...EVERYWHERE, ...PARAMETERS[type] };
  const wanted = [...query].filter(([name]) => !PAGING.includes(name));
  const unknown = wanted.filter(([name]) => !Object.hasOwn(matchers, name));
  if (unknown.length > 0)
    return err({
      ...{ code: 'not-supported', status: 400 },
      issues: unknown.map(([name]) => ({ at: '', what: `${type} is not searched by ${name}` })),
    });
  return ok(
    store
      .list(type)
      .filter((resource) =>
        wanted.every(([name, values]) => values.split(',').some((value) => matchers[name]?.(resource, value, store))),
      ),
  );
};

/** A page of what was found, in the order that `_sort` wants. */
export function pageOf(
  found: readonly Kept[],
  query: URLSearchParams,
): Result<{ readonly page: readonly Kept[]; readonly nextOffset: number | null }, FhirFailure> {
  const [count, offset] = [Number(query.get('_count') ?? 50), Number(query.get('_offset') ?? 0)];
  const sort = query.get('_sort') ?? '_lastUpdated';
  if (![count, offset].every((one) => Number.isInteger(one) && one >= 0) || !/^-?_lastUpdated$/.test(sort))
    return failure('invalid', 400, 'A page is a whole _count from a whole _offset, by _lastUpdated');
  const until = offset + Math.min(count, 500);
  const sorted = sort.startsWith('-') ? found.toReversed() : found;
  return ok({ page: sorted.slice(offset, until), nextOffset: count > 0 && until < found.length ? until : null });
}

function hasIdentifier(resource: Kept, wanted: string): boolean {
  const [system, value] = wanted.includes('|') ? [wanted.split('|')[0], tokenOf(wanted)] : [undefined, wanted];
  return (asList(resource['identifier']) as readonly Identifier[]).some(
    (one) => (system === undefined || (one.system ?? '') === system) && (value === '' || one.value === value),
  );
}

function hasCode(concept: unknown, wanted: string): boolean {
  const { coding } = (concept ?? {}) as { coding?: unknown };
  const [system, code] = wanted.includes('|') ? [wanted.split('|')[0], tokenOf(wanted)] : [undefined, wanted];
  return (asList(coding) as readonly { readonly system?: string; readonly code?: string }[]).some(
    (one) => (system === undefined || (one.system ?? '') === system) && one.code === code,
  );
}

function refersTo(reference: unknown, wanted: string, type: string | null): boolean {
  const { reference: to } = (reference ?? {}) as { reference?: string };
  return to !== undefined && (to === wanted || (type !== null && to === `${type}/${wanted}`));
}

/** Whether a time is where a value with a prefix says (FHIR R4 §3.1.1.4.5); one less exact covers all that it begins. */
function isInTime(time: unknown, wanted: string): boolean {
  const [, prefix = 'eq', value = ''] = /^(eq|ne|ge|le|gt|lt)?(\d.*)$/.exec(wanted) ?? [];
  if (typeof time !== 'string' || value === '') return false;
  const isDay = value.length <= 10;
  const [low, high] = isDay ? [time.slice(0, value.length), value] : [Date.parse(time), Date.parse(value)];
  const tests: Readonly<Record<string, boolean>> = {
    ...{ eq: low === high, ne: low !== high, ge: low >= high, le: low <= high, gt: low > high, lt: low < high },
  };
  return tests[prefix] ?? false;
}

function namesOf(resource: Kept): readonly { readonly family?: string; readonly given?: readonly string[] }[] {
  return asList(resource['name']) as readonly { readonly family?: string; readonly given?: readonly string[] }[];
}

function startsAlike(name: string, wanted: string): boolean {
  return name.toLocaleLowerCase('en').startsWith(wanted.toLocaleLowerCase('en'));
}

function tokenOf(wanted: string): string {
  return wanted.slice(wanted.indexOf('|') + 1);
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : value === undefined ? [] : [value];
}
