import { expect, test } from 'vitest';
import { keepGpuRoom } from './gpu-room.ts';

/** A device whose free memory is what the test says, and models on it that give back theirs when they are closed. */
function device(freeMb: number | null, held: number[] = []) {
  const state = { freeMb, closed: 0 };
  const closeOldest = (): Promise<boolean> => {
    const mb = held.shift();
    if (mb === undefined || state.freeMb === null) return Promise.resolve(false);
    state.freeMb += mb;
    state.closed += 1;
    return Promise.resolve(true);
  };
  return { state, closeOldest, room: keepGpuRoom(() => Promise.resolve(state.freeMb)) };
}
const A = { key: 'cuda /a', isLoaded: false, expectedMb: 2000 };

test('a model is loaded where as much is free as its manifest says, and some over', async () => {
  const { room, closeOldest } = device(2512);
  expect(await room.make(A, closeOldest)).toBe(true);
});

test('the models used least recently are closed until there is room; where that is not enough it is not loaded', async () => {
  const enough = device(1000, [700, 900, 800]);
  expect([await enough.room.make(A, enough.closeOldest), enough.state.closed]).toEqual([true, 2]);
  const never = device(1000, [700]);
  expect([await never.room.make(A, never.closeOldest), never.state.closed]).toEqual([false, 1]);
});

test('what a model was seen to hold counts from then on, not what its manifest says', async () => {
  const { room, state, closeOldest } = device(8000);
  await room.make(A, closeOldest);
  state.freeMb = 3000;
  await room.note(A.key);
  state.freeMb = 5000;
  expect(await room.make(A, closeOldest)).toBe(false);
  state.freeMb = 5512;
  expect(await room.make(A, closeOldest)).toBe(true);
});

test('one that is loaded needs no more than the rest; where nobody can say how much is free nothing is refused', async () => {
  const loaded = device(600);
  expect(await loaded.room.make({ ...A, isLoaded: true }, loaded.closeOldest)).toBe(true);
  const unknown = device(null);
  expect(await unknown.room.make(A, unknown.closeOldest)).toBe(true);
  await unknown.room.note(A.key);
});
