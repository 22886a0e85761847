import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createRenderingTurns } from './rendering-turns.ts';

test('one runs and four wait of each person; a sixth is refused, and others go on', async () => {
  const turns = createRenderingTurns();
  const begun: string[] = [];
  const gates = Array.from({ length: 5 }, () => Promise.withResolvers<void>());
  const given = gates.map((gate, at) =>
    turns.take('one', async () => {
      begun.push(`one ${at}`);
      await gate.promise;
      if (at === 1) throw new Error('cannot be rendered');
      return at;
    }),
  );
  const settled = Promise.allSettled(given);
  expect(await turns.take('one', async () => 'a sixth')).toBeNull();
  expect(await turns.take('other', async () => 'at once')).toBe('at once');
  await setImmediate();
  expect(begun).toEqual(['one 0']);
  for (const gate of gates) gate.resolve();
  expect((await settled).map((one) => (one.status === 'fulfilled' ? one.value : 'failed'))).toEqual([
    ...[0, 'failed', 2, 3, 4],
  ]);
  expect(await turns.take('one', async () => 'again')).toBe('again');
});
