import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AnalysisCard } from '../../src/shared/contract/analyses.ts';
import { ReplayCard, RunDetail } from '../../src/shared/contract/runs.ts';
import { Receipt } from '../../src/shared/domain/receipt.ts';
import { type Asker, signIn } from './support/ask-station.ts';
import { endEverything, type RunningStation, startStation } from './support/start-station.ts';
import { notAccepted, phantomStudy, remoteOf, sendObjects } from './support/studies.ts';
import { until } from './support/until.ts';

// A study of comparison, that nothing is owed of, is asked for, computed by the real runner, and computed again.
let station: RunningStation;
let radiologist: Asker;
const bleeding = phantomStudy({ seed: 412, bleed: { kind: 'intraparenchymal', volumeMl: 30 } });

beforeAll(async () => {
  station = await startStation({ demo: true });
  radiologist = await signIn(station, 'radiologist', 'demo');
  const refused = notAccepted(await sendObjects(remoteOf(station, { callingAe: 'DEMO_PACS' }), bleeding.objects));
  if (refused.length > 0) throw new Error('the study was not taken in');
});
afterAll(endEverything);

const asking = (key: string, body: object, who = radiologist) =>
  who.fetch('/api/v1/analyses', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify(body),
  });
const analysisOf = async (analysisId: string): Promise<AnalysisCard> =>
  AnalysisCard.parse(JSON.parse((await radiologist.fetch(`/api/v1/analyses/${analysisId}`)).text));

test('asked for at once by many with one key, killed between yes and run, a study of comparison is analysed once, and its receipt replays to the same', async () => {
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => asking('key-1', { study: bleeding.studyUid, model: 'head-ct-hyperdense' })),
  );
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 202));
  const cards = answers.map(({ text }) => AnalysisCard.parse(JSON.parse(text)));
  const analysisId = cards[0]?.analysisId ?? '';
  expect(new Set(cards.map((card) => card.analysisId))).toEqual(new Set([analysisId]));
  expect(answers[0]?.headers.get('location')).toBe(`/api/v1/analyses/${analysisId}`);
  expect(
    (await asking('key-1', { study: bleeding.studyUid, model: 'head-ct-hyperdense', priority: 'stat' })).status,
  ).toBe(409);
  expect((await radiologist.fetch('/api/v1/analyses', { method: 'POST', body: '{}' })).status).toBe(400);

  await station.kill();
  station = await startStation({ demo: true, data: station.data });
  radiologist = await signIn(station, 'radiologist', 'demo');
  const again = await asking('key-1', { study: bleeding.studyUid, model: 'head-ct-hyperdense' });
  expect([again.status, AnalysisCard.parse(JSON.parse(again.text)).analysisId]).toEqual([202, analysisId]);
  await until(async () => (await analysisOf(analysisId)).result.state === 'flagged');
  const analysis = await analysisOf(analysisId);
  expect(analysis.findings.length).toBeGreaterThan(0);
  expect(analysis.runs).toHaveLength(1);

  const runId = analysis.runs[0]?.runId ?? '';
  const run = RunDetail.parse(JSON.parse((await radiologist.fetch(`/api/v1/runs/${runId}`)).text));
  expect(run.check).toMatchObject({ state: 'unchanged' });
  const receipt = Receipt.parse(JSON.parse((await radiologist.fetch(`/api/v1/runs/${runId}/receipt`)).text));
  expect(receipt.inputs.map(({ sopUid }) => sopUid).toSorted()).toEqual([...bleeding.mainSopUids].toSorted());
  expect(receipt.askedIn.map((one) => one.analysisId)).toEqual([analysisId]);
  expect(receipt.machine).toMatchObject({ threads: expect.any(Number) as number });
  expect(Object.values(receipt.timings).every((ms) => ms > 0)).toBe(true);

  // By the command line, against the running station.
  const folder = mkdtempSync(path.join(tmpdir(), 'wetread-token-'));
  writeFileSync(path.join(folder, 'token'), `${radiologist.token}\n`);
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...['src/main/station/command.ts', 'replay', runId, '--station', station.http],
    ...['--token-file', path.join(folder, 'token'), '--provider', 'cpu'],
  ]);
  rmSync(folder, { recursive: true });
  expect(ReplayCard.parse(JSON.parse(stdout))).toMatchObject({ state: 'same', provider: 'cpu', differenceCount: 0 });
  const after = await radiologist.findings(analysis.studyId);
  expect(after.map(({ findingId }) => findingId)).toEqual(analysis.findings.map(({ findingId }) => findingId));
});
