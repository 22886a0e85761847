import { fireEvent, screen } from '@testing-library/react';
import { expect, test, vi } from 'vitest';
import { SeriesId } from '../../../shared/domain/ids.ts';
import { setUpPage, show } from '../app/test-page.tsx';
import { type ChosenSeries, isNothingChosen, SeriesChoice } from './SeriesChoice.tsx';

setUpPage();

const series = [1, 2].map((number) => ({
  ...{ seriesUid: `1.${number}`, number, description: number === 1 ? 'Scout' : null, modality: 'CT' },
  ...{ instances: number, displayable: true },
  seriesId: SeriesId.parse(`01990000-0000-7000-8000-00000000000${number}`),
}));

test('all of it, or some series by name and size; what is wanted and not named yet is nothing', () => {
  const onChoose = vi.fn<(chosen: ChosenSeries) => void>();
  const choice = (chosen: ChosenSeries) => <SeriesChoice {...{ label: 'What', series, images: 3, chosen, onChoose }} />;
  const again = show(choice(null));
  expect(screen.queryByRole('checkbox')).toBeNull();
  fireEvent.click(screen.getByRole('radio', { name: 'Some series' }));
  again(choice([]));
  fireEvent.click(screen.getByRole('checkbox', { name: '2 · CT (2 images)' }));
  again(choice(['1.2']));
  expect(screen.getByRole<HTMLInputElement>('checkbox', { name: '1 · CT · Scout (1 image)' }).checked).toBe(false);
  fireEvent.click(screen.getByRole('radio', { name: 'The whole study (3 images)' }));
  expect(onChoose.mock.calls).toEqual([[[]], [['1.2']], [null]]);
  expect([null, [], ['1.2']].map((chosen) => isNothingChosen(chosen))).toEqual([false, true, false]);
});
