import { createHash } from 'node:crypto';
import { err, ok, type Result } from '../../src/shared/domain/result.ts';
import { faultsOf, type Resource, type ResourceType } from './resource-rules.ts';

/** A resource as it is held: with its id, its version and when it was last written. */
export type Kept = Resource & {
  readonly id: string;
  readonly meta: { readonly versionId: string; readonly lastUpdated: string } & Readonly<Record<string, unknown>>;
};

/** Why something is not done, as FHIR codes it, and the HTTP status that goes with it. */
export type FhirFailure = {
  readonly code:
    | 'structure'
    | 'invalid'
    | 'not-found'
    | 'not-supported'
    | 'conflict'
    | 'multiple-matches'
    | 'too-costly'
    | 'business-rule';
  readonly status: 400 | 404 | 405 | 412 | 415 | 422 | 507;
  readonly issues: readonly { readonly at: string; readonly what: string }[];
};

export type Written = { readonly resource: Kept; readonly outcome: 'created' | 'updated' | 'unchanged' };

/** What to write; a condition is a search (`identifier=…`) that says whether it is there already. */
export type Write =
  | { readonly method: 'POST'; readonly resource: unknown; readonly ifNoneExist?: string }
  | { readonly method: 'PUT'; readonly resource: unknown; readonly id: string; readonly ifMatch?: string }
  | { readonly method: 'PUT'; readonly resource: unknown; readonly condition: string };

/** Resources in memory, by type and id. */
export type FhirStore = {
  read(type: ResourceType, id: string): Kept | null;
  list(type: ResourceType): readonly Kept[];
  /** Writes one, or says why not. Ids of what is created are decided by the seed and by how many came before. */
  write(type: ResourceType, write: Write): Result<Written, FhirFailure>;
  /** How much it holds, in characters of JSON. */
  size(): number;
  /** All of it, or none of it: what was written before the failure, or before it threw, is as it was. */
  transaction<T>(work: () => Result<T, FhirFailure>): Result<T, FhirFailure>;
};

/** What a search gives of a type, in the order of writing; the failure names the parameter that it does not know. */
export type Search = (
  store: FhirStore,
  type: ResourceType,
  query: URLSearchParams,
) => Result<readonly Kept[], FhirFailure>;

/** A failure of one place. */
export function failure(
  code: FhirFailure['code'],
  status: FhirFailure['status'],
  what: string,
  at = '',
): { readonly ok: false; readonly error: FhirFailure } {
  return err({ code, status, issues: [{ at, what }] });
}

/** An id that its parts decide, in the shape of a UUID. */
export function idFrom(...parts: readonly (string | number)[]): string {
  const hex = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}

/** A store without anything in it. */
export function openFhirStore(settings: {
  readonly seed: number;
  readonly now: () => number;
  readonly search: Search;
}): FhirStore {
  let held = new Map<string, Kept>();
  let written = 0;
  let size = 0;
  const keyOf = (type: string, id: string) => `${type}/${id}`;

  const store: FhirStore = {
    read: (type, id) => held.get(keyOf(type, id)) ?? null,
    list: (type) => [...held.values()].filter(({ resourceType }) => resourceType === type),
    write(type, write) {
      const faults = faultsOf(type, write.resource);
      if (faults.length > 0) return err({ code: 'structure', status: 400, issues: faults });
      const resource = write.resource as Resource;
      const dangling = referencesIn(resource, type).filter(({ to }) => !held.has(to));
      if (dangling.length > 0)
        return err({
          code: 'business-rule',
          status: 422,
          issues: dangling.map(({ at, to }) => ({ at, what: `${to} is not held here` })),
        });
      const condition =
        write.method === 'POST' ? write.ifNoneExist : 'condition' in write ? write.condition : undefined;
      const matched = condition === undefined ? ok([]) : settings.search(store, type, new URLSearchParams(condition));
      if (!matched.ok) return matched;
      if (condition !== undefined && new URLSearchParams(condition).size === 0)
        return failure('invalid', 400, 'A condition needs a search parameter');
      const [match, another] = matched.value;
      if (another !== undefined) return failure('multiple-matches', 412, 'The condition matches more than one');
      if (write.method === 'POST')
        return match === undefined ? ok(put(resource, newId(type))) : ok({ resource: match, outcome: 'unchanged' });
      if (!('id' in write)) {
        if (match !== undefined && resource.id !== undefined && resource.id !== match.id)
          return failure('invalid', 400, 'The id is not that of what the condition matches');
        return ok(put(resource, match?.id ?? resource.id ?? newId(type)));
      }
      if (resource.id !== write.id) return failure('invalid', 400, 'The id is not that of the address', `${type}.id`);
      const version = store.read(type, write.id)?.meta.versionId ?? null;
      if (write.ifMatch !== undefined && write.ifMatch !== `W/"${version}"`)
        return failure('conflict', 412, 'It has another version');
      return ok(put(resource, write.id));
    },
    size: () => size,
    transaction(work) {
      const before = [new Map(held), written, size] as const;
      let isDone = false;
      try {
        const done = work();
        isDone = done.ok;
        return done;
      } finally {
        if (!isDone) [held, written, size] = before;
      }
    },
  };
  return store;

  function newId(type: string): string {
    return idFrom(settings.seed, type, written);
  }

  function put(resource: Resource, id: string): Written {
    const key = keyOf(resource.resourceType, id);
    const before = held.get(key);
    const meta = {
      versionId: String(Number(before?.meta.versionId ?? 0) + 1),
      lastUpdated: new Date(settings.now()).toISOString(),
    };
    const kept: Kept = { ...resource, id, meta: { ...(resource['meta'] as object | undefined), ...meta } };
    held.delete(key); // what was written last comes last
    held.set(key, kept);
    size += JSON.stringify(kept).length - (before === undefined ? 0 : JSON.stringify(before).length);
    written += 1;
    return { resource: kept, outcome: before === undefined ? 'created' : 'updated' };
  }
}

/** Every relative literal reference of a resource, and every link to an entry of its bundle that led nowhere, with where it stands. */
function referencesIn(value: unknown, at: string): readonly { readonly at: string; readonly to: string }[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const place = `${at}.${key}`;
    return key === 'reference' && typeof inner === 'string' && /^(?:[A-Z]\w+\/[A-Za-z0-9.-]+|urn:uuid:.*)$/.test(inner)
      ? [{ at: place, to: inner }]
      : referencesIn(inner, place);
  });
}
