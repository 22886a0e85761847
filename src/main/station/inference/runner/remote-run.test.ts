import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type InferenceServer, startInferenceServer } from '../../../../../test/peers-scripted/inference-server.ts';
import { HEAD_PACKAGE, servedHead } from '../../../../../test/peers-scripted/served-head.ts';
import { RunId } from '../../../../shared/domain/ids.ts';
import { RemoteServer } from '../../../../shared/domain/provider.ts';
import { forkRunnerHost } from '../fork-runner-host.ts';
import { type RunnerSupervisor, superviseRunner } from '../runner-supervisor.ts';
import { ballHead, openTestObjects, sliceRecord, testRunId } from './test-series.ts';

const ENTRY = path.join(import.meta.dirname, 'index.ts');

let server: InferenceServer;
let supervisor: RunnerSupervisor;
afterEach(async () => {
  await supervisor.stop();
  await server.close();
});

test('a series is prepared here, computed there and answered as it is by this machine; only tensors leave', async () => {
  server = await startInferenceServer([await servedHead()]);
  const objects = openTestObjects();
  const { objectsDir, outboxDir, keys } = objects;
  const manifest = JSON.parse(readFileSync(path.join(HEAD_PACKAGE, 'manifest.json'), 'utf8')) as {
    readonly id: string;
  };
  const remote = RemoteServer.parse({
    ...{ name: 'gpu-room', url: server.url, timeoutMs: 20_000 },
    models: [{ id: manifest.id, name: 'bleed', version: '7' }],
  });
  supervisor = superviseRunner(forkRunnerHost(ENTRY), {
    ...{ objectsDir, outboxDir, objectKeys: [...keys.export()], threads: 1 },
    ...{ providers: ['remote', 'cpu'], remotes: [remote] },
  });
  supervisor.start();

  const there = await supervisor.load(HEAD_PACKAGE, { verify: true, provider: 'remote:gpu-room' });
  const here = await supervisor.load(HEAD_PACKAGE, { verify: true, provider: 'cpu' });
  if (!there.ok || !here.ok) throw new Error('the golden cases do not hold');
  const providerVersion = 'triton 2.61.0, bleed 7';
  expect([there.value.device?.version, here.value.device?.isWhole]).toEqual([providerVersion, true]);
  expect(there.value.golden).toEqual(here.value.golden);

  const instances = [...(await objects.put(ballHead({ bleedMm: 14 }).map(sliceRecord)))];
  const run = (on: object) =>
    supervisor.run(
      {
        ...{ runId: RunId.parse(testRunId()), packageDir: HEAD_PACKAGE, modelDigest: there.value.modelDigest, ...on },
        series: { seriesUid: '2.25.2', instances },
      },
      { budgetMs: 60_000 },
    );
  const [far, near] = [await run({ provider: 'remote:gpu-room', providerVersion }), await run({ provider: 'cpu' })];
  if (!far.ok || !near.ok)
    throw new Error(`a run failed: ${JSON.stringify([far, near].map((one) => !one.ok && one.error))}`);
  expect(far.value.outputs).toEqual(near.value.outputs);
  expect(far.value.masks).toEqual(near.value.masks);
  expect(far.value).toMatchObject({
    provider: 'remote:gpu-room',
    device: { server: { name: 'triton', version: '2.61.0', model: 'bleed', modelVersion: '7' } },
  });
  const said = server.seen.map(({ path: where, headers, body }) => {
    const jsonBytes = Number(headers['inference-header-content-length'] ?? body.length);
    return `${where} ${body.subarray(0, jsonBytes).toString()}`;
  });
  expect(said.join('\n')).not.toMatch(/2\.25\.|[0-9a-f]{8}-[0-9a-f]{4}-|PATIENT|DOE/i);

  server.version = '2.62.0';
  expect(await run({ provider: 'remote:gpu-room', providerVersion })).toMatchObject({
    error: { code: 'provider-changed' },
  });
  server.version = '2.61.0';
  server.faults.push('another-version');
  expect(await run({ provider: 'remote:gpu-room', providerVersion })).toMatchObject({
    error: { code: 'provider-changed' },
  });
  server.faults.push('nan');
  expect(await run({ provider: 'remote:gpu-room', providerVersion })).toMatchObject({
    error: { code: 'bad-output', output: { why: 'not-finite' } },
  });
  await server.close();
  expect(await run({ provider: 'remote:gpu-room', providerVersion })).toMatchObject({
    error: { code: 'remote-unreachable' },
  });
  expect((await run({ provider: 'cpu' })).ok).toBe(true);
}, 120_000);
