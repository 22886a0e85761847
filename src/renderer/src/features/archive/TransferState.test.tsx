import { MantineProvider } from '@mantine/core';
import { cleanup, render, screen } from '@testing-library/react';
import { expect, test } from 'vitest';
import type { Delivery } from '../../../../shared/contract/deliveries.ts';
import type { PeerStudy, RetrievalCard } from '../../../../shared/contract/peers.ts';
import { setUpPage } from '../../app/test-page.tsx';
import { examOf, patientOf } from './transfer-face.ts';
import { TransferState } from './TransferState.tsx';
import { transfersOf } from './use-transfers.ts';

setUpPage();

const fetched = (change: Partial<RetrievalCard>): RetrievalCard => ({
  ...{ retrievalId: 'r', peerId: 'p', aeTitle: 'PACS', studyUid: '1.2', studyId: null, study: null, how: 'c-get' },
  ...{ state: 'running', code: null, because: 'comparison', askedBy: 'Anna', expected: 10, completed: 4, failed: 0 },
  ...{ attempts: 1, requestedAtMs: 5, startedAtMs: 6, endedAtMs: null },
  ...change,
});
const sent = (change: Partial<Delivery>): Delivery => ({
  ...{ deliveryId: 'd', studyId: null, study: null, destination: 'PACS', kind: 'images', state: 'sent', attempts: 1 },
  ...{ code: null, status: null, items: 8, sent: 2, failed: 0, series: null, askedBy: 'Anna', queuedAtMs: 1 },
  ...{ nextAttemptAtMs: null, endedAtMs: null, commitment: 'not-asked' },
  ...change,
});
const said: PeerStudy = {
  ...{ studyUid: '1.2', patientName: 'Doe^Jane', patientId: '4711', issuerOfPatientId: 'X', birthDateRaw: '19600102' },
  ...{ sex: 'F', accession: 'A1', description: 'CT Head', dateRaw: '20260301', timeRaw: null, modalities: ['CT'] },
  ...{ series: 1, instances: 10, availability: null, studyId: null },
};

function show(...[fetches, sends]: Parameters<typeof transfersOf>): string {
  const [transfer] = transfersOf(fetches, sends);
  if (transfer === undefined) throw new Error('nothing to show');
  const { container } = render(
    <MantineProvider>
      <TransferState transfer={transfer} />
    </MantineProvider>,
  );
  return container.querySelector('div:last-of-type')?.parentElement?.textContent ?? '';
}

test('says how far a transfer is in words and numbers, and why not further', () => {
  expect(show([fetched({})], [])).toContain('fetching4 / 10 images');
  expect(screen.getByRole('progressbar').getAttribute('aria-valuenow')).toBe('40');
  cleanup();
  const refused = sent({ state: 'rejected', code: 'refused-by-peer', status: 0xa900, failed: 3 });
  expect(show([], [refused])).toContain('not taken2 / 8 images3 refusedThe peer refuses images. (A900)');
  cleanup();
  expect(show([], [sent({ state: 'delivered', commitment: 'not-committed' })])).toContain('does not answer for all');
});

test('what waits or needs a person stands first, whatever its age', () => {
  const list = transfersOf(
    [fetched({ retrievalId: 'done', state: 'done', requestedAtMs: 9 }), fetched({ retrievalId: 'going' })],
    [sent({ deliveryId: 'held', state: 'held', queuedAtMs: 7 }), sent({ deliveryId: 'gone', state: 'cancelled' })],
  );
  expect(list.map(({ id }) => id)).toEqual(['held', 'going', 'done', 'gone']);
});

test('until something is here, the peer’s own words say whose it is; without them nobody is named', () => {
  const [transfer] = transfersOf([fetched({})], []);
  if (transfer === undefined) throw new Error('no transfer');
  expect(patientOf(transfer, new Map([['1.2', said]]))).toMatchObject({ patientName: 'Doe^Jane', patientId: '4711' });
  expect(examOf(transfer, new Map([['1.2', said]]))).toBe('CT · CT Head · 2026-03-01 · A1');
  expect([patientOf(transfer, new Map()), examOf(transfer, new Map())]).toEqual([null, null]);
});
