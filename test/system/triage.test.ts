import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ModelCard } from '../../src/shared/contract/models.ts';
import { ADMINISTRATOR_PASSWORD, type Asker, jsonBody, rowOf, signIn, signInFirst } from './support/ask-station.ts';
import { maskPixels } from './support/mask.ts';
import { endEverything, runnerPid, type RunningStation, startStation } from './support/start-station.ts';
import { notAccepted, phantomStudy, remoteOf, sendObjects } from './support/studies.ts';
import { until } from './support/until.ts';

const MODEL = 'head-ct-hyperdense';

afterAll(endEverything);

/** A runner that has loaded and verified its model. */
async function untilRunnerIsReady(who: Asker): Promise<void> {
  await until(async () => JSON.parse((await who.fetch('/api/v1/station/status')).text).inference.state === 'ready');
}

describe('in a demo, where the reference model may be seen', () => {
  let station: RunningStation;
  let radiologist: Asker;

  beforeAll(async () => {
    station = await startStation({ demo: true });
    radiologist = await signIn(station, 'radiologist', 'demo');
    await untilRunnerIsReady(radiologist);
  });

  test('a head with 30 ml of blood becomes critical, suspected and first, with the reason and what was seen', async () => {
    const quiet = phantomStudy({ seed: 11 });
    const bleeding = phantomStudy({ seed: 12, bleed: { kind: 'intraparenchymal', volumeMl: 30 } });
    for (const { objects } of [quiet, bleeding])
      expect(notAccepted(await sendObjects(remoteOf(station), objects))).toEqual([]);

    const row = await rowOf(radiologist, bleeding.studyUid, ({ urgency }) => urgency.level === 'critical');
    expect(row).toMatchObject({
      urgency: { level: 'critical', standing: 'suspected' },
      ai: { state: 'flagged', findings: [{ model: expect.any(String) as string }] },
    });
    expect(row.reasons.map(({ code }) => code)).toContain('ai-flag');
    expect(row.openByAtMs).toBe((row.completeAtMs ?? 0) + 15 * 60_000);
    const other = await rowOf(radiologist, quiet.studyUid, ({ ai }) => ai.state === 'no-flag');
    expect(other.urgency).toEqual({ level: 'routine', standing: 'ordinary', raises: 0 });
    const { rows } = await radiologist.worklist();
    expect(rows.map(({ studyUid }) => studyUid)).toEqual([bleeding.studyUid, quiet.studyUid]);
    expect((await radiologist.worklist('ai-flagged')).rows.map(({ studyUid }) => studyUid)).toEqual([
      bleeding.studyUid,
    ]);

    const [finding, ...more] = await radiologist.findings(row.studyId);
    if (finding?.parts[0] === undefined || finding.keyImage === null) throw new Error('no finding with a mask');
    expect(more).toEqual([]);
    expect(finding).toMatchObject({
      ...{ origin: 'ai', state: 'unverified', category: 1 },
      model: { id: MODEL, clinicalUse: 'none', stage: 'general' },
    });
    expect(finding.score).toBeGreaterThanOrEqual(finding.threshold);
    const volume = finding.measurements.find(({ unit }) => unit === 'mL' || unit === 'ml')?.value ?? 0;
    const truth = bleeding.truth.bleed?.volumeMl ?? 0;
    console.log(
      `30 ml phantom: score ${finding.score.toFixed(3)}, ${volume.toFixed(1)} ml said, ${truth.toFixed(1)} ml there`,
    );
    expect(volume).toBeGreaterThan(truth * 0.6);
    expect(volume).toBeLessThan(truth * 1.4);
    expect(bleeding.mainSopUids).toContain(finding.keyImage.sopUid);
    const off = (finding.keyImage.centreMm ?? []).map(
      (value, axis) => value - (bleeding.truth.bleed?.centreMm[axis] ?? NaN),
    );
    expect(off).toHaveLength(3);
    expect(Math.hypot(...off)).toBeLessThan(10);
  });

  test('an exam that came for comparison first is read, flagged and due once its modality sends it', async () => {
    const bleeding = phantomStudy({ seed: 91, bleed: { kind: 'intraparenchymal', volumeMl: 30 } });
    const fetched = remoteOf(station, { callingAe: 'DEMO_PACS' });
    expect(notAccepted(await sendObjects(fetched, bleeding.objects))).toEqual([]);
    const asComparison = async () =>
      (await radiologist.worklist('comparison')).rows.find(({ studyUid }) => studyUid === bleeding.studyUid);
    await until(async () => (await asComparison())?.completeAtMs != null);
    const before = await asComparison();
    expect(before).toMatchObject({ intent: 'comparison', intentBecause: 'as-sent', openByAtMs: null });
    expect((await radiologist.worklist()).rows.map(({ studyUid }) => studyUid)).not.toContain(bleeding.studyUid);

    // Not one object is new: all of it is here already.
    expect(notAccepted(await sendObjects(remoteOf(station), bleeding.objects))).toEqual([]);
    const row = await rowOf(radiologist, bleeding.studyUid, ({ urgency }) => urgency.level === 'critical');
    expect(row).toMatchObject({ intent: 'new', intentBecause: null, ai: { state: 'flagged' } });
    expect(row.openByAtMs).toBeGreaterThan(before?.completeAtMs ?? Number.POSITIVE_INFINITY);
    expect((await radiologist.worklist()).rows.map(({ studyUid }) => studyUid)).toContain(bleeding.studyUid);
  });

  test('the mask unpacks to pixels that lie in the blood that is there', async () => {
    const { studyUid, truth, mainSopUids } = phantomStudy({
      seed: 12,
      bleed: { kind: 'intraparenchymal', volumeMl: 30 },
    });
    const row = await rowOf(radiologist, studyUid, ({ ai }) => ai.state === 'flagged');
    const [finding] = await radiologist.findings(row.studyId);
    if (finding?.parts[0] === undefined) throw new Error('no mask');
    const { rows, columns, frames, href } = finding.parts[0].mask;
    const answer = await radiologist.fetch(href);
    expect(answer.status).toBe(200);
    expect(answer.bytes.length).toBe(Math.ceil((rows * columns * frames.length) / 8));
    const seen = maskPixels(answer.bytes, { rows, columns, slices: frames.length });
    expect([rows, columns]).toEqual([512, 512]);
    let inside = 0;
    let both = 0;
    for (const [index, { sopUid }] of frames.entries()) {
      const slice = mainSopUids.indexOf(sopUid);
      expect(slice).toBeGreaterThanOrEqual(0);
      for (let pixel = 0; pixel < rows * columns; pixel += 1) {
        if (seen[index * rows * columns + pixel] !== 1) continue;
        inside += 1;
        both += truth.mask[slice * rows * columns + pixel] ?? 0;
      }
    }
    const there = truth.mask.reduce((sum, value) => sum + value, 0);
    console.log(`mask: ${inside} pixels, ${both} of them in the blood of ${there} pixels`);
    expect(both / inside).toBeGreaterThan(0.8);
    expect(both / there).toBeGreaterThan(0.6);
  });

  test('a runner killed in the middle of its work costs a retry, not the answer', async () => {
    const study = phantomStudy({ seed: 13, bleed: { kind: 'intraparenchymal', volumeMl: 30 } });
    const first = runnerPid(station);
    if (first === null) throw new Error('no runner process');
    await sendObjects(remoteOf(station), study.objects);
    await rowOf(radiologist, study.studyUid, ({ ai }) => ai.state === 'running');
    process.kill(first, 'SIGKILL');
    const row = await rowOf(radiologist, study.studyUid, ({ ai }) => ai.state === 'flagged');
    expect(runnerPid(station)).not.toBe(first);
    // Who judges the images is read last: nothing waits for it.
    await until(async () => (await radiologist.study(row.studyId)).runs.every(({ state }) => state === 'finished'));
    const { runs } = await radiologist.study(row.studyId);
    expect(runs.every(({ reason }) => reason === null)).toBe(true);
    expect(runs.filter(({ model }) => model.id === MODEL)).toHaveLength(1);
    const timeline = JSON.parse((await radiologist.fetch(`/api/v1/studies/${row.studyId}/timeline`)).text);
    const kinds = timeline.map(({ kind }: { kind: string }) => kind).filter((kind: string) => kind.startsWith('run-'));
    expect(kinds.filter((kind: string) => kind === 'run-failed')).toHaveLength(1);
    expect(kinds.filter((kind: string) => kind === 'run-started')).toHaveLength(runs.length + 1);
  });

  test('a study that no model is for says so, and one without axial images too', async () => {
    const scout = phantomStudy({ seed: 14, slices: 12, matrix: 64 });
    await sendObjects(remoteOf(station), scout.objects.slice(0, 1));
    const row = await rowOf(radiologist, scout.studyUid, ({ ai }) => ai.state === 'not-run' || ai.state === 'no-model');
    expect(row.ai).toEqual({ state: 'not-run', reason: 'no-eligible-series' });
  });
});

