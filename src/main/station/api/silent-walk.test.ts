import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { contract } from '../../../shared/contract/contract.ts';
import type { ModelManifest } from '../../../shared/domain/model-manifest.ts';
import { setRoles } from '../access/index.ts';
import { inferenceConsumer, measuringConsumer, SETTLE_JOB, settleSome } from '../inference/index.ts';
import { followLedger } from '../platform/ledger/follow.ts';
import { serviceActor } from '../platform/ledger/event.ts';
import { SHIPPED_POLICY } from '../testing/deadlines.ts';
import { brought, standAt } from '../testing/governed.ts';
import { aManifest, finish, startNext } from '../testing/models.ts';
import { aSlice } from '../testing/objects.ts';
import { triageConsumer } from '../triage/index.ts';
import { worklistConsumer } from '../worklist/index.ts';
import { openWebClinic, type WebClinic } from './dicomweb/test-web-clinic.ts';
import { TEST_PASSWORD, type TestClient } from './test-station.ts';

// What a silent model said of a study is nowhere in anything that whoever may report the study can ask for. The same walk is
// taken with the model general, so that it is known to find what there is to be found.

const UID = '1.2.77.1';
const SLICES = [1, 2, 3, 4, 5, 6, 7, 8];
const [PLAIN] = aManifest({ id: 'zq-secret-model' }).labels;
if (PLAIN === undefined) throw new Error('the model of the tests has no label');
/** Its words are found nowhere else. */
const MANIFEST: ModelManifest = {
  ...aManifest({ id: 'zq-secret-model' }),
  ...{ name: 'Zqsecretname', vendor: 'Zqsecretvendor', clinicalUse: 'research' },
  labels: [{ ...PLAIN, name: 'Zqsecretlabel', concept: { value: 'zqcode', scheme: '99ZQ', meaning: 'Zqmeaning' } }],
};
const SCORE = 0.8765432109;

let web: WebClinic;
let digest: string;
beforeEach(async () => {
  web = await openWebClinic();
  [digest = ''] = brought(web.clinic, MANIFEST);
});
afterEach(() => web.close());

/** Lets everything that follows the ledger catch up, and tells the pages as the station does. */
function follow(): void {
  const { clinic, station } = web;
  const consumers = [
    ...[inferenceConsumer, measuringConsumer, triageConsumer(SHIPPED_POLICY)],
    worklistConsumer((change) => station.hints.publish(change)),
  ];
  followLedger(clinic.db, consumers, { clock: clinic.archive.clock, log: clinic.log }).catchUp();
}

type Secrets = {
  readonly studyId: string;
  readonly runId: string;
  readonly findingId: string;
  readonly results: readonly string[];
};

/** A complete study that the model flagged at its stage, with a mask. */
async function flagged(): Promise<Secrets> {
  const { clinic } = web;
  const studyId = await clinic.send(
    SLICES.map((n) =>
      aSlice(n, { StudyInstanceUID: UID, SeriesInstanceUID: `${UID}.1`, SOPInstanceUID: `${UID}.1.${n}` }),
    ),
  );
  follow();
  const bytes = gzipSync(Buffer.alloc(16, 0xaa));
  const mask = createHash('sha256').update(bytes).digest('hex');
  const file = await clinic.archive.objects.receive();
  await file.write(bytes);
  await file.keep(mask);
  await file.discard();
  const run = startNext(clinic);
  follow();
  finish(clinic, run, SCORE, [
    {
      ...{
        tensor: 'mask',
        label: 'bleed',
        digest: mask,
        sizeBytes: bytes.length,
        rows: 4,
        columns: 4,
        pixels: 64,
        volumeMl: 12,
        parts: 1,
        cells: 64,
        peak: null,
      },
      slices: SLICES.map((n) => ({ sopUid: `${UID}.1.${n}`, frameNumber: 1, pixels: 8, volumeMl: 1.5 })),
      largest: { centreMm: [1, 2, 20], volumeMl: 12, keySopUid: `${UID}.1.4`, keyFrameNumber: 1, longest: null },
    },
  ]);
  follow();
  const findingId = String(clinic.db.prepare('SELECT finding_id FROM findings').pluck().get());
  return { studyId, runId: run.runId, findingId, results: [run.runId, findingId, mask, String(SCORE)] };
}

