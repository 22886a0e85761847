import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import { ok, type Result } from '../../src/shared/domain/result.ts';
import { capabilities } from './capabilities.ts';
import { answerOf, bundleAnswer, failed, type FhirAnswer, outcome, versionHeaders } from './fhir-answer.ts';
import { type FhirFailure, failure, type FhirStore, type Write, type Written } from './fhir-store.ts';
import { isResourceType, type ResourceType, TAKEN_TYPES } from './resource-rules.ts';
import { pageOf, search } from './search.ts';

/** A request below `/fhir`, its body read. */
export type FhirRequest = {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
};
export type FhirPlace = {
  readonly store: FhirStore;
  readonly base: string;
  /** Characters of JSON beyond which nothing from outside is taken; 256 Mi unless told. */
  readonly fullAt?: number;
  /** Called for each resource that was written. */
  readonly onTaken: (written: Written) => void;
};

type Done = Result<FhirAnswer, FhirFailure>;

/** So much the record takes from outside, in characters of JSON: it is all in memory. */
const FULL_AT = 256 * 1024 * 1024;

/** The answer to a request: a resource, a bundle, or an OperationOutcome that says what is wrong (FHIR R4 §3.1.0). */
export function answerFhir(request: FhirRequest, place: FhirPlace): FhirAnswer {
  const url = URL.parse(request.url, 'http://localhost');
  if (url === null) return outcome(400, 'invalid', 'That is no address');
  const [root, type = '', id, ...more] = url.pathname.split('/').filter((part) => part !== '');
  if (root !== 'fhir' || more.length > 0) return outcome(404, 'not-found', 'There is nothing at this address');
  const done = route(request, place, type, id, url.searchParams);
  return done.ok ? done.value : failed(done.error);
}

function route(
  request: FhirRequest,
  place: FhirPlace,
  type: string,
  id: string | undefined,
  query: URLSearchParams,
): Done {
  const { method } = request;
  if (type === 'metadata' && method === 'GET') return ok({ status: 200, body: capabilities(place.base) });
  if (type === '') return method === 'POST' ? takeBundle(request, place) : notAllowed();
  if (!isResourceType(type)) return failure('not-supported', 404, `${type} is not held here`);
  if (method === 'GET') return id === undefined ? find(place, type, query) : readOne(place, type, id);
  if (method === 'POST' && id === '_search') return find(place, type, new URLSearchParams(request.body));
  if (!TAKEN_TYPES.includes(type) || (method !== 'POST' && method !== 'PUT')) return notAllowed();
  if (isFull(request, place)) return full();
  const resource = parsed(request);
  if (!resource.ok) return resource;
  const write = asWrite(request, resource.value, id, query);
  if (!write.ok) return write;
  const written = place.store.write(type, write.value);
  if (!written.ok) return written;
  if (written.value.outcome !== 'unchanged') place.onTaken(written.value);
  return ok(answerOf(written.value, place.base));
}

function asWrite(
  { method, headers }: FhirRequest,
  resource: unknown,
  id: string | undefined,
  query: URLSearchParams,
): Result<Write, FhirFailure> {
  if (method === 'POST') {
    const condition = headers['if-none-exist'];
    if (id !== undefined) return notAllowed();
    return ok({ method, resource, ...(typeof condition === 'string' && { ifNoneExist: condition }) });
  }
  if (id === undefined) return ok({ method: 'PUT', resource, condition: query.toString() });
  const ifMatch = headers['if-match'];
  return ok({ method: 'PUT', resource, id, ...(ifMatch !== undefined && { ifMatch }) });
}

function readOne({ store }: FhirPlace, type: ResourceType, id: string): Done {
  const resource = store.read(type, id);
  if (resource === null) return failure('not-found', 404, `There is no such ${type}`);
  return ok({ status: 200, body: resource, headers: versionHeaders(resource) });
}

function find({ store, base }: FhirPlace, type: ResourceType, query: URLSearchParams): Done {
  const found = search(store, type, query);
  if (!found.ok) return found;
  const page = pageOf(found.value, query);
  if (!page.ok) return page;
  const { nextOffset } = page.value;
  const link = (relation: string, changes: Readonly<Record<string, string>>) => {
    const all = new URLSearchParams({ ...Object.fromEntries(query), ...changes }).toString();
    return { relation, url: `${base}/${type}${all === '' ? '' : `?${all}`}` };
  };
  const entry = page.value.page.map((resource) => ({
    ...{ fullUrl: `${base}/${type}/${resource.id}`, resource, search: { mode: 'match' } },
  }));
  return ok({
    status: 200,
    body: {
      ...{ resourceType: 'Bundle', type: 'searchset', total: found.value.length },
      link: [link('self', {}), ...(nextOffset === null ? [] : [link('next', { _offset: String(nextOffset) })])],
      ...(entry.length > 0 && { entry }),
    },
  });
}

