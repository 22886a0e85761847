import { expect, test } from 'vitest';
import { edgeLettersOfOrientation, type ImageToCanvas } from './geometry.ts';
import { extentMm, fitIn, turnedTo } from './hung-picture.ts';

const LETTERS = ['A', 'P', 'L', 'R', 'H', 'F'] as const;
const AXIS: Readonly<Record<string, number>> = { A: 0, P: 0, L: 1, R: 1, H: 2, F: 2 };

/** The map of a picture that is mirrored first and then turned clockwise. */
function mapOf(isMirrored: boolean, quarterTurns: number): ImageToCanvas {
  let [right, down]: [readonly [number, number], readonly [number, number]] = [
    [isMirrored ? -1 : 1, 0],
    [0, 1],
  ];
  const clockwise = ([x, y]: readonly [number, number]) => [-y, x] as const;
  for (let turn = 0; turn < quarterTurns; turn += 1) [right, down] = [clockwise(right), clockwise(down)];
  return { xPerColumn: right[0], yPerColumn: right[1], xPerRow: down[0], yPerRow: down[1], x0: 0, y0: 0 };
}

test('finds for every way an image may lie how it is turned to what is wanted, in one plane of the body', () => {
  let turned = 0;
  for (const right of LETTERS)
    for (const down of LETTERS)
      for (const wantedRight of LETTERS)
        for (const wantedDown of LETTERS) {
          const axes = (a: string, b: string) =>
            [AXIS[a] ?? 0, AXIS[b] ?? 0].toSorted((one, other) => one - other).join();
          if (AXIS[right] === AXIS[down] || axes(right, down) !== axes(wantedRight, wantedDown)) continue;
          const how = turnedTo([`${right}H`, down], [wantedRight, wantedDown]);
          if (how === null) throw new Error(`${right} ${down} was not turned to ${wantedRight} ${wantedDown}`);
          const edges = edgeLettersOfOrientation([right, down], mapOf(how.isMirrored, how.quarterTurns));
          expect([edges?.right, edges?.bottom]).toEqual([wantedRight, wantedDown]);
          turned += 1;
        }
  expect(turned).toBe(192);
});

test('mirrors by the rows alone where columns run along neither, and does nothing where rows do not tell', () => {
  expect([
    turnedTo(['A', 'R'], ['P', 'F']),
    turnedTo(['P', 'R'], ['P', 'F']),
    turnedTo(['H', 'R'], ['P', 'F']),
    turnedTo(['?', ''], ['P', 'F']),
  ]).toEqual([{ isMirrored: true, quarterTurns: 0 }, { isMirrored: false, quarterTurns: 0 }, null, null]);
});

test('gives pictures of unlike pixels one scale, and lays them at their edge', () => {
  const pane = { width: 400, height: 300 };
  const fitMm = { width: 240, height: 300 };
  const placed = (mm: number, edge: 'left' | 'right') => {
    const image = { rows: 200, columns: 100, spacing: { kind: 'detector', rowMm: mm, columnMm: mm } } as const;
    // A pixel of the image is one of the screen, the picture in the middle.
    const map: ImageToCanvas = { xPerColumn: 1, yPerColumn: 0, xPerRow: 0, yPerRow: 1, x0: 150.5, y0: 50.5 };
    const { zoom, move } = fitIn(map, image, pane, { edge, fitMm });
    // A pixel high is a millimetre of the fitted ones: 300 px for 300 mm.
    return { pxPerMm: zoom / mm, left: 200 - 50 * zoom + move[0], right: 200 + 50 * zoom + move[0], down: move[1] };
  };
  for (const mm of [1, 1.5]) {
    expect(placed(mm, 'left')).toMatchObject({ pxPerMm: expect.closeTo(1, 9), left: expect.closeTo(0, 9), down: 0 });
    expect(placed(mm, 'right')).toMatchObject({ pxPerMm: expect.closeTo(1, 9), right: expect.closeTo(400, 9) });
  }
  const wide = { rows: 100, columns: 200, spacing: { kind: 'patient', rowMm: 2, columnMm: 1 } } as const;
  expect([extentMm(wide, 0), extentMm(wide, 3), extentMm({ ...wide, spacing: { kind: 'none' } }, 0)]).toEqual([
    { width: 200, height: 200 },
    { width: 200, height: 200 },
    null,
  ]);
});