test('outside a demo the reference model is silent: it runs, and nothing that anybody may ask shows it', async () => {
  const station = await startStation();
  const administrator = await signInFirst(station);
  await untilRunnerIsReady(administrator);
  // Nothing computes until a person lets it, step by step.
  const models = () => administrator.fetch('/api/v1/models').then(({ text }) => JSON.parse(text) as ModelCard[]);
  const [model] = await until(async () => {
    const all = (await models()).filter(({ modelId }) => modelId === MODEL);
    return all[0]?.packageState === 'verified' ? all : null;
  });
  const step = (to: string) =>
    administrator.fetch(
      `/api/v1/models/${model?.digest}/exposure/steps`,
      jsonBody({ to, reason: 'to be measured here', password: ADMINISTRATOR_PASSWORD }),
    );
  for (const to of ['verified', 'silent']) expect([to, (await step(to)).status]).toEqual([to, 200]);
  expect(JSON.parse((await step('pilot')).text)).toMatchObject({ data: { code: 'step-not-permitted' } });
  const study = phantomStudy({ seed: 12, bleed: { kind: 'intraparenchymal', volumeMl: 30 } });
  await sendObjects(remoteOf(station), study.objects);
  // It does run, as the administrator, who does not report, may see in the ledger.
  const finished = '/api/v1/audit/events?kind=run-finished';
  await until(async () => JSON.parse((await administrator.fetch(finished)).text).events.length > 0);
  const row = await rowOf(administrator, study.studyUid);
  expect(row).toMatchObject({ urgency: { level: 'routine' }, ai: { state: 'no-model' } });
  expect(await administrator.findings(row.studyId)).toEqual([]);
  const answers = await Promise.all(
    [
      '/api/v1/worklist',
      '/api/v1/worklist/next',
      '/api/v1/worklist/counts',
      `/api/v1/studies/${row.studyId}`,
      `/api/v1/studies/${row.studyId}/findings`,
      `/api/v1/studies/${row.studyId}/timeline`,
      `/api/v1/studies/${row.studyId}/report`,
    ].map(async (path) => (await administrator.fetch(path)).text),
  );
  for (const text of answers)
    expect(text).not.toMatch(new RegExp(`${MODEL}|hyperdense|haemorrhage|hemorrhage|run-finished`, 'i'));
  expect(await station.stop()).toBe(0);
});
