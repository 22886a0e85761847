import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contract } from '../../../shared/contract/contract.ts';
import { ROLES, ROLE_PERMISSIONS, type Role } from '../../../shared/domain/permissions.ts';
import { NO_ROUTING } from '../../../shared/domain/triage-routing.ts';
import { SHIPPED_POLICY } from '../testing/deadlines.ts';
import { FINDING, STUDY, testAnswers } from './test-answers.ts';
import {
  startTestStation,
  TEST_PASSWORD,
  type TestClient,
  type TestRequest,
  type TestStation,
} from './test-station.ts';

const CORRECTION = { studyId: STUDY, identityVersion: 1, reason: 'other' };
const EVERYTHING = { filter: 'all', narrowed: {}, sort: { by: 'urgency', direction: 'ascending' } };
const DIGEST = 'd'.repeat(64);
const SIGNED = { digest: DIGEST, reason: 'because of it', password: TEST_PASSWORD };
const TARGET = { label: 'l', sensitivityAtLeast: 0.9, ppvAtLeast: 0.5, nAtLeast: 100, positivesAtLeast: 20 };
/** For every procedure an input that fits, and what an allowed call answers. */
const CALLS: Readonly<Record<string, { readonly input?: Record<string, unknown>; readonly status: number }>> = {
  'sessions.signIn': { input: { username: 'radiologist', password: TEST_PASSWORD }, status: 201 },
  'sessions.current': { status: 200 },
  'sessions.changePassword': { input: { current: 'wrong', next: 'another long password' }, status: 409 },
  'sessions.signOut': { status: 200 },
  'sessions.enterSite': { input: { site: 'nowhere' }, status: 404 },
  'sessions.touch': { status: 200 },
  'worklist.list': { input: { filter: 'all', limit: 5 }, status: 200 },
  'worklist.search': { input: { text: 'anything' }, status: 200 },
  'worklist.counts': { status: 200 },
  'worklist.next': { status: 200 },
  'worklist.slice': { input: { filter: 'all', limit: 5 }, status: 200 },
  'worklist.choices': { input: { filter: 'all' }, status: 200 },
  'worklist.export': { input: { filter: 'all' }, status: 200 },
  'worklist.print': { input: { filter: 'all' }, status: 200 },
  'worklist.views': { status: 200 },
  'worklist.saveView': { input: { name: 'v', isShared: false, question: EVERYTHING }, status: 409 },
  'worklist.deleteView': { input: { viewId: STUDY }, status: 404 },
  'studies.get': { input: { studyId: STUDY }, status: 200 },
  'studies.find': { input: { studyUid: '1.2.3' }, status: 200 },
  'studies.findings': { input: { studyId: STUDY }, status: 200 },
  'studies.qualityRemarks': { input: { studyId: STUDY }, status: 200 },
  'studies.report': { input: { studyId: STUDY }, status: 200 },
  'studies.timeline': { input: { studyId: STUDY }, status: 200 },
  'studies.keyImages': { input: { studyId: STUDY }, status: 200 },
  'studies.setKeyImage': {
    input: { studyId: STUDY, patientId: STUDY, identityVersion: 1, sopUid: '1.2', frameNumber: 1, isKey: true },
    status: 404,
  },
  'studies.decideFinding': {
    input: {
      ...{ studyId: STUDY, findingId: STUDY, patientId: STUDY, identityVersion: 1, knownDecisionId: null },
      decision: { decision: 'accepted' },
    },
    status: 404,
  },
  'studies.open': { input: { studyId: STUDY }, status: 200 },
  'studies.requestCommitment': { input: { studyId: STUDY, peer: 'PACS' }, status: 409 },
  'studies.recall': { input: { studyId: STUDY }, status: 409 },
  'studies.promote': { input: { studyId: STUDY }, status: 409 },
  'quarantine.list': { input: {}, status: 200 },
  'quarantine.get': { input: { quarantineId: 'q' }, status: 404 },
  'quarantine.retry': { input: { quarantineId: 'q' }, status: 404 },
  'quarantine.release': { input: { quarantineId: 'q', release: 'as-current-version' }, status: 404 },
  'quarantine.discard': { input: { quarantineId: 'q', reason: 'other' }, status: 404 },
  'quarantine.settleStudy': { input: { studyId: STUDY, settlement: { how: 'retry' } }, status: 404 },
  'quarantine.takeBack': { input: { quarantineId: 'q' }, status: 404 },
  'identity.study': { input: { studyId: STUDY }, status: 404 },
  'identity.findPatients': { input: { text: 'x' }, status: 200 },
  'identity.move': { input: { ...CORRECTION, to: { patientId: STUDY, identityVersion: 1 } }, status: 404 },
  'identity.split': { input: { ...CORRECTION, seriesIds: [], sopUids: [], to: null }, status: 404 },
  'identity.merge': {
    input: { ...CORRECTION, fromPatientId: STUDY, toPatientId: STUDY, toIdentityVersion: 1 },
    status: 404,
  },
  'identity.hide': { input: { ...CORRECTION, level: 'study', subjects: [] }, status: 404 },
  'identity.confirm': { input: CORRECTION, status: 404 },
  'identity.undo': { input: { changeId: 'c' }, status: 404 },
  'identity.corrections': { input: {}, status: 200 },
  'deliveries.list': { input: {}, status: 200 },
  'deliveries.send': { input: { studyId: STUDY, patientId: STUDY, peerId: 'x' }, status: 409 },
  'deliveries.retry': { input: { deliveryId: 'd', reason: 'other' }, status: 404 },
  'deliveries.cancel': { input: { deliveryId: 'd', reason: 'other' }, status: 404 },
  'audit.events': { input: {}, status: 200 },
  'audit.verify': { status: 200 },
  'objects.state': { status: 200 },
  'objects.damaged': { status: 200 },
  'objects.fetchAgain': { input: { studyId: STUDY }, status: 409 },
  'objects.verify': { status: 409 },
  'objects.rotateKeys': { input: { how: 'rewrap' }, status: 409 },
  'station.status': { status: 200 },
  'station.hints': { status: 200 },
  'users.create': { input: { username: 'radiologist', displayName: 'Taken', roles: ['radiologist'] }, status: 409 },
  'users.setRoles': { input: { username: 'nobody at all', roles: [] }, status: 404 },
  'users.list': { status: 200 },
  'keeping.cache': { status: 200 },
  'keeping.leaving': { input: {}, status: 200 },
  'keeping.holds': { status: 200 },
  'keeping.hold': { input: { studyId: STUDY, reason: 'teaching' }, status: 201 },
  'keeping.releaseHold': { input: { studyId: STUDY, holder: 'delivery' }, status: 409 },
  'keeping.rules': { status: 200 },
  'keeping.preview': { input: {}, status: 200 },
  'keeping.run': { status: 200 },
  'triage.state': { status: 200 },
  'triage.proposePolicy': { input: { policy: SHIPPED_POLICY.starting, reason: 'because of it' }, status: 409 },
  'triage.proposeRules': { input: { rules: [], reason: 'because of it' }, status: 201 },
  'triage.withdraw': { input: { kind: 'rules', version: 1 }, status: 409 },
  'triage.sign': { input: { kind: 'rules', version: 1, password: TEST_PASSWORD }, status: 409 },
  'triage.rollBack': {
    input: { kind: 'rules', version: 1, reason: 'because of it', password: TEST_PASSWORD },
    status: 409,
  },
  'triage.checkRule': { input: { when: 'true' }, status: 200 },
  'triage.previewRules': { input: { rules: [] }, status: 409 },
  'triage.replay': { input: { days: 14 }, status: 409 },
  'triage.study': { input: { studyId: STUDY }, status: 404 },
  'triage.declare': {
    input: { studyId: STUDY, patientId: STUDY, level: 'urgent', reason: 'because of it' },
    status: 404,
  },
  'routing.state': { status: 200 },
  'routing.propose': { input: { set: NO_ROUTING, reason: 'because of it' }, status: 409 },
  'routing.preview': { input: { set: NO_ROUTING }, status: 409 },
  'routing.sayPresence': { input: { said: null }, status: 200 },
  'routing.pin': {
    input: { studyId: STUDY, patientId: STUDY, userId: STUDY, reason: 'because of it', hours: 1 },
    status: 404,
  },
  'routing.take': { input: { studyId: STUDY, patientId: STUDY }, status: 200 },
  'routing.giveBack': { input: { studyId: STUDY }, status: 409 },
  'routing.takeOut': { input: { userId: STUDY, reason: 'because of it', hours: 1 }, status: 409 },
  'routing.endOverride': { input: { overrideId: 'o' }, status: 404 },
  'modelFigures.overview': { status: 200 },
  'modelFigures.figures': { input: { digest: 'a'.repeat(64) }, status: 404 },
  'modelFigures.drift': { input: { digest: 'a'.repeat(64) }, status: 404 },
  'modelFigures.golden': { input: { digest: 'a'.repeat(64) }, status: 404 },
  'modelFigures.card': { input: { digest: 'a'.repeat(64) }, status: 404 },
  'modelFigures.runs': { input: { digest: 'a'.repeat(64) }, status: 404 },
  'preferences.all': { status: 200 },
  'preferences.put': { input: { key: 'viewer', value: { link: true } }, status: 200 },
  'preferences.forget': { input: { key: 'viewer' }, status: 200 },
  'peers.list': { status: 200 },
  'peers.query': { input: { peerId: 'x', question: { patientId: '7' } }, status: 200 },
  'peers.echo': { input: { peerId: 'x' }, status: 409 },
  'retrievals.list': { input: {}, status: 200 },
  'retrievals.start': { input: { peerId: 'x', studyUid: '1.2.3' }, status: 404 },
  'retrievals.cancel': { input: { retrievalId: 'x' }, status: 409 },
  'imports.list': { input: {}, status: 200 },
  'imports.get': { input: { importId: 'x' }, status: 404 },
  'imports.start': { input: { from: { source: 'upload' } }, status: 409 },
  'imports.finish': { input: { importId: 'x' }, status: 409 },
  'imports.cancel': { input: { importId: 'x' }, status: 409 },
  'imports.resume': { input: { importId: 'x' }, status: 409 },
  'imports.browse': { input: { folder: 'CD' }, status: 200 },
  'exports.list': { input: {}, status: 200 },
  'exports.start': { input: { studyId: STUDY, folder: 'CD' }, status: 404 },
  'exports.cancel': { input: { exportId: 'x' }, status: 404 },
  'runs.list': { input: { studyId: STUDY }, status: 200 },
  'runs.models': { input: { studyId: STUDY }, status: 200 },
  'runs.get': { input: { runId: FINDING }, status: 404 },
  'runs.receipt': { input: { runId: FINDING }, status: 404 },
  'runs.checkReceipt': { input: { runId: FINDING }, status: 404 },
  'runs.replay': { input: { runId: FINDING }, status: 409 },
  'runs.replays': { input: { runId: FINDING }, status: 404 },
  'analyses.ask': {
    input: { headers: { 'idempotency-key': 'k' }, body: { study: STUDY, priority: 'routine' } },
    status: 409,
  },
  'analyses.get': { input: { analysisId: FINDING }, status: 404 },
  'analyses.list': { input: { studyId: STUDY }, status: 200 },
  'models.list': { status: 200 },
  'models.get': { input: { digest: DIGEST }, status: 404 },
  'models.readers': { status: 200 },
  'models.history': { input: { digest: DIGEST }, status: 404 },
  'models.step': { input: { ...SIGNED, to: 'silent' }, status: 404 },
  'models.rollback': { input: { ...SIGNED, to: 'stage-before' }, status: 404 },
  'models.suspend': { input: SIGNED, status: 404 },
  'models.setUses': { input: { ...SIGNED, uses: [] }, status: 404 },
  'models.chooseOperatingPoint': { input: { ...SIGNED, flagFrom: {} }, status: 404 },
  'models.signOperatingPoint': { input: { ...SIGNED, version: 1 }, status: 404 },
  'models.acceptances': { input: { digest: DIGEST }, status: 404 },
  'models.fixTargets': { input: { ...SIGNED, targets: [TARGET] }, status: 404 },
  'models.acceptanceReport': { input: { digest: DIGEST, acceptanceId: 'a' }, status: 404 },
  'models.signAcceptance': {
    input: { digest: DIGEST, acceptanceId: 'a', as: 'model-owner', reportDigest: 'r', password: TEST_PASSWORD },
    status: 404,
  },
  'models.comparison': { input: { digest: DIGEST, otherDigest: DIGEST }, status: 404 },
  'models.probe': { input: { digest: DIGEST }, status: 404 },
  'models.pilotPreview': {
    input: { digest: DIGEST, pilot: { groups: [], descriptions: [], share: 1 } },
    status: 404,
  },
  'models.refusedPackages': { status: 200 },
  'models.discordances': { input: { digest: DIGEST, otherDigest: DIGEST }, status: 404 },
  'models.silentResults': { input: { digest: DIGEST }, status: 404 },
  'truths.studies': { input: {}, status: 200 },
  'truths.questions': { input: { studyId: STUDY }, status: 404 },
  'truths.record': {
    input: { studyId: STUDY, modelId: 'm', labels: [{ label: 'l', isPresent: true }] },
    status: 404,
  },
  'services.createToken': { input: { name: 'prometheus', expiresInDays: 30 }, status: 201 },
};

