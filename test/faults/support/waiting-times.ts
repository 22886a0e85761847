import { expect } from 'vitest';
import { echo } from '../../../src/main/station/dicom/scu.ts';
import type { Asker } from '../../system/support/ask-station.ts';
import type { RunningStation } from '../../system/support/start-station.ts';
import { remoteOf } from '../../system/support/studies.ts';

/** How long one of two waited at most, and the slowest in a hundred, in ms. */
export type Waited = { readonly half: number; readonly slowest: number };
export type WaitingTimes = { readonly echo: Waited; readonly list: Waited };

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
  return { echo: waited(echoes), list: waited(lists) };
}

function waited(values: readonly number[]): Waited {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round((sorted[Math.ceil(sorted.length * share) - 1] ?? 0) * 10) / 10;
  return { half: at(0.5), slowest: at(0.99) };
}
