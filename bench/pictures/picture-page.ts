import '../../src/shared/domain/zod-setup.ts';
import '@mantine/core/styles.css';
import { Enums, getRenderingEngine, StackViewport } from '@cornerstonejs/core';
import { MantineProvider } from '@mantine/core';
import { createElement, type ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import type { PatientCard } from '../../src/shared/contract/worklist.ts';
import { setUpText } from '../../src/renderer/src/app/text/text.ts';
import { WHOLE_AI_VIEW } from '../../src/renderer/src/viewport/ai-view.ts';
import { ImageViewport } from '../../src/renderer/src/viewport/ImageViewport.tsx';
import { LinkedViews } from '../../src/renderer/src/viewport/linked-views.ts';
import { measure } from '../../src/renderer/src/viewport/measurements/measure.ts';
import type {
  ImagePoint,
  Measured,
  MeasurementKind,
} from '../../src/renderer/src/viewport/measurements/measurement.ts';
import { openDesk } from '../../src/renderer/src/viewport/reading-desk.ts';
import { readThirdParty } from '../../src/renderer/src/viewport/third-party/read-third-party.ts';
import { SeriesShelf } from '../../src/renderer/src/viewport/series-shelf.ts';
import type { StackView } from '../../src/renderer/src/viewport/stack-view.ts';

/** Which picture to put on the screen. */
export type PictureAsked = {
  readonly dicomwebPath: string;
  readonly studyUid: string;
  readonly seriesUid: string;
  readonly sopUid: string;
  /** Counted from 1. */
  readonly frame: number;
  readonly measures: readonly MeasureAsked[];
  /** The series of a presentation state that is applied; null: none. */
  readonly stateSeriesUid: string | null;
};

/** What to measure on a picture: between points in columns and rows. */
export type MeasureAsked = { readonly kind: MeasurementKind; readonly points: readonly ImagePoint[] };

/** What was measured: mm, mm-at-detector, px, ° or a pixel's value; null where there is none. */
export type MeasureSaid = { readonly unit: string; readonly value: number | null };

/** What the canvas showed: red, green, blue of every pixel of the image row by row as base64; or the page's words for why not. */
export type PictureShown =
  | {
      readonly rows: number;
      readonly columns: number;
      readonly pixels: string;
      readonly measured: readonly MeasureSaid[];
    }
  | { readonly refused: string };

/** The page's one way in, for whoever drives it. */
export type PicturePage = { showPicture: (asked: PictureAsked) => Promise<PictureShown> };

/** Longer than a picture takes on a machine with other work. */
const LONGEST_MS = 30_000;
const PATIENT: PatientCard = {
  patientId: '00000000-0000-7000-8000-000000000000' as PatientCard['patientId'],
  name: '',
  birthDateRaw: null,
  sex: null,
  mrn: null,
  issuer: null,
  nameAlert: false,
  underInvestigation: false,
};

setUpText();
const place = document.getElementById('root');
if (place === null) throw new Error('The page has no place for its content.');
const root = createRoot(place);

Object.assign(window, { showPicture } satisfies PicturePage);

/** Shows one image by the viewport readers see, as large as it has pixels, and gives what its canvases hold. */
async function showPicture(asked: PictureAsked): Promise<PictureShown> {
  const shelf = new SeriesShelf(asked.dicomwebPath, asked.studyUid);
  try {
    const stack = await shelf.stack(asked.seriesUid);
    if (!stack.ok) return { refused: stack.error.code };
    const image = stack.value.images.find(({ sopUid, frame }) => sopUid === asked.sopUid && frame === asked.frame);
    if (image === undefined) return { refused: 'no-image' };
    const desk = openDesk();
    if (asked.stateSeriesUid !== null) {
      const states = await shelf.stack(asked.stateSeriesUid);
      const [state] = states.ok ? readThirdParty(states.value) : [];
      if (state === undefined) return { refused: 'no-state' };
      desk.thirdParty.found([state], 0);
      desk.thirdParty.apply(state.id);
    }
    const { rowSpacing, columnSpacing } = image.drawnPlane;
    const [perColumn, perRow] = [columnSpacing, rowSpacing].map((one) => one / Math.min(columnSpacing, rowSpacing));
    if (perColumn === undefined || perRow === undefined) throw new Error('no spacing');
    // Pixels that are no squares fall between those of the screen: they are drawn large, and each by itself.
    const isSquare = perColumn === perRow;
    const zoom = isSquare ? 1 : 3;
    const size = { width: Math.ceil(image.columns * perColumn * zoom), height: Math.ceil(image.rows * perRow * zoom) };
    let view: StackView | null = null;
    const viewport = createElement(ImageViewport, {
      key: `${asked.sopUid}/${asked.frame}/${asked.stateSeriesUid}`,
      shelf,
      seriesUid: asked.seriesUid,
      findings: [],
      ai: WHOLE_AI_VIEW,
      rejected: new Set<string>(),
      opensAt: { sopUid: asked.sopUid, frameNumber: asked.frame },
      drawing: {},
      patient: PATIENT,
      priorOf: null,
      linked: new LinkedViews(),
      pane: 0,
      onLarge: () => undefined,
      desk,
      isActive: false,
      label: 'picture',
      onActivate: () => undefined,
      onView: (next: StackView | null) => {
        view = next;
      },
      onShown: () => undefined,
    });
    draw(createElement('div', { style: { ...size, display: 'grid' } }, viewport));
    if (!isSquare && (await until(() => (isDrawn(view, asked) ? view : null))) !== null) await drawUnmixed();
    if (asked.stateSeriesUid !== null) {
      // What a state draws stays so when the reader takes back what they did.
      const drawn = await until(() => (isDrawn(view, asked) ? view : null));
      for (const type of ['invert', 'rotate', 'reset'] as const) drawn?.perform({ type });
    }
    const seen = await until(() => refusal() ?? (isDrawn(view, asked) ? view : null));
    if (seen === null) return { refused: 'nothing-drawn' };
    if (typeof seen === 'string') return { refused: seen };
    const measured = asked.measures.map(({ kind, points }) => saidOf(measure(kind, points, image, seen.valueAt)));
    const read = readCanvases(seen, image.rows, image.columns);
    return 'refused' in read ? read : { ...read, measured };
  } finally {
    draw(null);
    shelf.close();
  }
}

function saidOf(measured: Measured): MeasureSaid {
  switch (measured.of) {
    case 'length':
      return { unit: measured.length.unit, value: measured.length.value };
    case 'angle':
      return { unit: '°', value: measured.degrees };
    case 'value':
      return { unit: measured.without ?? 'value', value: measured.value };
    default:
      return { unit: measured.of, value: null };
  }
}

function draw(content: ReactNode): void {
  root.render(createElement(MantineProvider, { defaultColorScheme: 'dark' }, content));
}

/** Draws each pixel by itself, not mixed with its neighbours. */
async function drawUnmixed(): Promise<void> {
  for (const one of getRenderingEngine('wetread')?.getViewports() ?? []) {
    if (!(one instanceof StackViewport)) continue;
    const isDone = new Promise((resolve) =>
      one.element.addEventListener(Enums.Events.IMAGE_RENDERED, resolve, { once: true }),
    );
    one.setProperties({ interpolationType: Enums.InterpolationType.NEAREST });
    one.render();
    await isDone;
  }
}

function refusal(): string | null {
  return (
    document.querySelector<HTMLElement>('[role="alert"], [data-cannot-show]')?.innerText.replaceAll('\n', ' ') ?? null
  );
}

function isDrawn(view: StackView | null, asked: PictureAsked): view is StackView {
  const { image, map } = view?.getState() ?? { image: null, map: null };
  const isLaid = document.querySelector(`[data-image="${asked.sopUid}"] [data-corner]`) !== null;
  return isLaid && image?.sopUid === asked.sopUid && image.frame === asked.frame && map !== null;
}

async function until<T>(look: () => T | null): Promise<T | null> {
  const endsAtMs = performance.now() + LONGEST_MS;
  while (performance.now() < endsAtMs) {
    const seen = look();
    if (seen !== null) {
      // What is drawn by the same change is on its canvas a frame later.
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      return seen;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return null;
}

/** All canvases of the viewport over one another, read at the middle of each pixel of the image. */
function readCanvases(
  view: StackView,
  rows: number,
  columns: number,
): { readonly rows: number; readonly columns: number; readonly pixels: string } | { readonly refused: string } {
  const { map } = view.getState();
  const canvases = [...document.querySelectorAll<HTMLCanvasElement>('#root canvas')];
  const [first] = canvases;
  if (first === undefined || map === null) return { refused: 'nothing-drawn' };
  const whole = new OffscreenCanvas(first.width, first.height);
  const context = whole.getContext('2d', { willReadFrequently: true });
  if (context === null) return { refused: 'nothing-drawn' };
  for (const canvas of canvases) context.drawImage(canvas, 0, 0);
  const { data, width, height } = context.getImageData(0, 0, whole.width, whole.height);
  const pixels = new Uint8Array(rows * columns * 3);
  for (let row = 0; row < rows; row += 1)
    for (let column = 0; column < columns; column += 1) {
      const x = Math.floor(map.x0 + map.xPerColumn * column + map.xPerRow * row);
      const y = Math.floor(map.y0 + map.yPerColumn * column + map.yPerRow * row);
      if (x < 0 || y < 0 || x >= width || y >= height) return { refused: 'off-the-canvas' };
      pixels.set(data.subarray((y * width + x) * 4, (y * width + x) * 4 + 3), (row * columns + column) * 3);
    }
  return { rows, columns, pixels: toBase64(pixels) };
}

function toBase64(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += 0x8000) parts.push(String.fromCharCode(...bytes.subarray(at, at + 0x8000)));
  return btoa(parts.join(''));
}