const NAMES = ['zq-secret-model', 'zqsecretname', 'zqsecretvendor', 'zqsecretlabel', 'zqcode', 'zqmeaning'];
/** They end the session that walks, or wait for what is to come. */
const NOT_IN_TURN = new Set(['sessions.signOut', 'sessions.signIn', 'sessions.changePassword', 'station.hints']);
type Said = { readonly where: string; readonly status: number; readonly text: string };

/** Asks everything that can be asked: each procedure over the socket and as REST, each route beside them. */
async function walk(token: string, { studyId, runId, findingId }: Secrets): Promise<readonly Said[]> {
  const { station, clinic } = web;
  const said: Said[] = [];
  const patientId = String(clinic.db.prepare('SELECT patient_id FROM studies').pluck().get());
  // One question holds whatever any procedure asks for; each takes what is its own.
  const question: Record<string, unknown> = {
    ...{ studyId, studyUid: UID, runId, findingId, digest, otherDigest: digest, patientId, patient: patientId },
    ...{
      modelId: MANIFEST.id,
      acceptanceId: 'a',
      analysisId: runId,
      quarantineId: 'q',
      deliveryId: 'd',
      importId: 'i',
    },
    ...{
      exportId: 'e',
      retrievalId: 'r',
      changeId: 'c',
      peerId: 'p',
      peer: 'PACS',
      text: 'doe',
      filter: 'all',
      limit: 100,
    },
    ...{ reason: 'other', site: 'nowhere', holder: 'nobody', folder: 'CD', form: 'zip', days: 30, version: 1 },
    ...{ labels: [{ label: 'bleed', isPresent: true }], to: 'silent', password: TEST_PASSWORD, uses: [], flagFrom: {} },
    ...{ as: 'medical-lead', reportDigest: 'r', targets: [], identityVersion: 1, question: { patientId: '1' } },
    pilot: { groups: [], descriptions: [], share: 1 },
    ...{ knownDecisionId: null, decision: { decision: 'accepted' } },
  };
  const { client, socket } = await station.connect(token);
  const procedures = Object.entries(contract).flatMap(([area, members]) =>
    Object.entries(members).map(([name, one]) => ({ area, name, route: one['~orpc'].route })),
  );
  for (const { area, name, route } of procedures) {
    if (NOT_IN_TURN.has(`${area}.${name}`)) continue;
    said.push({ where: `rpc ${area}.${name}`, ...(await call(client, area, name, question)) });
    const { method = 'GET', path } = route;
    if (path === undefined) continue;
    const named = path.replaceAll(/\{(\w+)\}/g, (_whole: string, key: string) => inPath(question[key]));
    const own = new URLSearchParams(method === 'GET' ? Object.entries(question).flatMap(flat) : []);
    const body =
      method === 'GET' ? {} : { body: JSON.stringify(question), headers: { 'content-type': 'application/json' } };
    said.push(
      await ask(`${method} ${path}`, `/api/v1${named}${method === 'GET' ? `?${own}` : ''}`, { method, ...body }),
    );
  }
  socket.close();
  const place: Record<string, string> = {
    ...{ site: 'north', studyUid: UID, study: UID, seriesUid: `${UID}.1`, series: `${UID}.1`, sopUid: `${UID}.1.1` },
    ...{
      instance: `${UID}.1.1`,
      frames: '1',
      place: '0',
      overlay: 'mask-1',
      studyId,
      findingId,
      quarantineId: 'q',
      importId: 'i',
    },
  };
  const ofContract = new Set(
    procedures.map(({ route }) => `${route.method} /api/v1${(route.path ?? '').replaceAll(/\{(\w+)\}/g, ':$1')}`),
  );
  for (const route of station.routes.filter((one) => !ofContract.has(one) && !one.startsWith('HEAD '))) {
    const [method = 'GET', url = ''] = route.split(' ');
    const named = url.replaceAll(/:(\w+)/g, (_whole: string, key: string) => place[key] ?? 'x').replace('*', '');
    said.push(await ask(route, named, { method }));
  }
  return said;

  async function ask(where: string, path: string, init: Parameters<typeof station.ask>[2]): Promise<Said> {
    const answer = await station.ask(token, path, init);
    return { where, status: answer.status, text: JSON.stringify([...answer.headers]) + (await answer.text()) };
  }
}

