import { expect, test } from 'vitest';
import { openDesk } from '../reading-desk.ts';
import type { Measurement } from './measurement.ts';

const length = (id: string, value: number): Measurement => ({
  ...{ id, kind: 'length', seriesUid: '1.2', sopUid: '1.2.3', frameNumber: 1, position: 1 },
  ...{
    points: [
      [0, 0],
      [value, 0],
    ],
    measured: { of: 'length', length: { value, unit: 'mm' } },
  },
});

test('takes back and does again what was drawn, moved, taken out and cleared, in order', () => {
  const { history, measurements } = openDesk();
  const shown = () => measurements.getState().all.map(({ id, points }) => `${id} ${points[1]?.[0]}`);
  const seen: (readonly string[])[] = [];
  measurements.put(length('a', 1));
  measurements.put(length('b', 2));
  measurements.put(length('a', 5));
  measurements.remove('b');
  measurements.remove('unknown');
  measurements.clear();
  for (let step = 0; step < 6; step += 1) {
    seen.push(shown());
    history.undo();
  }
  expect(seen).toEqual([[], ['a 5'], ['a 5', 'b 2'], ['a 1', 'b 2'], ['a 1'], []]);
  expect(history.undo()).toBe('nothing');
  while (history.redo() === 'done');
  expect(shown()).toEqual([]);
  history.undo();
  measurements.put(length('c', 3));
  expect([history.redo(), shown()]).toEqual(['nothing', ['a 5', 'c 3']]);
});

test('says that what was done to something no longer on the screen is not taken back, and goes on to what came before', () => {
  const { history, measurements } = openDesk();
  measurements.put(length('a', 1));
  history.note({ undo: () => false, redo: () => false });
  expect([history.undo(), measurements.getState().all.length]).toEqual(['not-shown', 1]);
  expect([history.undo(), measurements.getState().all.length]).toEqual(['done', 0]);
  expect([history.undo(), history.redo(), history.redo()]).toEqual(['nothing', 'done', 'nothing']);
});

test('chooses one at a time, and choosing is nothing to take back', () => {
  const { history, measurements } = openDesk();
  measurements.put(length('a', 1));
  measurements.select(null);
  expect([measurements.getState().selected, history.undo(), measurements.getState().all]).toEqual([null, 'done', []]);
});
