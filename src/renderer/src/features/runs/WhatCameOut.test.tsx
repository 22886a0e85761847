import { MantineProvider } from '@mantine/core';
import { render, screen } from '@testing-library/react';
import { expect, test } from 'vitest';
import type { RunDetail } from '../../../../shared/contract/runs.ts';
import type { Receipt } from '../../../../shared/domain/receipt.ts';
import { setUpPage } from '../../app/test-page.tsx';
import { ReceiptCheckLine } from './ReceiptCheckLine.tsx';
import { WhatCameOut } from './WhatCameOut.tsx';

setUpPage();

const RUN = { kept: { numbers: true, tensors: [] } } as unknown as RunDetail;
const RECEIPT = {
  outcome: 'finished',
  findings: [],
  verdicts: [],
  operatingPoint: [{ id: 'bleed', flagFrom: 0.5 }],
  outputs: [{ tensor: 'probability', value: 0.1 }],
  raw: { policy: 'numbers', digest: 'a', numbers: 2 },
} as unknown as Receipt;

function said(receipt: Receipt, run = RUN): string {
  render(
    <MantineProvider>
      <WhatCameOut run={run} receipt={receipt} />
    </MantineProvider>,
  );
  return screen.getByRole('region', { name: 'What came out' }).textContent;
}

test('without a flag it says not flagged, from what it would have been, and rules nothing out', () => {
  const text = said(RECEIPT);
  expect(text).toContain('Not flagged. This rules nothing out.');
  expect(text).toContain('bleed: flagged from 0.50');
  expect(text).toContain('2 numbers kept');
  expect(text).not.toMatch(/negative|normal|absent|clear\b/i);
});

test('a run that failed says that nothing came out, and claims nothing of the study', () => {
  expect(said({ ...RECEIPT, outcome: 'failed', raw: null, outputs: [] })).toContain('Nothing came out of this run.');
});

test('a bad output is named, and why it is none', () => {
  const badOutput = { tensor: 'probability', why: 'not-finite' };
  const text = said({ ...RECEIPT, outcome: 'failed', raw: null, outputs: [], badOutput });
  expect(text).toContain('Output probability cannot be used: it holds what is no number.');
});

test('each label is told with what it came to: uncertain apart from flagged, and not flagged as no more than that', () => {
  const text = said({
    ...RECEIPT,
    verdicts: [
      { label: 'bleed', state: 'uncertain', score: 0.62, threshold: 0.9 },
      { label: 'shift', state: 'not-flagged', score: null, threshold: null },
    ],
  });
  expect(text).toContain('bleeduncertain0.620.90');
  expect(text).toContain('shiftnot flaggednonenever');
});

test('labels are told by what people call them beside their id, and low scores that are bad by their side', () => {
  const text = said({
    ...RECEIPT,
    findings: [{ findingId: 'f', code: '64859006', label: 't-score', score: -3.1, threshold: -2.5 }],
    verdicts: [
      {
        ...{ label: 't-score', name: 'Bone density low', flagWhen: 'at-most' },
        ...{ state: 'flagged', score: -3.1, threshold: -2.5 },
      },
    ],
  });
  expect(text).toContain('Bone density low, 64859006: score -3.10, flagged at -2.50 and below');
  expect(text).toContain('Bone density lowt-scoreflagged-3.10-2.50 and below');
});

test('outputs that were let go, and those that no policy keeps, are told apart', () => {
  const gone = { kept: { numbers: false, tensors: [] } } as unknown as RunDetail;
  expect(said(RECEIPT, gone)).toContain('let go since');
});

test('a changed receipt is an alert', () => {
  render(<ReceiptCheckLine check={{ state: 'changed', digest: 'a', ledgerDigest: 'b', seq: 7 }} />);
  expect(screen.getByRole('alert').textContent).toContain('RECEIPT CHANGED: the ledger, entry 7');
});