const procedures = Object.entries(contract).flatMap(([area, members]) =>
  Object.entries(members).map(([name, procedure]) => ({ name: `${area}.${name}`, area, member: name, procedure })),
);
const callers: readonly (Role | null)[] = [null, ...ROLES];

let station: TestStation;
beforeAll(async () => {
  station = await startTestStation(testAnswers());
});
afterAll(async () => {
  for (const opened of sockets.values()) (await opened).socket.close();
  await station.stop();
});

/** Calls that end the session they come by, or change it: they get one of their own. */
const ENDS_SESSION = new Set(['sessions.signOut', 'sessions.enterSite', 'sessions.changePassword']);
const sessions = new Map<Role, Promise<string>>();
const sockets = new Map<Role, ReturnType<TestStation['connect']>>();

/** A session of that role: whoever may do what does not hang on how fresh it is, so one serves all calls but those. */
function session(role: Role, name = ''): Promise<string> {
  if (ENDS_SESSION.has(name)) return station.token(role);
  const known = sessions.get(role) ?? station.token(role);
  sessions.set(role, known);
  return known;
}

/** An open socket of such a session. */
async function socketOf(role: Role, name: string): ReturnType<TestStation['connect']> {
  if (ENDS_SESSION.has(name)) return station.connect(await session(role, name));
  const known = sockets.get(role) ?? station.connect(await session(role));
  sockets.set(role, known);
  return known;
}

