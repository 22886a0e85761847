import type { StationState } from './station-process.ts';

/** What the tray says of the station, short enough for a tooltip. */
export function trayWords(state: StationState): string {
  switch (state.state) {
    case 'starting':
      return 'Wetread: starting';
    case 'ready':
      return 'Wetread: receiving';
    case 'waiting':
      return 'Wetread: NOT receiving, starts again shortly';
    case 'refused':
      return 'Wetread: NOT receiving';
    case 'stopped':
      return 'Wetread: stopped';
  }
}
