import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { builtShim } from '../faults/support/shim.ts';
import { type InferenceServer, startInferenceServer } from '../peers-scripted/inference-server.ts';
import { servedHead } from '../peers-scripted/served-head.ts';
import { rowOf, signIn } from './support/ask-station.ts';
import { endEverything, startStation, temporaryFolder, TEST_CONFIG } from './support/start-station.ts';
import { phantomStudy, remoteOf, sendObjects } from './support/studies.ts';
import { until } from './support/until.ts';

let server: InferenceServer | null = null;
afterAll(async () => {
  await server?.close();
  await endEverything();
});

/** What the station waits before it asks a server again that did not answer, and a little more. */
const ASKED_AGAIN_S = 65;
const shim = builtShim('clock-shim');

test('a model on a server reads; while the server is away studies say so and keep their place; once it is back they are read', async () => {
  const head = await servedHead();
  server = await startInferenceServer([head]);
  const ahead = path.join(temporaryFolder(), 'ahead');
  writeFileSync(ahead, Buffer.alloc(8));
  const remotes = [{ name: 'gpu-room', url: server.url, models: [{ id: 'head-ct-hyperdense', name: 'bleed' }] }];
  const inference = { ...TEST_CONFIG.inference, providers: ['remote'], remotes };
  const env: Record<string, string> = shim === null ? {} : { LD_PRELOAD: shim, SHIM_CLOCK: ahead };
  const station = await startStation({ demo: true, config: { ...TEST_CONFIG, inference }, env });
  /** Lets so much time pass: for the station alone, where its clock can be set. */
  const pass = async (seconds: number): Promise<void> => {
    if (shim === null) return pause(seconds * 1000);
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(seconds));
    writeFileSync(ahead, bytes, { flag: 'r+' });
  };
  const radiologist = await signIn(station, 'radiologist', 'demo');
  const send = async (seed: number) => {
    const study = phantomStudy({ seed, matrix: 64, slices: 24, withScout: false });
    const sent = await sendObjects(remoteOf(station), study.objects);
    expect(sent.every(({ state }) => state === 'accepted')).toBe(true);
    return study.studyUid;
  };
  const isRead = ({ ai }: { readonly ai: { readonly state: string } }) =>
    ai.state === 'no-flag' || ai.state === 'flagged';
  const codes = async () => {
    const { reasons } = JSON.parse((await radiologist.fetch('/health/ready')).text) as { reasons: { code: string }[] };
    return reasons.map(({ code }) => code).filter((code) => code === 'inference-server-silent');
  };
  const runsOf = async (studyId: string) => (await radiologist.study(studyId)).runs;

  const first = await rowOf(radiologist, await send(4100), isRead);
  expect(await runsOf(first.studyId)).toMatchObject([{ state: 'finished', provider: 'remote:gpu-room' }]);
  expect(await codes()).toEqual([]);

  await server.close();
  const uid = await send(4101);
  const away = await rowOf(radiologist, uid, ({ ai }) => ai.state === 'not-run');
  expect(away.ai).toMatchObject({ state: 'not-run', reason: 'remote-unreachable' });
  await until(async () => (await codes()).length > 0);
  expect(await codes()).toEqual(['inference-server-silent']);

  const { port } = new URL(server.url);
  server = await startInferenceServer([head], undefined, Number(port));
  await pass(ASKED_AGAIN_S);
  const back = await rowOf(radiologist, uid, isRead);
  expect(await runsOf(back.studyId)).toMatchObject([{ state: 'finished', provider: 'remote:gpu-room' }]);
  await until(async () => (await codes()).length === 0);
  // Its golden cases were replayed before it was believed again.
  const asked = server.seen.filter(({ path: where }) => where.endsWith('/infer'));
  expect(asked.length).toBeGreaterThan(1);
  expect(await station.stop()).toBe(0);
}, 240_000);
