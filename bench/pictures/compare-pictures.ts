import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Page } from 'playwright';
import { build } from 'vite';
import { z } from 'zod';
import { findPixelData, bytesReader } from '../../src/main/station/dicom/dataset/find-pixel-data.ts';
import { number, text } from '../../src/main/station/dicom/dataset/values.ts';
import { readPart10Header } from '../../src/main/station/dicom/part10.ts';
import page from '../../src/renderer/vite.config.ts';
import { launchChromium } from '../../test/chromium.ts';
import { openPage } from '../../test/e2e/support/open-page.ts';
import { runPython } from '../../test/peers/support/debian-python.ts';
import { startStation, TEST_CONFIG, temporaryFolder } from '../../test/system/support/start-station.ts';
import { remoteOf, sendObjects, type SentObject } from '../../test/system/support/studies.ts';
import { drawPresented, makeStates, type PresentedBy } from './presented-pictures.ts';
import type { PicturePage, PictureShown } from './picture-page.ts';
import { type WantedMeasure, wantedMeasures, wrongMeasures } from './real-measures.ts';

const run = promisify(execFile);

/** The real files of shared/data, beside this project; they may be absent. */
export const REAL_FILES = path.resolve(import.meta.dirname, '../../../shared/data');

/** One frame on our canvas beside the same frame drawn by others. */
export type ComparedPicture = {
  readonly file: string;
  readonly frame: number;
  readonly syntax: string;
  readonly photometric: string;
  readonly bits: string;
  readonly by: string | null;
  /** Of 255, over all pixels and colours; null where there is nothing to compare. */
  readonly largest: number | null;
  readonly mean: number | null;
  /** Why there is nothing to compare, or that what is shown is right or wrong. */
  readonly verdict: 'same' | 'different' | 'not-taken-in' | 'not-shown' | 'no-reference';
  readonly said: string;
  /** How many lengths, angles and values were measured on it, and which came out otherwise than pydicom has them. */
  readonly measures: number;
  readonly wrong: readonly string[];
};

/** Alike within this: roundings of 8 bits, and a table of 1,024 shades between 0 and 255 on the graphics card. */
const TOLERANCE = { grey: 2, colour: 3 } as const;

type Candidate = {
  readonly file: string;
  readonly copy: string;
  readonly frame: number;
  readonly syntax: string;
  readonly photometric: string;
  readonly bits: string;
  readonly sent: SentObject;
  /** The presentation state it is shown under; null: as it is. */
  readonly state: PresentedBy | null;
};

/** The files of folders below the real ones that hold pixels, by path. */
export function realFiles(sets: readonly string[]): readonly string[] {
  return sets.flatMap((set) => {
    const folder = path.join(REAL_FILES, set);
    if (!existsSync(folder)) return [];
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name))
      .toSorted();
  });
}

/**
 * Sends copies of these files, each as a study of its own, to a fresh station, shows one frame of each in a browser by the viewport
 * that readers see, and holds the canvas against DCMTK, or pydicom where DCMTK cannot. Files that are `presented` are shown under
 * presentation states too, as DCMTK applies them. The caller ends what was started (`endEverything`).
 */
