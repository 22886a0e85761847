import { expect, test } from 'vitest';
import { Preprocessing } from '../../../../shared/domain/model-preprocessing.ts';
import { preparedSize } from './prepared-size.ts';

const sizeAfter = (...steps: readonly object[]) =>
  preparedSize(Preprocessing.parse({ source: { arrangement: 'volume' }, steps, sampling: { kind: 'volume' } }));
const fixed = { do: 'crop-or-pad', to: [10, 20, 30] };

test.each<[string, readonly object[], readonly (number | null)[]]>([
  ['no step', [], [null, null, null]],
  ['a stretch of two axes', [{ do: 'resize', to: [null, 224, 224], interpolation: 'linear' }], [null, 224, 224]],
  [
    'a fit, which keeps the aspect',
    [{ do: 'resize', to: [null, 9, 9], aspect: 'fit', interpolation: 'area' }],
    [null, null, null],
  ],
  [
    'a crop after a fit',
    [{ do: 'resize', to: [null, 9, 9], aspect: 'fit', interpolation: 'area' }, fixed],
    [10, 20, 30],
  ],
  [
    'millimetres after cells',
    [fixed, { do: 'resample', spacingMm: [1, null, null], interpolation: 'linear' }],
    [null, 20, 30],
  ],
  ['multiples', [fixed, { do: 'pad-to-multiple', of: [null, 16, 16] }], [10, 32, 32]],
  ['a square by padding', [fixed, { do: 'square', by: 'pad' }], [10, 30, 30]],
  ['a square by cutting', [fixed, { do: 'square', by: 'crop' }], [10, 20, 20]],
  ['a square of nobody knows what', [{ do: 'square', by: 'pad' }], [null, null, null]],
  ['rows for columns', [fixed, { do: 'transpose' }, { do: 'min-max' }], [10, 30, 20]],
  ['other directions', [fixed, { do: 'orient', towards: ['S', 'P', 'L'] }], [null, null, null]],
  [
    'other directions of a cube',
    [
      { ...fixed, to: [9, 9, 9] },
      { do: 'orient', towards: ['S', 'P', 'L'] },
    ],
    [9, 9, 9],
  ],
  ['content', [fixed, { do: 'crop-to-content', axes: ['rows'] }], [10, null, 30]],
  ['shares', [fixed, { do: 'trim', shares: [null, [0.1, 0.1], null] }], [10, null, 30]],
  ['a flip', [fixed, { do: 'flip', axes: ['rows'] }, { do: 'face' }], [10, 20, 30]],
])('knows the size after %s as far as the steps say', (_what, steps, expected) => {
  expect(sizeAfter(...steps)).toEqual(expected);
});
