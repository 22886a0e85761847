import { afterEach, expect, test } from 'vitest';
import { signIn } from './support/ask-station.ts';
import { withDatabase } from './support/database.ts';
import { endEverything, startStation, TEST_CONFIG } from './support/start-station.ts';
import { until } from './support/until.ts';

afterEach(endEverything);

const WEEK_MS = 7 * 86_400_000;
/** Weeks are counted from Monday 1969-12-29 on. */
const thisWeek = () => Math.floor((Date.now() + 3 * 86_400_000) / WEEK_MS);

type Card = { digest: string; modelId: string; stage: string };

test.each([
  [true, 'suspended'],
  [false, 'general'],
] as const)(
  'a week that moved far is told of; where the policy suspends (%s) the model stands %s',
  async (driftSuspends, stage) => {
    const first = await startStation({ demo: true, config: TEST_CONFIG });
    await first.stop();
    const { data } = first;
    withDatabase(data, (db) => {
      const value = db.prepare(
        `INSERT INTO model_values (site_id, digest, week, is_silent, feature, bin, runs)
       SELECT (SELECT site_id FROM sites WHERE code = 'demo'), digest, @week, @isSilent, 'pixel-spacing', @bin, 10
         FROM models WHERE model_id = 'head-ct-hyperdense'`,
      );
      for (let n = 0; n < 10; n += 1) {
        value.run({ week: thisWeek() - 4, isSilent: 1, bin: String(0.4 + n / 100) });
        value.run({ week: thisWeek() - 1, isSilent: 0, bin: String(0.6 + n / 100) });
      }
    });
    const inference = { ...TEST_CONFIG.inference, watch: { driftSuspends } };
    const station = await startStation({ data, demo: true, config: { ...TEST_CONFIG, inference } });
    const who = await signIn(station, 'administrator', 'demo');
    const read = async <T>(path: string) => JSON.parse((await who.fetch(`/api/v1${path}`)).text) as T;
    const find = async () => (await read<Card[]>('/models')).find(({ modelId }) => modelId === 'head-ct-hyperdense');
    const drifted = await until(async () => {
      const { events } = await read<{ events: { kind: string; payload: unknown }[] }>('/audit/events?limit=50');
      return events.find(({ kind }) => kind === 'model-drifted') ?? null;
    });
    expect(drifted.payload).toMatchObject({ week: thisWeek() - 1, moved: [], movedFar: ['pixel-spacing'] });
    const card = await until(async () => {
      const found = await find();
      return found?.stage === stage && found;
    });
    const drift = await read<{ suspends: boolean; features: unknown[] }>(`/model-figures/${card.digest}/drift`);
    expect(drift).toMatchObject({
      suspends: driftSuspends,
      features: [{ feature: 'pixel-spacing', weeks: [{ level: 'moved-far', runs: 100, referenceRuns: 100 }] }],
    });
    const [newest] = await read<{ cause: string; reason: string | null; by: { kind: string } }[]>(
      `/models/${card.digest}/exposure/history`,
    );
    expect(newest).toMatchObject(
      driftSuspends ? { cause: 'suspended', reason: 'drift', by: { kind: 'service' } } : { cause: 'demo' },
    );
    // What nobody is shown any more alarms nobody; what goes on being shown does.
    const { reasons } = await read<{ reasons: { code: string }[] }>('/station/status');
    expect(reasons.some(({ code }) => code === 'model-drifted')).toBe(!driftSuspends);
  },
);
