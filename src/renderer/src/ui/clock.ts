import { useSyncExternalStore } from 'react';

/** How far this machine's clock is behind the station's. */
let offsetMs = 0;

/** Corrects the page's clock by what the station said its time is; countdowns then agree on every screen. */
export function setStationTime(stationNowMs: number): void {
  offsetMs = stationNowMs - Date.now();
}

/** The station's time now, UTC milliseconds. */
export function stationNow(): number {
  return Date.now() + offsetMs;
}

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let second = Math.floor(stationNow() / 1000) * 1000;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    second = Math.floor(stationNow() / 1000) * 1000;
    for (const one of [...listeners]) one();
  }, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The station's time in whole seconds; every clock on the page ticks together on one timer. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => second);
}