const inPath = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? `${value}` : 'x');
const flat = ([key, value]: [string, unknown]): [string, string][] =>
  typeof value === 'object' ? [] : [[key, inPath(value)]];

async function call(client: TestClient, area: string, name: string, input: unknown): Promise<Omit<Said, 'where'>> {
  const areas = client as unknown as Record<string, Record<string, (given: unknown) => Promise<unknown>>>;
  try {
    return { status: 200, text: JSON.stringify(await areas[area]?.[name]?.(input)) ?? '' };
  } catch (error) {
    const { status, data, message } = error as { status: number; data: unknown; message: string };
    return { status, text: JSON.stringify([data, message]) };
  }
}

const telling = (said: readonly Said[], secrets: readonly string[]) =>
  said
    .filter(({ text }) => secrets.some((secret) => text.toLowerCase().includes(secret.toLowerCase())))
    .map(({ where }) => where);
/** What the walk itself said is not counted as an answer: no error repeats what it was asked. */
const answered = (said: readonly Said[]) => said.filter(({ status }) => status < 300).map(({ where }) => where);

const EVERY_SURFACE = [
  ...['rpc worklist.list', 'rpc worklist.next', 'rpc worklist.search', 'rpc studies.get', 'rpc studies.findings'],
  ...[
    'rpc studies.timeline',
    'rpc audit.events',
    'rpc runs.list',
    'rpc runs.models',
    'rpc runs.get',
    'rpc runs.receipt',
    'rpc models.list',
  ],
  ...[
    'rpc models.get',
    'rpc modelFigures.overview',
    'rpc modelFigures.runs',
    'GET /studies/{studyId}',
    'GET /runs/{runId}',
  ],
  ...[
    'GET /studies/{studyId}/findings',
    'GET /studies/{studyId}/timeline',
    'GET /worklist',
    'GET /audit/events',
    'GET /models',
  ],
];

test('the walk finds a general model’s run, finding, label and name wherever a page shows them', async () => {
  standAt(web.clinic, digest, 'general');
  const token = await web.station.token('radiologist');
  const hints = listen(token);
  const secrets = await flagged();
  const told = await hints.end();
  const said = await walk(token, secrets);
  const found = telling(said, [...secrets.results, ...NAMES, digest]);
  expect(EVERY_SURFACE.filter((where) => !found.includes(where))).toEqual([]);
  for (const name of [
    ...secrets.results.slice(0, 2),
    ...['zq-secret-model', 'zqsecretname', 'zqsecretlabel', 'zqcode'],
  ])
    expect([name, telling(said, [name]).length > 1]).toEqual([name, true]);
  expect(answered(said)).toContain('GET /api/v1/findings/:findingId/overlays/:overlay');
  const finished = web.clinic.events('run-finished')[0]?.seq ?? Number.POSITIVE_INFINITY;
  expect(told.some((seq) => seq >= finished)).toBe(true);
});