test('knows a call for every procedure of the contract', () => {
  expect(Object.keys(CALLS).toSorted()).toEqual(procedures.map(({ name }) => name).toSorted());
});

function expectedStatus(name: string, access: string, caller: Role | null): number {
  const allowed = CALLS[name]?.status ?? 0;
  if (access === 'public') return allowed;
  if (caller === null) return 401;
  if (access === 'own-session' || access === 'signed-in') return allowed;
  return ROLE_PERMISSIONS[caller].includes(access as never) ? allowed : 403;
}

describe.each(procedures)('$name', ({ name, area, member, procedure }) => {
  const { access } = procedure['~orpc'].meta;
  const { method, path } = procedure['~orpc'].route;

  test.each(callers.map((caller) => [caller ?? 'nobody', expectedStatus(name, access, caller), caller] as const))(
    '%s over REST: %i',
    async (_caller, expected, caller) => {
      const token = caller === null ? null : await session(caller, name);
      const input = CALLS[name]?.input ?? {};
      if (path === undefined || method === undefined) {
        const address = `/api/v1/${area}/${member}`;
        const answers = await Promise.all(['GET', 'POST'].map((verb) => station.ask(token, address, { method: verb })));
        expect(answers.every((answer) => answer.status >= 400)).toBe(true);
        return;
      }
      const answer = await station.ask(token, restPath(path, method, input), restInit(method, input));
      expect(answer.status).toBe(expected);
      expect(answer.headers.get('cache-control')).toBe('no-store');
    },
  );

  test.each(ROLES.map((role) => [role, expectedStatus(name, access, role)] as const))(
    '%s over WebSocket: %i',
    async (role, expected) => {
      const { client, socket } = await socketOf(role, name);
      const status = await callStatus(client, area, member, CALLS[name]?.input);
      if (ENDS_SESSION.has(name)) socket.close();
      expect(status).toBe(expected === 201 ? 200 : expected);
    },
  );
});

