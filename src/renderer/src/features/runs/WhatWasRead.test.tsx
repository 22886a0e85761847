import { MantineProvider } from '@mantine/core';
import { render, screen } from '@testing-library/react';
import { expect, test } from 'vitest';
import { Receipt } from '../../../../shared/domain/receipt.ts';
import { setUpPage } from '../../app/test-page.tsx';
import { WhatWasRead } from './WhatWasRead.tsx';

setUpPage();

const READ = { seriesUid: '1.2', because: ['slices 30'], others: [] };

function said(more: object): string {
  const receipt = { series: Receipt.shape.series.parse(READ), inputs: [], ...more } as unknown as Receipt;
  render(
    <MantineProvider>
      <WhatWasRead receipt={receipt} />
    </MantineProvider>,
  );
  return screen.getByRole('region', { name: 'What was read' }).textContent;
}

test('says of each series that was not read why, in words', () => {
  const refused = [
    { seriesUid: '1.3', reason: 'contrast' },
    { seriesUid: '1.4', reason: 'reason-of-a-later-build' },
  ];
  const text = said({ series: { ...READ, refused } });
  expect(text).toContain('Why not these series');
  expect(text).toContain('1.3 has contrast');
  expect(text).toContain('1.4 reason-of-a-later-build');
});

test('images, which have no steps between them, are told by their number and size', () => {
  const geometry = { slices: 2, rows: 40, columns: 20, minSpacingMm: null, maxSpacingMm: null, tiltDegrees: 0 };
  expect(said({ geometry })).toContain('2 images of 40 × 20');
});