test('of a silent model’s run a radiologist finds nothing by any procedure, route or hint, as if there were none', async () => {
  standAt(web.clinic, digest, 'silent');
  const { station } = web;
  const token = await station.token('radiologist');
  const hints = listen(token);
  const secrets = await flagged();
  const told = await hints.end();
  const said = await walk(token, secrets);
  // It did run, and it did find.
  expect(web.clinic.db.prepare('SELECT state FROM runs').pluck().all()).toEqual(['finished']);
  expect(secrets.findingId).toMatch(/^[0-9a-f-]{36}$/);
  // The walk was answered where it asks for what is there.
  const elsewhere = [
    'rpc studies.get',
    'rpc studies.findings',
    'rpc studies.timeline',
    'rpc audit.events',
    'rpc worklist.list',
  ];
  expect(elsewhere.filter((where) => !answered(said).includes(where))).toEqual([]);
  expect(answered(said).filter((where) => where.includes('/dicomweb/')).length).toBeGreaterThan(5);
  expect(telling(said, [...secrets.results, ...NAMES, digest])).toEqual([]);
  expect(said.find(({ where }) => where === 'GET /api/v1/findings/:findingId/overlays/:overlay')?.status).toBe(404);
  const row = said.find(({ where }) => where === 'rpc worklist.next');
  expect(JSON.parse(row?.text ?? '')).toMatchObject({ ai: { state: 'no-model' }, urgency: { level: 'routine' } });
  // The events of the run told nobody anything: the last hint is of what came before it.
  const runEvents = web.clinic.events().filter(({ kind }) => kind.startsWith('run-') && kind !== 'run-not-queued');
  expect(runEvents.map(({ kind }) => kind)).toEqual(['run-queued', 'run-started', 'run-finished']);
  expect(told.length).toBeGreaterThan(0);
  expect(told.filter((seq) => runEvents.some((event) => event.seq === seq))).toEqual([]);
});

test('of a pilot for others a radiologist finds nothing of any run by any procedure, route or hint', async () => {
  const { clinic, station } = web;
  // The walk is a radiologist's; the pilot is for the reader of another login.
  await station.token('coordinator');
  const others = userId('coordinator');
  standAt(clinic, digest, 'pilot', { groups: [{ name: 'some', userIds: [others] }], descriptions: [], share: 1 });
  const token = await station.token('radiologist');
  const hints = listen(token);
  const secrets = await flagged();
  const told = await hints.end();
  const said = await walk(token, secrets);
  expect(clinic.db.prepare('SELECT stage, state FROM runs').all()).toEqual([{ stage: 'pilot', state: 'finished' }]);
  // That there is such a model is no secret: it is one that people here are shown.
  expect(telling(said, secrets.results)).toEqual([]);
  const runEvents = clinic.events().filter(({ kind }) => kind.startsWith('run-') && kind !== 'run-not-queued');
  expect(told.filter((seq) => runEvents.some((event) => event.seq === seq))).toEqual([]);
});

test('a silent run stays unseen when its model is general later, also by an analysis that somebody asks for', async () => {
  const { clinic, station } = web;
  standAt(clinic, digest, 'silent');
  const secrets = await flagged();
  standAt(clinic, digest, 'general');
  clinic.runJobs({ [SETTLE_JOB]: settleSome });
  follow();
  const token = await station.token('radiologist');
  const { client, socket } = await station.connect(token);
  const ask = (key: string, model?: string) =>
    client.analyses.ask({
      headers: { 'idempotency-key': key },
      body: { study: secrets.studyId, model, priority: 'stat' },
    });
  expect((await ask('k1', MANIFEST.id)).body).toMatchObject({ runs: [], findings: [], result: { state: 'no-model' } });
  expect((await ask('k2')).body).toMatchObject({ runs: [], findings: [], result: { state: 'no-model' } });
  socket.close();
  follow();
  expect(telling(await walk(token, secrets), secrets.results)).toEqual([]);
});