const BESIDE = [
  ['/health/live', 'public', 200],
  ['/health/ready', 'station.read', 200],
  ['/metrics', 'metrics.read', 200],
  ['/api/v1/openapi.json', 'signed-in', 200],
  [`/api/v1/findings/${FINDING}/overlays/mask-1`, 'study.read', 200],
  ['/dicomweb/north/studies', 'study.read', 204],
  ['/dicomweb/north/series', 'study.read', 204],
  ['/dicomweb/north/instances', 'study.read', 204],
  ['/dicomweb/north/studies/1.2.3', 'study.read', 404],
  ['/dicomweb/north/studies/1.2.3/metadata', 'study.read', 404],
  ['/dicomweb/north/studies/1.2/series/1.3/instances/1.4/frames/1', 'study.read', 404],
] as const;

describe.each(BESIDE)('GET %s', (path, access, status) => {
  test.each(callers.map((caller) => [caller ?? 'nobody', caller] as const))('%s', async (_name, caller) => {
    const token = caller === null ? null : await session(caller);
    const isGranted = caller !== null && (access === 'signed-in' || ROLE_PERMISSIONS[caller].includes(access as never));
    const expected = access === 'public' || isGranted ? status : caller === null ? 401 : 403;
    expect((await station.ask(token, path)).status).toBe(expected);
  });
});

