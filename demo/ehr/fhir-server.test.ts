import { request } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { makeStudy } from '../make-study.ts';
import { planOne } from '../schedule.ts';
import { createSwitchboard } from '../switchboard.ts';
import { visitOf } from '../visits.ts';
import { answerFhir } from './answer-request.ts';
import { startEhr } from './fhir-server.ts';
import { openFhirStore } from './fhir-store.ts';
import { patientId, recordsIn, requestId, SYSTEMS } from './records.ts';
import { search } from './search.ts';

const endings: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0)) await end();
});

const PLAN = { ...planOne(41, 'hand-radiograph'), size: 'small' as const };
const MADE = makeStudy(PLAN);
const NOW_MS = Date.UTC(2026, 10, 22, 10);

async function record(isEmpty = false) {
  let now = NOW_MS;
  const store = openFhirStore({ seed: 5, now: () => (now += 1_000), search });
  const made = await MADE;
  const visit = visitOf({ ...PLAN, wish: { ...PLAN.wish, atMs: NOW_MS } }, made.studyUid);
  const keeper = recordsIn(store);
  if (!isEmpty) {
    keeper.ordered(visit);
    keeper.taken(visit, made);
  }
  const switches = createSwitchboard();
  const server = await startEhr({ port: 0, store, switches });
  endings.push(() => server.close());
  const ask = async (method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) => {
    const answer = await fetch(`http://127.0.0.1:${server.port}/fhir${path}`, {
      method,
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      headers: { 'content-type': 'application/fhir+json', ...headers },
    });
    return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Body };
  };
  return { store, keeper, visit, switches, server, ask };
}

type Body = Readonly<Record<string, unknown>> & {
  readonly id?: string;
  readonly total?: number;
  readonly entry?: readonly {
    readonly resource?: Body;
    readonly response?: { readonly status: string; readonly location?: string };
  }[];
  readonly link?: readonly { readonly relation: string; readonly url: string }[];
  readonly issue?: readonly {
    readonly code: string;
    readonly diagnostics: string;
    readonly expression?: readonly string[];
  }[];
};

const observation = (patient: string, change: object = {}) => ({
  resourceType: 'Observation',
  identifier: [{ system: 'urn:test', value: 'finding-1' }],
  status: 'preliminary',
  code: { coding: [{ system: 'http://loinc.org', code: '18748-4' }] },
  subject: { reference: `Patient/${patient}` },
  ...change,
});

test('holds who is treated, what was ordered and which images there are, linked, and is searched by their numbers', async () => {
  const { ask, visit } = await record();
  const { body: capability } = await ask('GET', '/metadata');
  expect(capability).toMatchObject({ resourceType: 'CapabilityStatement', fhirVersion: '4.0.1' });
  const mrn = encodeURIComponent(`${SYSTEMS.mrn}|${visit.person.mrn}`);
  const { body: people } = await ask('GET', `/Patient?identifier=${mrn}`);
  expect(people).toMatchObject({ type: 'searchset', total: 1, entry: [{ resource: { id: patientId(visit.person) } }] });
  const accession = encodeURIComponent(`${SYSTEMS.accession}|${visit.accession}`);
  for (const query of [
    `identifier=${accession}`,
    `patient=${patientId(visit.person)}`,
    `patient.identifier=${mrn}`,
    'status=completed',
    'priority=routine,urgent,stat',
  ])
    expect((await ask('GET', `/ServiceRequest?${query}`)).body.entry?.[0]?.resource).toMatchObject({
      id: requestId(visit),
      status: 'completed',
    });
  expect((await ask('GET', '/ServiceRequest?status=active')).body).toMatchObject({ total: 0 });
  const study = (await ask('GET', `/ImagingStudy?based-on=ServiceRequest/${requestId(visit)}`)).body.entry?.[0]
    ?.resource;
  expect(study).toMatchObject({
    identifier: [{ system: 'urn:dicom:uid', value: `urn:oid:${visit.studyUid}` }, { value: visit.accession }],
    subject: { reference: `Patient/${patientId(visit.person)}` },
    numberOfInstances: 1,
  });
  const posted = await ask('POST', '/Patient/_search', `identifier=${mrn}`, {
    'content-type': 'application/x-www-form-urlencoded',
  });
  expect(posted.body).toMatchObject({ total: 1 });
  expect((await ask('GET', '/Patient?_lastUpdated=ge2026-11-22')).body.total).toBe(1);
  expect((await ask('GET', '/Patient?_lastUpdated=lt2026-11-22T10:00:00Z')).body.total).toBe(0);
  const wrong = await ask('GET', '/Patient?shoe-size=44');
  expect([wrong.status, wrong.body.issue?.[0]?.diagnostics]).toEqual([400, 'Patient is not searched by shoe-size']);
});

