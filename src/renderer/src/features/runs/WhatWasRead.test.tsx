import { MantineProvider } from '@mantine/core';
import { render, screen } from '@testing-library/react';
import type { ReactNode } from 'react';
import { afterAll, expect, test, vi } from 'vitest';
import { Receipt } from '../../../../shared/domain/receipt.ts';
import { setUpPage } from '../../app/test-page.tsx';
import { WhatWasRead } from './WhatWasRead.tsx';

/** Links go nowhere here: there is no router. */
vi.mock('@tanstack/react-router', () => ({
  Link: ({ children }: { children: ReactNode }) => <a href="/">{children}</a>,
}));

setUpPage();
// Files share their modules: the next one has the real thing again.
afterAll(() => vi.doUnmock('@tanstack/react-router'));

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

test('says what else the run was given, how much at once, and whose answer it lacked', () => {
  const geometry = {
    ...{ slices: 2, rows: 40, columns: 20, minSpacingMm: null, maxSpacingMm: null, tiltDegrees: 0 },
    grid: { samples: 12, atOnce: 4 },
  };
  const beside = {
    otherSeries: [{ id: 'flair', seriesUid: '1.7', inputs: [] }],
    fed: [{ id: 'lungs', runId: '01930000-0000-7000-8000-000000000001' }],
  };
  const text = said({ geometry, beside, needs: ['lung-lobes'] });
  expect(text).toContain('12 samples, at most 4 at once');
  expect(text).toContain('Also given, of the same studyflair: 1.7');
  expect(text).toContain('Given what other models saidlungs: their run');
  expect(text).toContain('that one has no answer: lung-lobes');
});
