import { expect, test } from 'vitest';
import { keepFrameRoom } from './frame-room.ts';

const VALUES = 2 ** 19; // 1 MiB of 16 bits

test('memory is lent again once it was had back, and never twice at a time', () => {
  const room = keepFrameRoom(2);
  const [one, other] = [room.take(VALUES), room.take(VALUES)];
  expect(one.buffer).not.toBe(other.buffer);
  expect(room.take(VALUES).buffer).not.toBe(one.buffer);
  room.reclaim();
  const again = [room.take(VALUES), room.take(VALUES), room.take(VALUES)];
  expect(new Set(again.map(({ buffer }) => buffer)).size).toBe(3);
  expect(again.filter(({ buffer }) => buffer === one.buffer || buffer === other.buffer)).toHaveLength(2);
});

test('what is lent has the length asked for, and no more is kept than it may', () => {
  const room = keepFrameRoom(1);
  const [wide, small] = [room.take(VALUES), room.take(8)];
  expect([wide.length, small.length]).toEqual([VALUES, 8]);
  room.reclaim();
  expect(room.take(8).buffer).not.toBe(small.buffer);
  expect(room.take(VALUES).buffer).toBe(wide.buffer);
  expect(room.take(VALUES - 1).length).toBe(VALUES - 1);
});