test('pages follow one another without a gap, oldest or newest first', async () => {
  const { ask } = await record();
  const first = await ask('GET', '/Practitioner?_count=2');
  const [, next] = first.body.link ?? [];
  const second = await ask('GET', next?.url.split('/fhir')[1] ?? '');
  const ids = [first, second].flatMap(({ body }) => body.entry?.map(({ resource }) => resource?.id) ?? []);
  expect([first.body.total, new Set(ids).size]).toEqual([5, 4]);
  const newest = await ask('GET', '/Practitioner?_sort=-_lastUpdated&_count=5');
  expect(
    newest.body.entry
      ?.map(({ resource }) => resource?.id)
      .toReversed()
      .slice(0, 4),
  ).toEqual(ids);
  expect((await ask('GET', '/Practitioner?_count=-1')).status).toBe(400);
});

test('what is written under a condition is written once, and a version that is not the last is refused', async () => {
  const { ask, visit, server } = await record();
  const body = observation(patientId(visit.person));
  const once = { 'if-none-exist': 'identifier=urn:test|finding-1' };
  const made = await ask('POST', '/Observation', body, once);
  const again = await ask('POST', '/Observation', { ...body, status: 'final' }, once);
  expect([made.status, again.status, again.body.id, again.body['status']]).toEqual([
    201,
    200,
    made.body.id,
    'preliminary',
  ]);
  expect(made.headers.get('location')).toMatch(new RegExp(`/fhir/Observation/${made.body.id}/_history/1$`));
  const updated = await ask('PUT', '/Observation?identifier=urn:test%7Cfinding-1', { ...body, status: 'final' });
  expect([updated.status, updated.headers.get('etag'), updated.body.id]).toEqual([200, 'W/"2"', made.body.id]);
  const byId = { ...updated.body, status: 'amended' };
  expect((await ask('PUT', `/Observation/${made.body.id}`, byId, { 'if-match': 'W/"1"' })).status).toBe(412);
  expect((await ask('PUT', `/Observation/${made.body.id}`, byId, { 'if-match': 'W/"2"' })).status).toBe(200);
  await ask('POST', '/Observation', body);
  expect((await ask('POST', '/Observation', body, once)).status).toBe(412);
  expect((await ask('POST', '/Observation', body, { 'if-none-exist': '' })).status).toBe(400);
  expect(server.taken()).toMatchObject({
    count: 4,
    last: [{ outcome: 'created' }, { outcome: 'updated' }, { outcome: 'updated' }, {}],
  });
});

test('a transaction is done whole, its links becoming what was made whatever the order, or not at all', async () => {
  const { ask, visit, store, server } = await record();
  const subject = { reference: `Patient/${patientId(visit.person)}` };
  const entries = (status: string) => [
    {
      resource: {
        resourceType: 'DiagnosticReport',
        status: 'preliminary',
        code: { text: 'Report' },
        subject,
        result: [{ reference: 'urn:uuid:a' }],
      },
      request: { method: 'POST', url: 'DiagnosticReport' },
    },
    {
      fullUrl: 'urn:uuid:a',
      resource: observation(patientId(visit.person), { status }),
      request: { method: 'POST', url: 'Observation', ifNoneExist: 'identifier=urn:test|finding-1' },
    },
  ];
  const bundle = (entry: unknown, type = 'transaction') => ({ resourceType: 'Bundle', type, entry });
  const failed = await ask('POST', '', bundle(entries('bogus')));
  expect([failed.status, failed.body.issue?.[0]?.expression]).toEqual([400, ['Observation.status']]);
  const dangling = await ask('POST', '', bundle(entries('final').slice(0, 1)));
  expect([dangling.status, store.list('DiagnosticReport')]).toEqual([422, []]);
  const done = await ask('POST', '', bundle(entries('final')));
  expect(done.body.entry?.map(({ response }) => response?.status)).toEqual(['201', '201']);
  const [report, finding] = [store.list('DiagnosticReport')[0], store.list('Observation')[0]];
  expect(report?.['result']).toEqual([{ reference: `Observation/${finding?.id}` }]);
  const again = await ask('POST', '', bundle(entries('final')));
  expect(again.body.entry?.map(({ response }) => response?.status)).toEqual(['201', '200']);
  const batch = await ask('POST', '', bundle([...entries('bogus').slice(1), ...entries('final').slice(1)], 'batch'));
  expect(batch.body.entry?.map(({ response }) => response?.status)).toEqual(['400', '200']);
  expect(server.taken().count).toBe(3);
});

