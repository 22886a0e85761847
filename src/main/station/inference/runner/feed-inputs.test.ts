import { describe, expect, test } from 'vitest';
import { ModelInput } from '../../../../shared/domain/model-inputs.ts';
import { feedInputs, type FeedSource } from './feed-inputs.ts';
import type { ModelSample } from './prepared-grid.ts';
import { NO_FACTS } from './source-facts.ts';

const SOURCE: FeedSource = {
  grid: { shape: [2, 3, 4], spacingMm: [5, 0.5, 0.25], extentsMm: [4, 6] },
  facts: { ...NO_FACTS, ageYears: 45.5, sex: 'F', weightKg: null, sliceThicknessMm: 5, tubeVoltageKv: 120 },
};

/** Two channels, two slices, one row, two columns: the value names its place. */
const sample = (first = 0, change: Partial<ModelSample> = {}): ModelSample => ({
  ...{ origin: [0, 0, 0], size: [2, 1, 2], channels: 2, depth: 2 },
  values: Float32Array.from({ length: 8 }, (_, at) => first + (at >> 2) * 100 + ((at >> 1) & 1) * 10 + (at & 1)),
  ...change,
});

function fed(input: unknown, samples: readonly ModelSample[] = [sample()], source: FeedSource = SOURCE) {
  const result = feedInputs([ModelInput.parse({ tensor: 'x', ...(input as object) })], samples, source);
  if (!result.ok) return result.error.code;
  const { type, dims, data } = result.value.x ?? { type: '', dims: [], data: [] };
  return { type, dims, data: Array.from(data as ArrayLike<number>, Number) };
}

describe('the image, in the layout of the model', () => {
  test.each([
    ['NCDHW', [1, 2, 2, 1, 2], [0, 1, 10, 11, 100, 101, 110, 111]],
    ['CDHW', [2, 2, 1, 2], [0, 1, 10, 11, 100, 101, 110, 111]],
    ['NDHWC', [1, 2, 1, 2, 2], [0, 100, 1, 101, 10, 110, 11, 111]],
    ['NDCHW', [1, 2, 2, 1, 2], [0, 1, 100, 101, 10, 11, 110, 111]],
    ['NCWHD', [1, 2, 2, 1, 2], [0, 10, 1, 11, 100, 110, 101, 111]],
  ])('%s', (layout, dims, data) => {
    expect(fed({ role: 'image', layout })).toEqual({ type: 'float32', dims, data });
  });

  test('a batch, wherever its axis stands', () => {
    const two = [sample(), sample(1000)];
    expect(fed({ role: 'image', layout: 'NCDHW' }, two)).toMatchObject({ dims: [2, 2, 2, 1, 2] });
    expect(fed({ role: 'image', layout: 'CDHWN', channels: [1] }, two)).toMatchObject({
      ...{ dims: [1, 2, 1, 2, 2], data: [100, 1100, 101, 1101, 110, 1110, 111, 1111] },
    });
  });

  test('some of the channels, in the order named', () => {
    expect(fed({ role: 'image', layout: 'CDHW', channels: [1, 0] })).toMatchObject({
      data: [100, 101, 110, 111, 0, 1, 10, 11],
    });
    expect(fed({ role: 'image', layout: 'CDHW', channels: [2] })).toBe('input-mismatch');
  });

  test('the slices of a slab as channels, slice by slice, or on their own axis', () => {
    const slab = sample(0, { size: [1, 1, 2] });
    expect(fed({ role: 'image', layout: 'NCHW' }, [slab])).toMatchObject({
      ...{ dims: [1, 4, 1, 2], data: [0, 1, 100, 101, 10, 11, 110, 111] },
    });
    expect(fed({ role: 'image', layout: 'NCDHW' }, [slab])).toMatchObject({ dims: [1, 2, 2, 1, 2] });
  });

  test('an axis left out has length 1, or the samples do not fit', () => {
    expect(fed({ role: 'image', layout: 'NCHW' })).toBe('input-mismatch');
    expect(fed({ role: 'image', layout: 'NDHW' })).toBe('input-mismatch');
    expect(fed({ role: 'image', layout: 'CDHW' }, [sample(), sample()])).toBe('input-mismatch');
    const flat = sample(0, { channels: 1, depth: 1, size: [1, 1, 2], values: Float32Array.of(3, 4) });
    expect(fed({ role: 'image', layout: 'HW' }, [flat])).toEqual({ type: 'float32', dims: [1, 2], data: [3, 4] });
  });

  test.each([
    ['uint8', [0, 0, 255, 2]],
    ['int8', [-128, 0, 127, 2]],
    ['int16', [-300, 0, 300, 2]],
    ['int64', [-300, 0, 300, 2]],
    ['float16', [-300, 0.5, 300, 2.5]],
    ['bool', [1, 1, 1, 1]],
  ])('as %s, rounded and clamped', (type, data) => {
    const values = { channels: 1, depth: 1, size: [1, 1, 4] as const, values: Float32Array.of(-300, 0.5, 300, 2.5) };
    expect(fed({ role: 'image', layout: 'HW', type }, [sample(0, values)])).toEqual({ type, dims: [1, 4], data });
  });

  test('a single sample that stands as the model wants it is not copied', () => {
    const one = sample();
    const result = feedInputs([ModelInput.parse({ tensor: 'x', role: 'image', layout: 'NCDHW' })], [one], SOURCE);
    expect(result.ok && result.value.x?.data).toBe(one.values);
  });
});

