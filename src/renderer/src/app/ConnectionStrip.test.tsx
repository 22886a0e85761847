import { fireEvent, screen } from '@testing-library/react';
import { expect, test } from 'vitest';
import type { StationStatus } from '../../../shared/contract/station.ts';
import { stationNow } from '../ui/clock.ts';
import { ConnectionStrip } from './ConnectionStrip.tsx';
import { setUpPage, show } from './test-page.tsx';

setUpPage();

type Destination = StationStatus['destinations'][number];
const to = (name: string, state: Destination['state'], change: Partial<Destination> = {}): Destination => ({
  ...{ name, kind: 'pacs', state, sinceMs: stationNow() - 330_000, queued: 0 },
  ...change,
});
const strip = (...destinations: readonly Destination[]) => stripOf(destinations);
const stripOf = (destinations: readonly Destination[], wanted = ['cpu'], used = ['cpu'], elsewhere = 0) => (
  <ConnectionStrip
    status={{
      ...{ version: '0', demo: false, nowMs: 0, hl7In: { state: 'not-configured' }, destinations: [...destinations] },
      dicomIn: {
        ...{ state: 'listening', aeTitle: 'WETREAD', port: 1, associations: 0, receivedLastHour: 0 },
        lastReceivedAtMs: null,
      },
      inference: { state: 'ready', wanted, provider: 'cpu', used, elsewhere, queued: 0, running: 0, models: 1 },
      disk: { freeBytes: 1, totalBytes: 2, state: 'enough' },
      objects: { damaged: 0, verification: null, lastVerifiedAtMs: null, rotation: null },
      ...{ unopenedCritical: 0, unopenedCriticalIds: [], readersSignedIn: 1, reasons: [] },
    }}
  />
);
const said = () => screen.getByRole('contentinfo').textContent;

test.each([
  [to('VNA', 'reachable', { queued: 2 }), 'PACS VNA' + 'reachable · 2 wait'],
  [to('VNA', 'unreachable'), 'PACS VNA' + 'unreachable for 5 min'],
  [to('VNA', 'refuses-us'), 'PACS VNA' + 'refuses this station for 5 min'],
  [to('VNA', 'unknown', { sinceMs: null }), 'PACS VNA' + 'being asked'],
  [to('PACS', 'reachable'), 'PACS' + 'reachable'],
])('a destination is as it was last found: %j', (destination, words) => {
  show(strip(destination));
  expect(said()).toContain(words);
  expect(said()).toContain('HL7 in, RIS, EHR not configured');
});

test('where there is none it is said to be not configured; many are counted, and told of one by one when asked', async () => {
  const again = show(strip());
  expect(said()).toContain('HL7 in, PACS, RIS, EHR not configured');
  again(strip(to('A', 'reachable'), to('B', 'unreachable', { queued: 3 }), to('C', 'reachable')));
  expect(said()).toContain('PACS' + '2 of 3 reachable · 3 wait');
  fireEvent.click(screen.getByRole('button', { name: /2 of 3 reachable/ }));
  expect((await screen.findByText('PACS B')).parentElement?.textContent).toContain('unreachable for 5 min · 3 wait');
});

test('another provider than the one wanted first is never silent', () => {
  const again = show(stripOf([]));
  expect(said()).toContain('AI' + 'CPU');
  expect(said()).not.toContain('CPU, not');
  again(stripOf([], ['cuda', 'cpu']));
  expect(said()).toContain('AI' + 'CPU, not CUDA');
  again(stripOf([], ['remote', 'cpu'], ['remote:gpu-room']));
  expect(said()).toContain('AI' + 'gpu-room');
  again(stripOf([], ['remote', 'cpu'], ['cpu', 'remote:gpu-room'], 1));
  expect(said()).toContain('AI' + 'CPU, gpu-room, 1 model not where wanted');
});
