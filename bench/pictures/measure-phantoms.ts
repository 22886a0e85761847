import type { Page } from 'playwright';
import { makeBrainMr } from '../../demo/phantoms/brain-mr.ts';
import { makeChestCtStudy, makeGrowingNodule } from '../../demo/phantoms/chest-ct-series.ts';
import { makeChestRadiograph } from '../../demo/phantoms/chest-radiograph.ts';
import { makeHandRadiograph } from '../../demo/phantoms/hand-radiograph.ts';
import type { KnownMeasure } from '../../demo/phantoms/known-measures.ts';
import { makeMammogram } from '../../demo/phantoms/mammogram.ts';
import { makePetCt } from '../../demo/phantoms/pet-ct.ts';
import type { DemoStudy, StudyWish } from '../../demo/phantoms/study-objects.ts';
import { makeUltrasound, type UltrasoundTruth } from '../../demo/phantoms/ultrasound.ts';
import { PEOPLE } from '../../demo/people.ts';
import { launchChromium } from '../../test/chromium.ts';
import { type HeldMeasure, holdMeasure } from '../../test/e2e/support/known-measures.ts';
import { measureOnPage, showFrame } from '../../test/e2e/support/measure-on-page.ts';
import { openPage } from '../../test/e2e/support/open-page.ts';
import { rowOf, signIn } from '../../test/system/support/ask-station.ts';
import { startStation, TEST_CONFIG } from '../../test/system/support/start-station.ts';
import { notAccepted, objectsOf, remoteOf, sendObjects } from '../../test/system/support/studies.ts';

/** Something known of a phantom and what the reading page said of it. */
export type MeasuredPhantom = HeldMeasure & { readonly phantom: string };

type Measurable = { readonly measures: readonly KnownMeasure[] };
type Phantom = {
  readonly name: string;
  readonly make: (wish: StudyWish) => Promise<DemoStudy<Measurable>>;
  /** Of a pixel of its images. */
  readonly pixelMm: number;
};

const CHEST = { matrix: 256, sliceMm: 5, kernel: 'soft', noiseHu: 8, fromToMm: [-20, 60], withBalls: true } as const;
const BRAIN = { matrix: 128, slices: 10, lesionMm: 24, withBalls: true } as const;
const GROWING = { diameterMm: 22, doublingDays: 120, daysBetween: 240, priorAccession: 'B0' } as const;

const PHANTOMS: readonly Phantom[] = [
  {
    name: 'chest CT',
    make: async (wish) => (await makeGrowingNodule({ ...wish, ...CHEST, ...GROWING })).current,
    pixelMm: 1.5,
  },
  {
    name: 'chest CT, prior',
    make: async (wish) => (await makeGrowingNodule({ ...wish, ...CHEST, ...GROWING })).prior,
    pixelMm: 1.5,
  },
  {
    name: 'chest CT, enhanced',
    make: (wish) => makeChestCtStudy({ ...wish, ...CHEST, isEnhanced: true }),
    pixelMm: 1.5,
  },
  {
    name: 'chest radiograph',
    make: (wish) => makeChestRadiograph({ ...wish, matrix: 512, noduleMm: 20 }),
    pixelMm: 0.86,
  },
  {
    name: 'chest radiograph, MONOCHROME1',
    make: (wish) => makeChestRadiograph({ ...wish, matrix: 512, noduleMm: 20, isInverse: true }),
    pixelMm: 0.86,
  },
  { name: 'hand radiograph', make: (wish) => makeHandRadiograph({ ...wish, rows: 768 }), pixelMm: 0.3125 },
  { name: 'mammogram', make: (wish) => makeMammogram({ ...wish, mass: { side: 'R', diameterMm: 18 } }), pixelMm: 0.3 },
  {
    name: 'mammogram, magnified',
    make: (wish) => makeMammogram({ ...wish, mass: { side: 'L', diameterMm: 12 }, magnification: 1.8 }),
    pixelMm: 0.3,
  },
  { name: 'brain MR, tilted', make: (wish) => makeBrainMr({ ...wish, ...BRAIN }), pixelMm: 1.875 },
  { name: 'brain MR, enhanced', make: (wish) => makeBrainMr({ ...wish, ...BRAIN, isEnhanced: true }), pixelMm: 1.875 },
  { name: 'ultrasound', make: (wish) => makeUltrasound({ ...wish, frames: 8 }), pixelMm: 0.16 },
  {
    name: 'ultrasound, YBR',
    make: (wish) => makeUltrasound({ ...wish, frames: 3, colour: 'YBR_FULL' }),
    pixelMm: 0.16,
  },
  {
    name: 'PET',
    make: (wish) => makePetCt({ ...wish, noduleSuv: 7.5, noduleMm: 36, fromToMm: [-40, 60] }),
    pixelMm: 3.4,
  },
];

