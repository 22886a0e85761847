import { afterAll, expect, test } from 'vitest';
import { rowOf, signIn } from './support/ask-station.ts';
import { endEverything, startStation } from './support/start-station.ts';
import { notAccepted, realHeadCt, remoteOf, sendObjects } from './support/studies.ts';

afterAll(endEverything);

test('the real head CT, which shows no bleed, is read to its end and not flagged', async (context) => {
  const real = await realHeadCt();
  if (real === null) return context.skip();
  const station = await startStation({ demo: true });
  const radiologist = await signIn(station, 'radiologist', 'demo');
  expect(notAccepted(await sendObjects(remoteOf(station), real.objects))).toEqual([]);
  const row = await rowOf(
    radiologist,
    real.studyUid,
    ({ ai }) => !['awaiting-images', 'waiting', 'running', 'late'].includes(ai.state),
  );
  const { runs, completeness } = await radiologist.study(row.studyId);
  console.log(
    `the real head CT: ${JSON.stringify(row.ai)}, complete by ${completeness?.rule}, ${JSON.stringify(completeness)}`,
  );
  console.log(
    `run: ${JSON.stringify(runs.map(({ state, reason, stagesMs, seriesChoice }) => ({ state, reason, stagesMs, seriesChoice })))}`,
  );
  // Fourteen slices of 4 mm, then fourteen of 7 mm: whole, although its steps are not even.
  expect(completeness).toMatchObject({ rule: 'association-ended-gapless-volume', gaps: 0 });
  expect(row.ai).toMatchObject({ state: 'no-flag' });
  expect(row.urgency).toEqual({ level: 'routine', standing: 'ordinary', raises: 0 });
  // Whoever judges the images may still be at it: nothing waits for that.
  expect(runs.filter(({ model }) => model.id === 'head-ct-hyperdense')).toMatchObject([{ state: 'finished' }]);
  expect(await radiologist.findings(row.studyId)).toEqual([]);
  expect(await station.stop()).toBe(0);
});
