import type { Page } from 'playwright';
import { until } from '../../system/support/until.ts';

/** A tool of the reading page that measures, by its key. */
const TOOL_KEYS = { length: 'l', angle: 'g', ellipse: 'e', rectangle: 'b', probe: 'o' } as const;
export type MeasuringTool = keyof typeof TOOL_KEYS;

/** Column and row on an image; whole numbers are pixel centres. */
type Point = readonly [column: number, row: number];

/** What to measure: on which frame, with what, between which points of the image. */
export type MeasureWish = {
  readonly sopUid: string;
  readonly frame: number;
  readonly tool: MeasuringTool;
  readonly points: readonly Point[];
};

/** What the page's list says of a measurement, line by line, and how large a pixel of the image was on the screen. */
export type SaidMeasure = { readonly lines: readonly string[]; readonly screenPixels: number };

const MOST_IMAGES = 600;

/** Hangs a series by its description in the pane that takes commands, and goes to one of its frames. */
export async function showFrame(page: Page, description: string, sopUid: string, frame: number): Promise<void> {
  const wanted = shown(page, sopUid, frame);
  await page.locator('nav[aria-label="Series"] button', { hasText: description }).first().click();
  const active = page.locator('[data-image][data-active="true"]').first();
  const corner = active.locator('[data-corner="top-right"]');
  // A key ahead of the page would go to the series before, or past the frame that is looked for.
  const isAt = (position: number) => until(async () => new RegExp(`\\b${position} / `).test(await corner.innerText()));
  await corner.filter({ hasText: description }).waitFor();
  await active.focus();
  await page.keyboard.press('Home');
  await isAt(1);
  for (let position = 2; position <= MOST_IMAGES && (await wanted.count()) === 0; position += 1) {
    await page.keyboard.press('ArrowDown');
    await isAt(position);
  }
  await wanted.first().waitFor();
}

/** Measures on a frame that is on the screen as a reader does, by the mouse; reads what the list says of it and deletes it. */
export async function measureOnPage(page: Page, { sopUid, frame, tool, points }: MeasureWish): Promise<SaidMeasure> {
  const pane = shown(page, sopUid, frame).first();
  const listed = page.locator('section[aria-label="Measurements"] li');
  await pane.focus();
  await page.keyboard.press(TOOL_KEYS[tool]);
  const [map, box] = await Promise.all([
    pane.locator('svg[data-map]').getAttribute('data-map'),
    // Where the picture is seen, whatever the page believes.
    pane.locator('canvas.cornerstone-canvas').boundingBox(),
  ]);
  if (map === null || box === null) throw new Error('no picture to measure on');
  const [a = 0, b = 0, c = 0, d = 0, x0 = 0, y0 = 0] = map.split(' ').map(Number);
  const onScreen = ([column, row]: Point): Point => [
    box.x + x0 + a * column + c * row,
    box.y + y0 + b * column + d * row,
  ];
  const [first, second, third] = points.map(onScreen);
  if (first === undefined) throw new Error('nothing to measure');
  await page.mouse.move(...first);
  await page.mouse.down();
  if (second !== undefined) await page.mouse.move(...second, { steps: 4 });
  await page.mouse.up();
  if (third !== undefined) {
    await page.mouse.move(...third, { steps: 4 });
    await page.mouse.down();
    await page.mouse.up();
  }
  await until(async () => (await listed.count()) === 1);
  const [, ...lines] = (await listed.innerText()).split('\n').map((line) => line.trim());
  await page.keyboard.press('Delete');
  await until(async () => (await listed.count()) === 0);
  return { lines: lines.filter((line) => line !== ''), screenPixels: Math.hypot(a, b) };
}

function shown(page: Page, sopUid: string, frame: number) {
  return page.locator(`[data-image="${sopUid}"][data-frame="${frame}"]`);
}