const Entry = z.strictObject({
  fullUrl: z.string().optional(),
  resource: z.looseObject({ resourceType: z.string() }),
  request: z.strictObject({
    method: z.enum(['POST', 'PUT']),
    url: z.string(),
    ifNoneExist: z.string().optional(),
    ifMatch: z.string().optional(),
  }),
});
const Bundle = z.strictObject({
  resourceType: z.literal('Bundle'),
  type: z.enum(['transaction', 'batch']),
  id: z.string().optional(),
  meta: z.looseObject({}).optional(),
  timestamp: z.string().optional(),
  identifier: z.looseObject({}).optional(),
  entry: z.array(Entry).max(1_000).optional(),
});

/** A transaction is done whole or not at all, and its `urn:uuid:` links become what was made; in a batch each stands alone. */
function takeBundle(request: FhirRequest, place: FhirPlace): Done {
  if (isFull(request, place)) return full();
  const body = parsed(request);
  if (!body.ok) return body;
  const bundle = Bundle.safeParse(body.value);
  if (!bundle.success)
    return failure(
      'structure',
      400,
      bundle.error.issues[0]?.message ?? '',
      ['Bundle', ...(bundle.error.issues[0]?.path ?? [])].join('.'),
    );
  const { type, entry = [] } = bundle.data;
  const made = new Map<string, string>();
  const takeOne = (one: z.infer<typeof Entry>): Result<Written, FhirFailure> => {
    const [path = '', query = ''] = one.request.url.split('?');
    const [name = '', id] = path.split('/');
    if (!isResourceType(name) || !TAKEN_TYPES.includes(name))
      return failure('not-supported', 422, `${name} is not taken`);
    const { ifNoneExist, ifMatch } = one.request;
    const headers = { 'if-none-exist': ifNoneExist, 'if-match': ifMatch };
    const resource = linked(one.resource, made);
    const write = asWrite(
      { ...request, method: one.request.method, headers },
      resource,
      id,
      new URLSearchParams(query),
    );
    const written = write.ok ? place.store.write(name, write.value) : write;
    if (written.ok && one.fullUrl !== undefined) made.set(one.fullUrl, `${name}/${written.value.resource.id}`);
    return written;
  };
  if (type === 'batch') {
    const all = entry.map(takeOne);
    for (const one of all) if (one.ok && one.value.outcome !== 'unchanged') place.onTaken(one.value);
    return ok(
      bundleAnswer(
        'batch-response',
        all.map((one) => (one.ok ? answerOf(one.value, place.base) : failed(one.error))),
      ),
    );
  }
  const all = place.store.transaction((): Result<readonly Written[], FhirFailure> => {
    const done: Written[] = [];
    // What others refer to comes before them, wherever it stands in the bundle.
    for (const one of inOrder(entry)) {
      const written = takeOne(one);
      if (!written.ok) return written;
      done[entry.indexOf(one)] = written.value;
    }
    return ok(done);
  });
  if (!all.ok) return all;
  for (const one of all.value) if (one.outcome !== 'unchanged') place.onTaken(one);
  return ok(
    bundleAnswer(
      'transaction-response',
      all.value.map((one) => answerOf(one, place.base)),
    ),
  );
}

/** Entries with those first that others refer to; a circle is left as it is, and fails. */
function inOrder<T extends z.infer<typeof Entry>>(entries: readonly T[]): readonly T[] {
  const byUrl = new Map(entries.flatMap((one) => (one.fullUrl === undefined ? [] : [[one.fullUrl, one] as const])));
  const [begun, ordered] = [new Set<T>(), new Set<T>()];
  const take = (one: T) => {
    if (begun.has(one)) return;
    begun.add(one);
    for (const url of linksIn(one.resource)) {
      const needed = byUrl.get(url);
      if (needed !== undefined) take(needed);
    }
    ordered.add(one);
  };
  for (const one of entries) take(one);
  return [...ordered];
}

function linksIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'reference' && typeof inner === 'string' ? [inner] : linksIn(inner),
  );
}

function linked(value: unknown, made: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((one) => linked(one, made));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === 'reference' && typeof inner === 'string' ? (made.get(inner) ?? inner) : linked(inner, made),
    ]),
  );
}

function parsed({ headers, body }: FhirRequest): Result<unknown, FhirFailure> {
  const [kind = ''] = (headers['content-type'] ?? '').split(';');
  if (!['application/fhir+json', 'application/json'].includes(kind.trim()))
    return failure('not-supported', 415, 'Only application/fhir+json is taken');
  try {
    return ok(JSON.parse(body) as unknown);
  } catch {
    return failure('structure', 400, 'The body is no JSON');
  }
}

function notAllowed(): ReturnType<typeof failure> {
  return failure('not-supported', 405, 'That is not done here');
}

function isFull({ body }: FhirRequest, { store, fullAt = FULL_AT }: FhirPlace): boolean {
  return store.size() + body.length > fullAt;
}

function full(): ReturnType<typeof failure> {
  return failure('too-costly', 507, 'The record is full');
}