test.each([
  ['no such status', { status: 'bogus' }, 400, 'Observation.status'],
  ['no code', { code: undefined }, 400, 'Observation.code'],
  ['an element that there is not', { colour: 'red' }, 400, 'Observation.colour'],
  ['two values', { valueString: 'a', valueBoolean: true }, 400, 'Observation.value[x]'],
  ['a time without a zone', { issued: '2026-11-22T10:00:00' }, 400, 'Observation.issued'],
  ['nobody there', { subject: { reference: 'Patient/nobody' } }, 422, 'Observation.subject.reference'],
  ['another type', { resourceType: 'Patient' }, 400, 'Observation.resourceType'],
])('%s is refused with where it is', async (_name, change, status, at) => {
  const { ask, visit, store } = await record();
  const answer = await ask('POST', '/Observation', observation(patientId(visit.person), change));
  expect([answer.status, answer.body['resourceType'], answer.body.issue?.[0]?.expression?.[0]]).toEqual([
    status,
    'OperationOutcome',
    at,
  ]);
  expect(store.list('Observation')).toEqual([]);
});

test('what says nothing, or refers to what it may not, is refused by the place where it stands', async () => {
  const { ask, visit } = await record();
  const patient = `Patient/${patientId(visit.person)}`;
  const report = {
    resourceType: 'DiagnosticReport',
    status: 'final',
    code: { text: 'CT' },
    subject: { reference: patient },
  };
  const faultOf = async (change: Readonly<Record<string, unknown>>) => {
    const { status, body } = await ask('POST', '/DiagnosticReport', { ...report, ...change });
    return `${status} ${body.issue?.[0]?.expression?.[0] ?? ''}`;
  };
  expect(await faultOf({ code: {} })).toBe('400 DiagnosticReport.code');
  expect(await faultOf({ code: { text: '' } })).toBe('400 DiagnosticReport.code.text');
  expect(await faultOf({ code: { text: 'CT', coding: [] } })).toBe('400 DiagnosticReport.code.coding');
  expect(await faultOf({ presentedForm: null })).toBe('400 DiagnosticReport.presentedForm');
  expect(await faultOf({ basedOn: [null] })).toBe('201 ');
  expect(await faultOf({ result: [{ reference: patient }] })).toBe('400 DiagnosticReport.result');
  expect(await faultOf({ basedOn: [{ reference: patient }] })).toBe('400 DiagnosticReport.basedOn');
  expect(await faultOf({ basedOn: [{ reference: `ServiceRequest/${requestId(visit)}` }] })).toBe('201 ');
});

test('answers what it does not do with an outcome, and nobody but programs of this machine', async () => {
  const { ask, server, visit } = await record();
  const patient = (await ask('GET', `/Patient/${patientId(visit.person)}`)).body;
  for (const [method, path, body, status] of [
    ['PUT', `/Patient/${patient.id}`, patient, 405],
    ['DELETE', `/Patient/${patient.id}`, undefined, 405],
    ['GET', '/Patient/nobody', undefined, 404],
    ['GET', '/Coffee', undefined, 404],
    ['GET', '/Patient/a/b', undefined, 404],
    ['POST', '/Observation', '{', 400],
    ['POST', '/Observation', 'null', 400],
    ['POST', '', { resourceType: 'Bundle', type: 'message' }, 400],
    ['PUT', '/Observation', observation(patient.id ?? ''), 400],
  ] as const) {
    const answer = await ask(method, path, body);
    expect({ path, method, status: answer.status, type: answer.body['resourceType'] }).toEqual({
      path,
      method,
      status,
      type: 'OperationOutcome',
    });
  }
  expect((await ask('POST', '/Observation', {}, { 'content-type': 'text/plain' })).status).toBe(415);
  const origin = await ask('GET', '/metadata', undefined, { origin: 'http://elsewhere.example' });
  const status = await new Promise((resolve) => {
    request(
      { port: server.port, host: '127.0.0.1', path: '/fhir/metadata', headers: { host: 'elsewhere.example' } },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      },
    ).end();
  });
  expect([origin.status, status]).toEqual([403, 403]);
});