test('refuses the upgrade to a socket without a session', async () => {
  await expect(station.connect('not-a-token')).rejects.toThrow('401');
});

function restPath(path: string, method: string, input: Record<string, unknown>): string {
  const named = path.replaceAll(/\{(\w+)\}/g, (_whole, key: string) => String(input[key]));
  const rest = Object.entries(input).filter(([key]) => !path.includes(`{${key}}`));
  if (method !== 'GET' || rest.length === 0) return `/api/v1${named}`;
  return `/api/v1${named}?${new URLSearchParams(rest.map(([key, value]): [string, string] => [key, String(value)]))}`;
}

function restInit(method: string, input: Record<string, unknown>): TestRequest {
  if (method === 'GET' || Object.keys(input).length === 0) return { method };
  // A call whose headers belong to its input says both apart.
  const { headers = {}, body = input } = input as {
    readonly headers?: Record<string, string>;
    readonly body?: unknown;
  };
  return { method, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
}

async function callStatus(client: TestClient, area: string, member: string, input: unknown): Promise<number> {
  const procedure = (client as unknown as Record<string, Record<string, (given: unknown) => Promise<unknown>>>)[area]?.[
    member
  ];
  if (procedure === undefined) throw new Error(`no ${area}.${member}`);
  try {
    await procedure(input);
    return 200;
  } catch (error) {
    return (error as { status: number }).status;
  }
}