export async function comparePictures(
  files: readonly string[],
  onCompared: (one: ComparedPicture) => void = () => undefined,
  presented: readonly string[] = [],
): Promise<readonly ComparedPicture[]> {
  const folder = temporaryFolder();
  const [plain, pageFolder, station, browser] = await Promise.all([
    makeCandidates([...files, ...presented], folder),
    buildPicturePage(folder),
    startStation({ demo: true, config: TEST_CONFIG }),
    launchChromium(),
  ]);
  const candidates = plain.flatMap((one) =>
    presented.some((file) => path.relative(REAL_FILES, file) === one.file)
      ? makeStates(one.sent, folder).map((state) => ({ ...one, file: `${one.file} by ${state.name}`, state }))
      : [one],
  );
  const compared: ComparedPicture[] = [];
  try {
    const refusals = new Map<number, string>();
    for (const [index, { sent, state }] of candidates.entries()) {
      const [outcome] = await sendObjects(remoteOf(station), state === null ? [sent] : [state.sent, sent]);
      if (outcome?.state !== 'accepted') refusals.set(index, JSON.stringify(outcome));
    }
    const [references, wanted] = [await drawReferences(candidates, folder), await wantedMeasures(candidates)];
    const open = () =>
      openPage(browser, station, {
        as: 'radiologist',
        prepare: (context) =>
          context.route('**/pictures/**', async (route) => {
            const { pathname } = new URL(route.request().url());
            await route.fulfill({
              path: path.join(pageFolder, pathname.replace('/pictures/', '')),
              headers: { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' },
            });
          }),
      });
    let opened = await open();
    const goThere = (to: Page) => to.goto(`${station.http}/pictures/bench/pictures/picture-page.html`);
    await goThere(opened.page);
    for (const [index, candidate] of candidates.entries()) {
      const refusal = refusals.get(index);
      const shown: PictureShown | null =
        refusal === undefined
          ? await showPicture(opened.page, candidate, wanted.get(index) ?? []).catch((error: unknown) => ({
              refused: `page: ${String(error)}`.slice(0, 200),
            }))
          : null;
      const held = {
        measures: shown !== null && 'measured' in shown ? (wanted.get(index) ?? []).length : 0,
        wrong: shown !== null && 'measured' in shown ? wrongMeasures(wanted.get(index) ?? [], shown.measured) : [],
      };
      const one = { ...judge(candidate, refusal ?? null, shown, references.get(index) ?? null), ...held };
      compared.push(one);
      onCompared(one);
      if (shown !== null && 'refused' in shown && shown.refused.startsWith('page:')) {
        await opened.close();
        opened = await open();
        await goThere(opened.page);
      }
    }
    await opened.close();
  } finally {
    await browser.close();
  }
  return compared;
}

async function showPicture(
  page: Page,
  { sent, frame, state }: Candidate,
  measures: readonly WantedMeasure[],
): Promise<PictureShown> {
  const { studyUid, seriesUid, sopUid } = sent;
  const asked = {
    dicomwebPath: '/dicomweb/demo',
    studyUid,
    seriesUid,
    sopUid,
    frame,
    stateSeriesUid: state?.sent.seriesUid ?? null,
    measures: measures.map(({ kind, points }) => ({ kind, points })),
  };
  return page.evaluate((one) => (window as unknown as PicturePage).showPicture(one), asked);
}

/** Every file that holds pixels, copied with identifiers of its own, so that no two are one object or one study. */
async function makeCandidates(files: readonly string[], folder: string): Promise<readonly Candidate[]> {
  const copies = path.join(folder, 'copies');
  mkdirSync(copies);
  const placed = files.map((file, index) => ({ file, copy: path.join(copies, `${index}.dcm`) }));
  for (const { file, copy } of placed) copyFileSync(file, copy);
  for (const { copy } of placed)
    await run('dcmodify', ['-q', '-nb', '-gst', '-gse', '-gin', copy]).catch(() => undefined);
  const candidates = await Promise.all(placed.map(({ file, copy }) => readCandidate(file, copy)));
  return candidates.filter((one) => one !== null);
}

async function readCandidate(file: string, copy: string): Promise<Candidate | null> {
  const bytes = readFileSync(copy);
  const header = readPart10Header(bytes);
  if (!header.ok) return null;
  const { transferSyntaxUid, dataSetOffset } = header.value;
  const found = await findPixelData(bytesReader(bytes.subarray(dataSetOffset)), transferSyntaxUid);
  if (!found.ok || found.value.location === null) return null;
  const { dataset } = found.value;
  const of = (keyword: string) => text(dataset, keyword) ?? '';
  const frames = number(dataset, 'NumberOfFrames') ?? 1;
  return {
    file: path.relative(REAL_FILES, file),
    copy,
    frame: Math.floor(frames / 2) + 1 > frames ? 1 : Math.floor(frames / 2) + 1,
    syntax: transferSyntaxUid,
    photometric: of('PhotometricInterpretation'),
    bits: `${number(dataset, 'BitsStored') ?? '?'}/${number(dataset, 'BitsAllocated') ?? '?'}`,
    sent: {
      studyUid: of('StudyInstanceUID'),
      seriesUid: of('SeriesInstanceUID'),
      sopUid: of('SOPInstanceUID'),
      file: bytes,
    },
    state: null,
  };
}

const Reference = z.object({
  index: z.number(),
  by: z.string().optional(),
  rows: z.number().optional(),
  columns: z.number().optional(),
  channels: z.number().optional(),
  why: z.string().optional(),
});
type Drawn = {
  readonly by: string;
  readonly rows: number;
  readonly columns: number;
  readonly channels: number;
  readonly pixels: Uint8Array;
};

async function drawReferences(
  candidates: readonly Candidate[],
  folder: string,
): Promise<ReadonlyMap<number, Drawn | string>> {
  const target = path.join(folder, 'references');
  mkdirSync(target);
  const asked = candidates.flatMap(({ copy, frame, state }, index) =>
    state === null || state.less ? [JSON.stringify({ index, path: copy, frame, less: state?.less })] : [],
  );
  const script = path.join(import.meta.dirname, 'reference-pictures.py');
  const printed = await runPython(script, [target], `${asked.join('\n')}\n`);
  const references = new Map<number, Drawn | string>();
  for (const [index, { copy, frame, state }] of candidates.entries())
    if (state !== null && state.less === undefined)
      references.set(index, await drawPresented(copy, frame, state, path.join(target, `${index}.pgm`)));
  for (const line of printed.split('\n').filter((one) => one !== '')) {
    const { index, by, rows, columns, channels, why } = Reference.parse(JSON.parse(line));
    if (by === undefined || rows === undefined || columns === undefined || channels === undefined)
      references.set(index, why ?? '');
    else references.set(index, { by, rows, columns, channels, pixels: readFileSync(path.join(target, String(index))) });
  }
  return references;
}

function judge(
  { file, frame, syntax, photometric, bits }: Candidate,
  refusal: string | null,
  shown: PictureShown | null,
  reference: Drawn | string | null,
): Omit<ComparedPicture, 'measures' | 'wrong'> {
  const about = { file, frame, syntax, photometric, bits, by: null, largest: null, mean: null };
  if (refusal !== null || shown === null) return { ...about, verdict: 'not-taken-in', said: refusal ?? '' };
  if ('refused' in shown) return { ...about, verdict: 'not-shown', said: shown.refused };
  if (reference === null || typeof reference === 'string')
    return { ...about, verdict: 'no-reference', said: reference ?? '' };
  const { by, rows, columns, channels, pixels } = reference;
  if (rows !== shown.rows || columns !== shown.columns)
    return { ...about, by, verdict: 'different', said: `${shown.columns}x${shown.rows} for ${columns}x${rows}` };
  const ours = Buffer.from(shown.pixels, 'base64');
  let [largest, sum] = [0, 0];
  for (let at = 0; at < ours.length; at += 1) {
    const theirs = channels === 3 ? pixels[at] : pixels[Math.floor(at / 3)];
    const difference = Math.abs((ours[at] ?? 0) - (theirs ?? 0));
    largest = Math.max(largest, difference);
    sum += difference;
  }
  const verdict = largest <= (channels === 3 ? TOLERANCE.colour : TOLERANCE.grey) ? 'same' : 'different';
  return { ...about, by, largest, mean: sum / ours.length, verdict, said: '' };
}

async function buildPicturePage(folder: string): Promise<string> {
  const outDir = path.join(folder, 'page');
  const root = path.resolve(import.meta.dirname, '../..');
  await build({
    ...page,
    configFile: false,
    root,
    logLevel: 'error',
    build: {
      ...page.build,
      outDir,
      minify: false,
      rolldownOptions: { input: path.join(import.meta.dirname, 'picture-page.html') },
    },
  });
  return outDir;
}