test('what is asked of a silent model is answered as what is asked of none', async () => {
  const { clinic, station } = web;
  standAt(clinic, digest, 'silent');
  const { studyId } = await flagged();
  const token = await station.token('radiologist');
  const ask = async (model: string) => {
    const body = JSON.stringify({ study: studyId, model });
    const headers = { 'content-type': 'application/json', 'idempotency-key': `for ${model}` };
    const answer = await station.ask(token, '/api/v1/analyses', { method: 'POST', headers, body });
    return [answer.status, (await answer.text()).replaceAll(model, 'MODEL')];
  };
  const [silent, absent] = [await ask(MANIFEST.id), await ask('no-such-model')];
  expect(silent).toEqual(absent);
  expect(silent).toEqual([404, expect.stringContaining('model-not-found')]);
  expect(clinic.events('analysis-asked')).toEqual([]);
});

test('whoever is of another site finds nothing of a run that is shown here, whatever they may do there', async () => {
  const { clinic, station } = web;
  standAt(clinic, digest, 'general');
  const secrets = await flagged();
  const before = JSON.stringify(clinic.db.prepare('SELECT * FROM exposure_steps').all());
  clinic.db.prepare('UPDATE user_roles SET site_id = ?').run(clinic.south.siteId);
  for (const role of ['radiologist', 'administrator', 'medical-lead', 'model-owner'] as const) {
    const said = await walk(await station.token(role), secrets);
    expect([role, telling(said, secrets.results)]).toEqual([role, []]);
    expect(answered(said)).toContain('rpc models.list');
  }
  // What they did about models there moved nothing here.
  const after = clinic.db.prepare('SELECT * FROM exposure_steps WHERE site_id = ?').all(clinic.north.siteId);
  expect(JSON.stringify(after)).toBe(before);
  expect(clinic.db.prepare('SELECT state FROM runs').pluck().all()).toEqual(['finished']);
});

test('metrics, which count silent runs with all others, are not for whoever may report', async () => {
  for (const role of ['radiologist', 'truth-reader'] as const)
    expect([role, (await web.station.ask(await web.station.token(role), '/metrics')).status]).toEqual([role, 403]);
});

test('who governs models and may also report sees the model, and nothing of what it said before the report is final', async () => {
  standAt(web.clinic, digest, 'silent');
  const { clinic, station } = web;
  const actor = serviceActor('test');
  const roles = ['radiologist', 'medical-lead', 'model-owner', 'truth-reader', 'administrator'] as const;
  setRoles(clinic.db, { username: 'medical-lead', roles, siteId: clinic.north.siteId, actor, atMs: 1 });
  const secrets = await flagged();
  const token = await station.token('medical-lead');
  const said = await walk(token, secrets);
  expect(telling(said, secrets.results)).toEqual([]);
  expect(telling(said, NAMES)).toEqual(expect.arrayContaining(['rpc models.list', 'rpc truths.questions']));
  const { patient_id: patientId } = clinic.db.prepare('SELECT patient_id FROM studies').get() as { patient_id: string };
  clinic.db
    .prepare('INSERT INTO reports VALUES (?, ?, ?, ?, ?, ?)')
    .run('f', clinic.north.siteId, patientId, 'final', userId('radiologist'), 5);
  clinic.db.prepare("INSERT INTO report_studies VALUES ('f', ?, 'A1', 1)").run(secrets.studyId);
  const { client, socket } = await station.connect(token);
  const { results } = await client.models.silentResults({ digest });
  expect(results).toMatchObject([
    { runId: secrets.runId, labels: [{ label: 'bleed', score: SCORE, isFlagged: true }] },
  ]);
  // Who has seen it says nothing true about it any more.
  const word = {
    studyId: secrets.studyId as never,
    modelId: MANIFEST.id,
    labels: [{ label: 'bleed', isPresent: true }],
  };
  await expect(client.truths.record(word)).rejects.toMatchObject({ status: 409, data: { code: 'result-was-seen' } });
  socket.close();
});

/** A newer version of the model, silent beside it, that flags what the other does not. */
async function shadowed(): Promise<{ readonly newer: string; readonly secrets: Secrets }> {
  const { clinic } = web;
  standAt(clinic, digest, 'silent');
  const [newer = ''] = brought(clinic, { ...MANIFEST, version: '1.1.0' });
  standAt(clinic, newer, 'silent');
  const secrets = await flagged();
  finish(clinic, startNext(clinic), 0.1);
  return { newer, secrets };
}

