import { expect, test } from 'vitest';
import { History } from '../../viewport/history.ts';
import { readStack, type Stack } from '../../viewport/stack.ts';
import { SubtractionBook } from '../../viewport/subtraction/subtraction-book.ts';
import { changeSubtraction } from './change-subtraction.ts';

const of = (...Value: readonly unknown[]) => ({ Value: [...Value] });
const stackOf = (modality: string): Stack =>
  readStack(
    [
      {
        ...{ '00080060': of(modality), '00080018': of('9.1'), '00280008': of(4) },
        ...{ '00280010': of(4), '00280011': of(4) },
      },
    ],
    { dicomwebPath: '/d', studyUid: '1', seriesUid: '1.5' },
  );
const IMAGE = { seriesUid: '1.5', sopUid: '9.1', frameNumber: 3 };

test('a run is turned to differences and back, and takes the image on the screen for its mask; a series of another kind is not', async () => {
  const book = new SubtractionBook(new History());
  const shelf = (modality: string) => ({ stack: async () => ({ ok: true, value: stackOf(modality) }) as const });
  const change = async (modality: string, wish: 'subtract' | 'take-mask') =>
    changeSubtraction(book, shelf(modality), IMAGE, wish);
  expect([await change('XA', 'subtract'), await change('XA', 'subtract'), await change('XA', 'take-mask')]).toEqual([
    ...['on', 'off', 'mask'],
  ]);
  const before = book.getState();
  expect([before.on.get('1.5'), before.masks.get('9.1')]).toEqual([true, 3]);
  expect([await change('US', 'subtract'), await change('US', 'take-mask'), book.getState()]).toEqual([
    ...['cannot', 'cannot', before],
  ]);
});
