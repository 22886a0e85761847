import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { RunId } from '../../../../shared/domain/ids.ts';
import { forkRunnerHost } from '../fork-runner-host.ts';
import type { RunnerHost } from '../runner-host.ts';
import { type RunnerSupervisor, superviseRunner } from '../runner-supervisor.ts';
import { ballHead, openTestObjects, sliceRecord, testRunId } from './test-series.ts';

const ENTRY = path.join(import.meta.dirname, 'index.ts');
const PACKAGE = path.resolve(import.meta.dirname, '../../../../../resources/models/head-ct-hyperdense');

let supervisor: RunnerSupervisor;
afterEach(() => supervisor.stop());

function supervised(host: RunnerHost) {
  const objects = openTestObjects();
  const { objectsDir, outboxDir, keys } = objects;
  const objectKeys = [...keys.export()];
  supervisor = superviseRunner(host, { objectsDir, objectKeys, outboxDir, providers: ['cpu'], threads: 1 });
  supervisor.start();
  return objects;
}

test('a forked runner verifies the shipped model, flags blood, and outlives being killed in the middle of a run', async () => {
  const host = forkRunnerHost(ENTRY);
  const objects = supervised(host);
  const loaded = await supervisor.load(PACKAGE, { verify: true });
  if (!loaded.ok) throw new Error(loaded.error.code);
  expect(loaded.value).toMatchObject({
    modelId: 'head-ct-hyperdense',
    provider: 'cpu',
    golden: [{ passed: true }, { passed: true }],
  });

  const instances = [...(await objects.put(ballHead({ bleedMm: 14 }).map(sliceRecord)))];
  const request = () => ({
    runId: RunId.parse(testRunId()),
    packageDir: PACKAGE,
    modelDigest: loaded.value.modelDigest,
    series: { seriesUid: '2.25.2', instances },
  });
  const lost = supervisor.run(request(), { budgetMs: 20_000 });
  host.kill();
  expect(await lost).toEqual({ ok: false, error: { code: 'runner-crashed' } });

  const answer = await supervisor.run(request(), { budgetMs: 20_000 });
  expect(answer.ok && answer.value.outputs[0]?.value).toBeGreaterThan(0.9);

  const stale = await supervisor.run({ ...request(), modelDigest: 'b'.repeat(64) }, { budgetMs: 20_000 });
  expect(stale).toMatchObject({ ok: false, error: { code: 'package-unreadable' } });
});

test('a runner ends by itself when a message does not parse', async () => {
  const host = forkRunnerHost(ENTRY);
  const ended = new Promise<number | null>((resolve) => host.onExit(({ code }) => resolve(code)));
  host.start();
  host.send({ type: 'sing' } as never); // another build's message
  expect(await ended).toBe(65);
  supervisor = superviseRunner(host, {
    objectsDir: '',
    objectKeys: [{ id: '00'.repeat(8), keyHex: '11'.repeat(32) }],
    outboxDir: '',
    providers: ['cpu'],
    threads: 1,
  });
});