describe('what comes beside the image', () => {
  test('spacing, either way round', () => {
    expect(fed({ role: 'spacing' })).toEqual({ type: 'float32', dims: [3], data: [5, 0.5, 0.25] });
    expect(fed({ role: 'spacing', order: 'columns-first' })).toMatchObject({ data: [0.25, 0.5, 5] });
    const images = { ...SOURCE, grid: { ...SOURCE.grid, spacingMm: [null, 1, 1] as const, extentsMm: null } };
    expect(fed({ role: 'spacing' }, [sample()], images)).toBe('scalar-missing');
    expect(fed({ role: 'slice-extents' }, [sample()], images)).toBe('scalar-missing');
    expect(fed({ role: 'slice-extents' })).toMatchObject({ dims: [2], data: [4, 6] });
  });

  test.each([
    [{ of: 'age-years' }, 45.5],
    [{ of: 'age-years', multiply: 0.5, add: -1 }, 21.75],
    [{ of: 'sex', codes: { M: 0, F: 1 } }, 1],
    [{ of: 'tube-voltage-kv' }, 120],
    [{ of: 'slices' }, 2],
    [{ of: 'spacing-columns-mm' }, 0.25],
    [{ of: 'weight-kg', whenMissing: 70, multiply: 5 }, 70],
  ])('one number: %j', (scalar, value) => {
    expect(fed({ role: 'scalar', type: 'float64', ...scalar })).toEqual({ type: 'float64', dims: [1], data: [value] });
  });

  test('a number that nobody says refuses the series', () => {
    expect(fed({ role: 'scalar', of: 'weight-kg' })).toBe('scalar-missing');
    const other = { ...SOURCE, facts: { ...SOURCE.facts, sex: 'O' as const } };
    expect(fed({ role: 'scalar', of: 'sex', codes: { M: 0, F: 1 } }, [sample()], other)).toBe('scalar-missing');
    expect(fed({ role: 'vector', values: [{ of: 'age-years' }, { of: 'weight-kg' }] })).toBe('scalar-missing');
  });

  test('a number stands once for each sample of a batch', () => {
    const two = [sample(), sample()];
    expect(fed({ role: 'scalar', of: 'slices', dims: [1, 1] }, two)).toMatchObject({ dims: [2, 1], data: [2, 2] });
    expect(fed({ role: 'scalar', of: 'slices', dims: [] }, two)).toMatchObject({ dims: [], data: [2] });
    const values = [{ of: 'slices' }, { of: 'sex', codes: { M: 1, F: 0 } }, { of: 'sex', codes: { M: 0, F: 1 } }];
    expect(fed({ role: 'vector', values }, two)).toMatchObject({ dims: [2, 3], data: [2, 0, 1, 2, 0, 1] });
    expect(fed({ role: 'vector', values, batchAxis: false }, two)).toMatchObject({ dims: [3], data: [2, 0, 1] });
  });

  test('a constant as it is written', () => {
    expect(fed({ role: 'constant', dims: [2, 2], values: [1, 2, 3, 4], type: 'int64' })).toEqual({
      ...{ type: 'int64', dims: [2, 2], data: [1, 2, 3, 4] },
    });
  });
});
