import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { packageFault } from '../../../shared/domain/package-fault.ts';
import { RemoteServer } from '../../../shared/domain/provider.ts';
import { err, ok } from '../../../shared/domain/result.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { aManifest, packageOf } from '../testing/models.ts';
import {
  countModelsElsewhere,
  countModelsWaitingForServer,
  findModelProvider,
  listVerifications,
} from './golden-results.ts';
import { countUnusableModels } from './count-models.ts';
import { findModel, installModels, listPackageFaults } from './models.ts';
import { packageDigest } from './package-digest.ts';
import type { RunnerSupervisor } from './runner-supervisor.ts';
import { createModelVerifier, type ProviderSetting } from './verify-models.ts';

type LoadAnswer = Awaited<ReturnType<RunnerSupervisor['load']>>;

const MANIFEST = aManifest();
const DIGEST = packageDigest(MANIFEST);
const GPU_ROOM = RemoteServer.parse({
  ...{ name: 'gpu-room', url: 'https://triton:8000', verifyEveryHours: 2 },
  models: [{ id: MANIFEST.id, name: 'bleed' }],
});
const SETTING: ProviderSetting = { providers: ['remote', 'cuda', 'cpu'], remotes: [GPU_ROOM], machine: 'this machine' };

let clinic: Clinic;
let nowMs: number;
let asked: (string | undefined)[];
/** What loading on each provider comes to. */
let answers: Record<string, () => LoadAnswer>;
let runner: object;
beforeEach(() => {
  clinic = openClinic();
  nowMs = 1_000_000;
  asked = [];
  answers = {};
  runner = proven({ cuda: '1.30.0', cpu: '1.30.0' });
  installModels(clinic.db, [packageOf(MANIFEST)], 0);
});
afterEach(() => clinic.close());

function proven(versions: Readonly<Record<string, string>>): object {
  const providers = Object.entries(versions).map(([name, version]) => ({ name, proven: true, version, code: null }));
  return { state: 'ready', runner: { providers } };
}

function verifier(setting: ProviderSetting = SETTING) {
  const load = (_package: string, { provider }: { readonly provider?: string }) => {
    asked.push(provider);
    return Promise.resolve((answers[provider ?? ''] ?? holds)());
  };
  const supervisor = { load, state: () => runner } as unknown as RunnerSupervisor;
  const { db, log } = clinic;
  return createModelVerifier({ db, supervisor, clock: { nowMs: () => nowMs }, log, setting });
}
const settle = (one: ReturnType<typeof verifier>) => one.verify(() => false);

function holds(device: object = { version: '1.30.0', isWhole: true }): LoadAnswer {
  const golden = [{ name: 'case', passed: true, largestDeviation: 0.1 }];
  return ok({ golden, device, provider: asked.at(-1) }) as unknown as LoadAnswer;
}
const differs = (): LoadAnswer =>
  err({
    ...{ code: 'golden-differs', faults: [packageFault('golden-differs', 'goldenCases.0')] },
    golden: [{ name: 'case', passed: false, largestDeviation: 40 }],
    device: { version: '1.30.0', isWhole: true },
  });
const refused = (code: 'remote-unreachable' | 'provider-not-proven' | 'runner-crashed') => (): LoadAnswer =>
  err({ code, faults: [packageFault(code, '')] });
const told = () => listVerifications(clinic.db, DIGEST).map(({ provider, code, machine }) => [provider, machine, code]);

test('a model is computed on the first provider of the order where its golden cases hold', async () => {
  answers['remote:gpu-room'] = () => holds({ version: 'triton 2.61.0, bleed 3', isWhole: true });
  expect(await settle(verifier())).toBe(true);
  expect(asked).toEqual(['remote:gpu-room']);
  expect(findModelProvider(clinic.db, DIGEST)).toEqual({
    ...{ provider: 'remote:gpu-room', providerVersion: 'triton 2.61.0, bleed 3', isWhole: true },
    ...{ wanted: 'remote:gpu-room', because: null, verifiedAtMs: nowMs },
  });
  expect([told(), countModelsElsewhere(clinic.db)]).toEqual([[['remote:gpu-room', 'gpu-room', null]], 0]);
});

test('where they differ the next one is tried, and what was wanted, what is used and why stand on record', async () => {
  answers['remote:gpu-room'] = differs;
  answers['cuda'] = refused('provider-not-proven');
  await settle(verifier());
  expect(asked).toEqual(['remote:gpu-room', 'cuda', 'cpu']);
  expect(findModelProvider(clinic.db, DIGEST)).toMatchObject({
    ...{ provider: 'cpu', wanted: 'remote:gpu-room', because: 'golden-differs' },
  });
  expect(new Set(told())).toEqual(
    new Set([
      ['cpu', 'this machine', null],
      ['cuda', 'this machine', 'provider-not-proven'],
      ['remote:gpu-room', 'gpu-room', 'golden-differs'],
    ]),
  );
  expect(listVerifications(clinic.db, DIGEST).find(({ code }) => code === 'golden-differs')?.golden).toEqual([
    { name: 'case', passed: false, largestDeviation: 40 },
  ]);
  expect([findModel(clinic.db, DIGEST)?.state, countModelsElsewhere(clinic.db)]).toEqual(['verified', 1]);
  expect(clinic.events('model-verified')).toMatchObject([{ payload: { provider: 'cpu' } }]);
});

