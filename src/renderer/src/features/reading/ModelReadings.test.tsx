import { MantineProvider } from '@mantine/core';
import { render, screen } from '@testing-library/react';
import { expect, test } from 'vitest';
import { MODEL_READING_REASONS, type ModelReading } from '../../../../shared/contract/runs.ts';
import { setUpPage } from '../../app/test-page.tsx';
import { ReadingList } from './ModelReadings.tsx';

setUpPage();

const reading = (said: Partial<ModelReading>): ModelReading => ({
  model: { id: 'bleed', name: 'Bleed', version: '1.0.0' },
  ...{ state: 'read', reason: null, seriesUid: null, refused: [], refusedCount: 0, ...said },
});
function said(...readings: readonly ModelReading[]): string {
  const names = new Map([['1.2.3', '2 Head 5 mm']]);
  render(
    <MantineProvider>
      <main>
        <ReadingList readings={readings} seriesName={(uid) => names.get(uid) ?? null} />
      </main>
    </MantineProvider>,
  );
  return screen.getByRole('main').textContent;
}

test('a model that read the study names its series, and those that it refused with the reason', () => {
  const refused = [{ seriesUid: '1.2.9', reason: 'contrast' }];
  expect(said(reading({ seriesUid: '1.2.3', refused, refusedCount: 3 }))).toMatch(
    /Bleed.*1\.0\.0.*Read.*2 Head 5 mm.*1\.2\.9.*has contrast.*2 more/,
  );
});

test.each(MODEL_READING_REASONS)('%s is said in words, and nothing of it says that anything is absent', (reason) => {
  const text = said(reading({ state: reason.startsWith('other') ? 'not-this-exam' : 'fits', reason }));
  expect(text).not.toContain(reason);
  expect(text.toLowerCase()).not.toMatch(/negative|normal|absent/);
});

test('where no model is shown that is said, and nothing of any that is not', () => {
  expect(said()).toBe('No model is shown at this site for studies like this one.');
  expect(screen.queryByRole('list')).toBeNull();
});