test('who says what is in a study, or reports it, learns nothing of where two silent versions differ, nor how often, before its report is final', async () => {
  const { clinic, station } = web;
  const { newer, secrets } = await shadowed();
  const other = { digest, otherDigest: newer };
  const actor = serviceActor('test');
  for (const roles of [
    ['truth-reader', 'model-owner'],
    ['radiologist', 'medical-lead'],
  ] as const) {
    setRoles(clinic.db, { username: 'medical-lead', roles: [...roles], siteId: clinic.north.siteId, actor, atMs: 1 });
    const token = await station.token('medical-lead');
    const said = await walk(token, secrets);
    expect(telling(said, secrets.results)).toEqual([]);
    const { client, socket } = await station.connect(token);
    expect(await client.models.comparison(other)).toMatchObject({ studies: 0, labels: [] });
    expect(await client.models.discordances(other)).toEqual({ discordances: [], next: null });
    expect(await client.models.silentResults({ digest })).toMatchObject({ results: [] });
    expect(await client.modelFigures.runs({ digest })).toMatchObject({ runs: [] });
    await expect(client.runs.get({ runId: secrets.runId })).rejects.toMatchObject({ status: 404 });
    socket.close();
  }
  // Who governs and neither reports nor says what is there is told, and that they were stands on record.
  const { client, socket } = await station.connect(await station.token('model-owner'));
  expect(await client.models.comparison(other)).toMatchObject({ studies: 1 });
  const { discordances } = await client.models.discordances(other);
  expect(discordances).toMatchObject([{ studyId: secrets.studyId, truth: true }]); // the walk said so
  // Which of the two is read first is chance.
  expect(discordances.map(({ isFlagged, otherIsFlagged }) => isFlagged !== otherIsFlagged)).toEqual([true]);
  expect(clinic.events('silent-results-read').slice(-2)).toMatchObject([
    { payload: { digest, results: 1 } },
    { payload: { digest: newer, results: 1 } },
  ]);
  socket.close();
});

test('the list of studies that readers are asked of is the same before a silent model has read them and after, whatever it said', async () => {
  standAt(web.clinic, digest, 'silent');
  const studyId = await web.clinic.send(
    SLICES.map((n) =>
      aSlice(n, { StudyInstanceUID: UID, SeriesInstanceUID: `${UID}.1`, SOPInstanceUID: `${UID}.1.${n}` }),
    ),
  );
  follow();
  const { client, socket } = await web.station.connect(await web.station.token('truth-reader'));
  const before = await client.truths.studies({});
  expect(before.studies).toMatchObject([{ study: { studyId }, questions: [{ label: 'bleed', mine: null }] }]);
  finish(web.clinic, startNext(web.clinic), SCORE);
  follow();
  expect(await client.truths.studies({})).toEqual(before);
  socket.close();
});

function userId(username: string): string {
  return String(web.clinic.db.prepare('SELECT user_id FROM users WHERE username = ?').pluck().get(username));
}

/** Collects the sequence numbers of the hints that a page gets. */
function listen(token: string): { end(): Promise<readonly number[]> } {
  const seqs: number[] = [];
  const opened = web.station.connect(token);
  const ending = new AbortController();
  const listening = opened.then(async ({ client }) => {
    try {
      for await (const hint of await client.station.hints(undefined, { signal: ending.signal })) seqs.push(hint.seq);
    } catch {
      // The listener ends it.
    }
  });
  return {
    async end() {
      await new Promise((resolve) => setTimeout(resolve, 300));
      ending.abort();
      await listening;
      // The end of one's interest is told to the other side before the socket goes.
      await new Promise((resolve) => setTimeout(resolve, 100));
      (await opened).socket.close();
      return seqs;
    },
  };
}