/**
 * Sends every phantom whose truth can be measured to a fresh station, opens each on the reading page, measures it by the mouse with
 * the page's own tools, and holds what the page says against the truth. The caller ends what was started (`endEverything`).
 */
export async function measurePhantoms(
  only: RegExp,
  onMeasured: (one: MeasuredPhantom) => void = () => undefined,
): Promise<readonly MeasuredPhantom[]> {
  const [station, browser] = await Promise.all([startStation({ demo: true, config: TEST_CONFIG }), launchChromium()]);
  const measured: MeasuredPhantom[] = [];
  try {
    const radiologist = await signIn(station, 'radiologist', 'demo');
    for (const [index, { name, make, pixelMm }] of PHANTOMS.entries()) {
      if (!only.test(name)) continue;
      const person = PEOPLE[index % PEOPLE.length];
      if (person === undefined) throw new Error('the pretend hospital has no people');
      const study = await make({
        seed: 40 + index,
        atMs: Date.UTC(2026, 0, 15, 9),
        person,
        accession: `B${index + 1}`,
      });
      const objects = objectsOf(study);
      const refused = notAccepted(await sendObjects(remoteOf(station), objects));
      if (refused.length > 0) throw new Error(`${name}: ${refused.length} objects were refused`);
      const { studyId } = await rowOf(radiologist, study.studyUid, (row) => row.images.received === objects.length);
      const opened = await openPage(browser, station, { as: 'radiologist', at: `/reading/${studyId}` });
      await openAlone(opened.page);
      const note = (held: readonly HeldMeasure[]) => {
        for (const one of held) {
          measured.push({ phantom: name, ...one });
          onMeasured({ phantom: name, ...one });
        }
      };
      for (const known of study.truth.measures) {
        const series = study.series.find(({ instances }) => instances.some(({ sopUid }) => sopUid === known.sopUid));
        await showFrame(opened.page, series?.description ?? '', known.sopUid, known.frame);
        note(await holdMeasure(opened.page, known, pixelMm));
      }
      if ('regions' in study.truth) note(await holdSpectrum(opened.page, study.truth as UltrasoundTruth));
      await opened.close();
    }
  } finally {
    await browser.close();
  }
  return measured;
}

/** Makes the pane with the commands the only one: what is measured is as large as it can be. */
async function openAlone(page: Page): Promise<void> {
  await page.locator('[data-image]').first().waitFor();
  await page.locator('[data-image][data-active="true"]').first().focus();
  if ((await page.locator('[data-layout]').first().getAttribute('data-layout')) !== '1x1')
    await page.keyboard.press('q');
  await page.locator('[data-layout="1x1"]').waitFor();
}

/** A line and a peak in the spectrum: time, velocity, and height above the baseline. */
async function holdSpectrum(
  page: Page,
  { regions, sopUid, measures }: UltrasoundTruth,
): Promise<readonly HeldMeasure[]> {
  const spectrum = regions.find(({ name }) => name === 'spectrum');
  if (spectrum === undefined) throw new Error('the phantom has no spectrum');
  const { x0, y0, y1, perPixel } = spectrum;
  const frame = measures.at(-1)?.frame ?? 1;
  const [from, to] = [[x0 + 60, y0 + 20] as const, [x0 + 180, y0 + 55] as const];
  const line = await measureOnPage(page, { sopUid, frame, tool: 'length', points: [from, to] });
  const peak = await measureOnPage(page, { sopUid, frame, tool: 'probe', points: [from] });
  const baseline = y0 + Math.round((y1 - y0 + 1) * BASELINE);
  const held = (name: string, unit: string, truth: number, lines: readonly string[], pattern: RegExp, step: number) => {
    const found = lines.map((one) => pattern.exec(one)?.[1]).find((one) => one !== undefined);
    const said = found === undefined ? null : Number(found);
    const tolerance = step + (unit === 's' ? 0.0005 : 0.05);
    return { name, unit, truth, said, tolerance, isRight: said !== null && Math.abs(said - truth) <= tolerance };
  };
  return [
    held('time in the spectrum', 's', 120 * perPixel.x, line.lines, /^([\d.]+) s · /, perPixel.x),
    held('change of velocity', 'cm/s', 35 * perPixel.y, line.lines, / · ([\d.]+) cm\/s$/, perPixel.y),
    held(
      'velocity at a peak',
      'cm/s',
      (baseline - from[1]) * perPixel.y,
      peak.lines,
      /^([\d.]+) cm\/s from/,
      perPixel.y,
    ),
  ];
}

/** Of the spectrum's height, from its top, as the phantom draws it. */
const BASELINE = 0.8;