test('a provider that computes only a part of the model is told of as well', async () => {
  answers['cuda'] = () => holds({ version: '1.30.0', isWhole: false });
  await settle(verifier({ ...SETTING, providers: ['cuda'] }));
  expect(findModelProvider(clinic.db, DIGEST)).toMatchObject({ provider: 'cuda', isWhole: false, because: null });
  expect(countModelsElsewhere(clinic.db)).toBe(1);
});

test('a model that holds nowhere is not run, and each provider says why', async () => {
  for (const provider of ['remote:gpu-room', 'cuda', 'cpu']) answers[provider] = differs;
  await settle(verifier());
  expect([findModel(clinic.db, DIGEST)?.state, findModelProvider(clinic.db, DIGEST)]).toEqual(['broken', null]);
  expect([countUnusableModels(clinic.db), listPackageFaults(clinic.db).length]).toEqual([1, 3]);
});

test('a model that nothing wanted serves is not run either', async () => {
  await settle(verifier({ ...SETTING, providers: ['remote'], remotes: [] }));
  expect(asked).toEqual([]);
  expect([findModel(clinic.db, DIGEST)?.state, told()]).toEqual(['broken', [['none', '', 'provider-not-wanted']]]);
});

test('a server alone that does not answer is asked again each minute, and its model waits instead of failing', async () => {
  answers['remote:gpu-room'] = refused('remote-unreachable');
  const one = verifier({ ...SETTING, providers: ['remote'] });
  for (const seconds of [0, 30, 30, 30]) {
    nowMs += seconds * 1000;
    expect(await settle(one)).toBe(true);
  }
  expect(asked).toHaveLength(2);
  expect([findModel(clinic.db, DIGEST)?.state, countModelsWaitingForServer(clinic.db)]).toEqual(['installed', 1]);
  answers = {};
  nowMs += 60_000;
  await settle(one);
  expect([findModel(clinic.db, DIGEST)?.state, countModelsWaitingForServer(clinic.db)]).toEqual(['verified', 0]);
});

test('what stands in for a server that did not answer makes way for it after five minutes', async () => {
  answers['remote:gpu-room'] = refused('remote-unreachable');
  const one = verifier();
  await settle(one);
  expect(findModelProvider(clinic.db, DIGEST)).toMatchObject({ provider: 'cuda', because: 'remote-unreachable' });
  answers = {};
  for (const minutes of [4, 1]) {
    nowMs += minutes * 60_000;
    await settle(one);
  }
  expect(asked).toEqual(['remote:gpu-room', 'cuda', 'remote:gpu-room']);
  expect(findModelProvider(clinic.db, DIGEST)).toMatchObject({ provider: 'remote:gpu-room', because: null });
});

test('golden cases are replayed on a server as often as its configuration says', async () => {
  const one = verifier();
  await settle(one);
  for (const minutes of [119, 1]) {
    nowMs += minutes * 60_000;
    await settle(one);
  }
  expect(asked).toHaveLength(2);
});

test('a runner that comes back without the provider, or with another version of it, has its models verified anew', async () => {
  const one = verifier({ ...SETTING, providers: ['cuda', 'cpu'] });
  await settle(one);
  runner = proven({ cuda: '1.30.0', cpu: '1.30.0' });
  await settle(one);
  expect(asked).toEqual(['cuda']);
  answers['cuda'] = refused('provider-not-proven');
  runner = proven({ cpu: '1.30.0' });
  await settle(one);
  expect([asked, findModelProvider(clinic.db, DIGEST)?.provider]).toEqual([['cuda', 'cuda', 'cpu'], 'cpu']);
  answers = {};
  runner = proven({ cuda: '1.31.0', cpu: '1.31.0' });
  await settle(one);
  expect([asked.slice(3), findModelProvider(clinic.db, DIGEST)?.provider]).toEqual([['cuda'], 'cuda']);
});

test('a provider that takes the runner down twice with a model is left alone, and the next one is tried', async () => {
  answers['cuda'] = refused('runner-crashed');
  const one = verifier({ ...SETTING, providers: ['cuda', 'cpu'] });
  expect([await settle(one), await settle(one), asked]).toEqual([false, true, ['cuda', 'cuda', 'cpu']]);
  expect(findModelProvider(clinic.db, DIGEST)).toMatchObject({ provider: 'cpu', because: 'runner-crashed' });
});

test('what else is wanted waits for one model, not for all; what held before comes first and what took the runner down last', async () => {
  const others = ['a', 'z'].map((id) => packageOf(aManifest({ id })));
  installModels(clinic.db, [packageOf(MANIFEST)], 0);
  await settle(verifier());
  installModels(clinic.db, [packageOf(MANIFEST), ...others], 0);
  const packages: string[] = [];
  const supervisor = {
    state: () => runner,
    load(directory: string) {
      packages.push(path.basename(directory));
      const crash = packageFault('runner-crashed', '');
      return Promise.resolve(directory.endsWith('/a') ? err({ code: crash.code, faults: [crash] }) : holds());
    },
  } as unknown as RunnerSupervisor;
  const { db, log } = clinic;
  const one = createModelVerifier({
    ...{ db, supervisor, log, clock: { nowMs: () => nowMs } },
    setting: { ...SETTING, providers: ['cpu'] },
  });
  for (let turn = 0; turn < 4; turn += 1) await one.verify(() => true);
  expect(packages).toEqual(['bleed', 'a', 'z', 'a']);
});