test('as its switch says it is busy, finds fault with what is written, is slow, is gone, and comes back on the same port', async () => {
  const { ask, switches, visit } = await record();
  const write = () => ask('POST', '/Observation', observation(patientId(visit.person)));
  await switches.turn('ehr', 'refuse');
  const busy = await ask('GET', '/metadata');
  expect([busy.status, busy.headers.get('retry-after')]).toEqual([503, '5']);
  await switches.turn('ehr', 'error');
  expect([(await write()).status, (await ask('GET', '/metadata')).status]).toEqual([422, 200]);
  await switches.turn('ehr', 'gone');
  await expect(ask('GET', '/metadata')).rejects.toThrow('fetch failed');
  await switches.turn('ehr', 'slow');
  const before = performance.now();
  expect((await write()).status).toBe(201);
  expect(performance.now() - before).toBeGreaterThan(1_400);
});

test('the same day gives the same ids, of what others write too', async () => {
  const [one, other] = [await record(), await record()];
  const written = await Promise.all(
    [one, other].map(({ ask, visit }) => ask('POST', '/Observation', observation(patientId(visit.person)))),
  );
  expect(written[0]?.body).toEqual(written[1]?.body);
  expect(one.store.list('ImagingStudy')).toEqual(other.store.list('ImagingStudy'));
});

test('two numbers of one person become one: the other points to it, and its orders and images move', async () => {
  const { store, keeper, visit } = await record();
  const to = { ...visit.person, mrn: 'DEMO77777' };
  keeper.corrected(visit, { kind: 'merged', from: visit.person, to });
  const reference = `Patient/${patientId(to)}`;
  expect(store.read('Patient', patientId(visit.person))).toMatchObject({
    active: false,
    link: [{ type: 'replaced-by', other: { reference } }],
  });
  expect([...store.list('ServiceRequest'), ...store.list('ImagingStudy')].map((one) => one['subject'])).toEqual([
    { reference },
    { reference },
  ]);
});

test('is full at its bound, says so, and takes nothing more; what throws in a transaction leaves nothing of it', async () => {
  const { store, visit } = await record();
  const place = { store, base: 'http://localhost/fhir', fullAt: store.size() + 2_000, onTaken: () => undefined };
  const write = (note: string, url = '/fhir/Observation') =>
    answerFhir(
      {
        ...{ method: 'POST', url, headers: { 'content-type': 'application/json' } },
        body: JSON.stringify(observation(patientId(visit.person), { note })),
      },
      place,
    );
  expect([write('short').status, write('long '.repeat(500)).status, store.list('Observation')]).toMatchObject([
    201,
    507,
    [{ note: 'short' }],
  ]);
  expect(write('short', '//').status).toBe(400);
  const before = store.size();
  expect(() =>
    store.transaction(() => {
      store.write('Observation', { method: 'POST', resource: observation(patientId(visit.person)) });
      throw new Error('a fault of the record');
    }),
  ).toThrow('a fault of the record');
  expect([store.size(), store.list('Observation')]).toMatchObject([before, [{ note: 'short' }]]);
});

test('a thousand entries that each refer to the next are written from the last to the first', async () => {
  const { ask, visit, store } = await record();
  const entry = Array.from({ length: 1_000 }, (_, at) => ({
    fullUrl: `urn:uuid:${at}`,
    resource: observation(patientId(visit.person), {
      identifier: [{ value: String(at) }],
      ...(at < 999 && { derivedFrom: [{ reference: `urn:uuid:${at + 1}` }] }),
    }),
    request: { method: 'POST', url: 'Observation' },
  }));
  const answer = await ask('POST', '', { resourceType: 'Bundle', type: 'transaction', entry });
  expect(answer.body.entry).toHaveLength(1_000);
  const [first, second] = ['0', '1'].map((value) =>
    store.list('Observation').find((one) => (one['identifier'] as { value: string }[])[0]?.value === value),
  );
  expect(first?.['derivedFrom']).toEqual([{ reference: `Observation/${second?.id}` }]);
});
