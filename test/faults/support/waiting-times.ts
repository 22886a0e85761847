import { expect } from 'vitest';
import { echo } from '../../../src/main/station/dicom/scu.ts';
import type { Asker } from '../../system/support/ask-station.ts';
import type { RunningStation } from '../../system/support/start-station.ts';
import { remoteOf } from '../../system/support/studies.ts';

/** How long the slowest in a hundred waited, in ms. */
export type WaitingTimes = { readonly echo: number; readonly list: number };

/** Asks for an echo (its association included) and the worklist in turns, `rounds` times or until `until` settles. */
export async function waitingTimes(
  station: RunningStation,
  who: Asker,
  { rounds, until }: { readonly rounds: number; readonly until?: Promise<unknown> },
): Promise<WaitingTimes> {
  const echoes: number[] = [];
  const lists: number[] = [];
  let isOver = false;
  void until?.finally(() => (isOver = true));
  for (let count = 0; count < rounds && !isOver; count += 1) {
    const startedAt = performance.now();
    expect(await echo(remoteOf(station, { callingAe: 'ECHOSCU' }))).toEqual({ ok: true, value: 0 });
    echoes.push(performance.now() - startedAt);
    const askedAt = performance.now();
    await who.worklist();
    lists.push(performance.now() - askedAt);
  }
  return { echo: p99(echoes), list: p99(lists) };
}

function p99(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.round((sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0) * 10) / 10;
}
