import { expect, test } from 'vitest';
import type { DicomJson } from '../dicom-json.ts';
import { History } from '../history.ts';
import { notedMask } from '../picture/frame-mask.ts';
import { readStack } from '../stack.ts';
import { SubtractionBook } from './subtraction-book.ts';
import { canSubtract, isSubtracted, subtractStack } from './subtract-stack.ts';

const of = (...Value: readonly unknown[]) => ({ Value: [...Value] });
const run = (sopUid: string, frames: number, more: DicomJson = {}): DicomJson => ({
  ...{ '00080060': of('XA'), '00080018': of(sopUid), '00280008': of(frames), '00280010': of(4), '00280011': of(4) },
  '00200013': of(Number(sopUid.split('.')[1])),
  ...{ '00281050': of(500), '00281051': of(900), '00281052': of(-10), '00281054': of('US') },
  ...more,
});
const MASKED = { '00286100': of({ '00286101': of('AVG_SUB'), '00286110': of(2), '00286102': of(3, 4) }) };
const stackOf = (...dataSets: readonly DicomJson[]) =>
  readStack(dataSets, { dicomwebPath: '/d', studyUid: '1', seriesUid: '1.5' });
const book = () => new SubtractionBook(new History());
const masksOf = (stack: ReturnType<typeof stackOf>) =>
  stack.images.map(({ subtracted }) => subtracted && [subtracted.by, ...subtracted.maskFrames]);

test('as it was stored until a reader wants it otherwise: then less the first frame where nothing is said of a mask', () => {
  const stack = stackOf(run('9.1', 3), run('9.2', 2, MASKED));
  const kept = book();
  expect(subtractStack(stack, kept.getState())).toBe(stack);
  kept.turn('1.5', true);
  const less = subtractStack(stack, kept.getState());
  expect(masksOf(less)).toEqual([['nobody', 1], ['nobody', 1], ['nobody', 1], undefined, undefined]);
  // Another picture of the same frame, in no window of values it no longer has, measured in no unit of theirs.
  const [first] = less.images;
  expect([first?.imageId, first?.rescale]).toEqual([
    `${stack.images[0]?.imageId}#less-1-1-0-0-1`,
    { slope: 1, intercept: 0, unit: 'difference' },
  ]);
  expect([first?.dataSet['00281050'], notedMask(first?.dataSet ?? {})?.maskFrames]).toEqual([undefined, [1]]);
  expect(less.images[3]).toBe(stack.images[3]);
});

test('opens subtracted where its maker means it so, each frame in the window only if that is of what is shown', () => {
  const meant = { ...MASKED, '00281090': of('SUB'), '00280101': of(12) };
  const stack = stackOf(run('9.1', 5, { ...meant, '00281050': of(-50) }));
  const kept = book();
  expect(isSubtracted(kept.getState(), stack)).toBe(true);
  const less = subtractStack(stack, kept.getState());
  expect(masksOf(less)).toEqual([undefined, undefined, ['maker', 2], ['maker', 2], undefined]);
  expect(less.images.map(({ dataSet }) => dataSet['00281050'])).toEqual([
    ...[undefined, undefined, of(-50), of(-50), undefined],
  ]);
  expect(less.images[0]?.imageId).toBe(`${stack.images[0]?.imageId}#values`);
  kept.turn('1.5', false);
  expect(masksOf(subtractStack(stack, kept.getState()))).toEqual(stack.images.map(() => undefined));
  expect(subtractStack(stack, kept.getState()).images[2]?.dataSet['00281050']).toBeUndefined();
  // A window of values: what was not subtracted keeps it, differences do not have it.
  const other = stackOf(run('9.1', 5, { ...meant, '00281050': of(1800) }));
  expect(subtractStack(other, book().getState()).images.map(({ dataSet }) => dataSet['00281050'])).toEqual([
    ...[of(1800), of(1800), undefined, undefined, of(1800)],
  ]);
  expect(subtractStack(other, kept.getState())).toBe(other);
});

test('of a series, only what its maker means subtracted opens so; a reader has all of it', () => {
  const stack = stackOf(run('9.1', 3), run('9.2', 4, { ...MASKED, '00281090': of('SUB') }), run('9.3', 4, MASKED));
  const kept = book();
  const asMeant = [...[undefined, undefined, undefined], ...[undefined, undefined, ['maker', 2], ['maker', 2]]];
  expect(masksOf(subtractStack(stack, kept.getState()))).toEqual([...asMeant, ...[2, 2, 2, 2].map(() => undefined)]);
  kept.turn('1.5', true);
  expect(masksOf(subtractStack(stack, kept.getState())).filter((one) => one !== undefined)).toHaveLength(7);
});

test('a mask that a reader takes is of its own object, and can be taken back', () => {
  const history = new History();
  const kept = new SubtractionBook(history);
  const stack = stackOf(run('9.1', 3, MASKED), run('9.2', 2));
  kept.takeMask('1.5', { sopUid: '9.1', frameNumber: 3 });
  expect(masksOf(subtractStack(stack, kept.getState()))).toEqual([
    ...[
      ['reader', 3],
      ['reader', 3],
      ['reader', 3],
    ],
    ...[
      ['nobody', 1],
      ['nobody', 1],
    ],
  ]);
  history.undo();
  expect(subtractStack(stack, kept.getState())).toBe(stack);
});

test('only grey runs of X-rays, or what names masks, can be subtracted', () => {
  const can = (frames: number, more: DicomJson) => canSubtract(stackOf(run('9.1', frames, more)));
  expect([
    can(2, {}),
    can(1, {}),
    can(2, { '00080060': of('US') }),
    can(2, { '00080060': of('OT'), ...MASKED }),
    can(2, { '00280002': of(3), '00280004': of('RGB') }),
  ]).toEqual([true, false, false, true, false]);
});
