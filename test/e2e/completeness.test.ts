import type { Browser } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openAssociation } from '../../src/main/station/dicom/open-association.ts';
import { SERVICE_SYNTAXES } from '../../src/main/station/dicom/services/ask.ts';
import { nCreate, nSet } from '../../src/main/station/dicom/services/normalized.ts';
import { SERVICE_CLASSES } from '../../src/main/station/dicom/services/sop-classes.ts';
import { launchChromium } from '../chromium.ts';
import { rowOf, signIn } from '../system/support/ask-station.ts';
import { endEverything, type RunningStation, startStation } from '../system/support/start-station.ts';
import { stepBegins, stepEnds } from '../system/support/steps.ts';
import { remoteOf } from '../system/support/studies.ts';
import { until } from '../system/support/until.ts';
import { arrive, quietHead } from './support/arrivals.ts';
import { keepPicture } from './support/judge-page.ts';
import { openPage } from './support/open-page.ts';
import { worklistOn } from './support/worklist-view.ts';

const ADA = 0;
const LOST = 3;

let station: RunningStation;
let browser: Browser;
beforeAll(async () => {
  [station, browser] = await Promise.all([startStation({ demo: true }), launchChromium()]);
});
afterAll(async () => {
  await browser?.close();
  await endEverything();
});

test('row, panel and reading page say how many images are expected, who says so, and that some are missing', async () => {
  const study = quietHead(ADA);
  const uids = study.objects.map(({ sopUid }) => sopUid);
  const sent = uids.length - LOST;
  const remote = remoteOf(station);
  const target = { sopClass: SERVICE_CLASSES['performed-procedure-step'], sopInstanceUid: '1.9.1' };
  const opened = await openAssociation(remote, [{ sopClass: target.sopClass, transferSyntaxes: SERVICE_SYNTAXES }]);
  if (!opened.ok) throw new Error(opened.error.code);
  await nCreate(opened.value, target, stepBegins(study.studyUid));
  await arrive(station, [{ ...study, objects: study.objects.slice(0, sent) }]);
  await nSet(opened.value, target, stepEnds('COMPLETED', uids));
  await opened.value.release();
  const who = await signIn(station, 'coordinator', 'demo');
  const { studyId } = await rowOf(who, study.studyUid, ({ images }) => images.completeness === 'assumed');

  const { page, complaints, close } = await openPage(browser, station, { as: 'radiologist', at: '/worklist' });
  const list = worklistOn(page);
  await list.untilRows(1);
  await list.row('DEMO00001').click();
  const said = `expected ${uids.length}, here ${sent}`;
  expect(await list.row('DEMO00001').textContent()).toContain(`${sent} / ${uids.length}`);
  const panel = page.getByRole('complementary', { name: 'Preview of the selected study' });
  await until(async () => (await panel.textContent())?.includes(said));
  await keepPicture(page, 'worklist-images-missing');
  await page.goto(`${station.http}/#/reading/${studyId}`);
  const evidence = page.getByRole('region', { name: 'Completeness' });
  await until(async () => (await evidence.count()) === 1);
  const text = await evidence.textContent();
  expect(text).toContain('Assumed complete: nothing came for');
  expect(text).toContain(said);
  expect(text).toContain(`${remote.callingAe}: step completed with ${uids.length} objects`);
  await keepPicture(page, 'reading-images-missing');
  expect(complaints).toEqual([]);
  await close();
});
