import { fireEvent, screen } from '@testing-library/react';
import { expect, test, vi } from 'vitest';
import { setUpPage, show } from '../../app/test-page.tsx';
import { RejectedImages } from './RejectedImages.tsx';

setUpPage();

const counts = [
  { reason: 'rejected-for-quality', images: 2 },
  { reason: 'rejected-for-patient-safety', images: 1 },
] as const;

test('what is hidden is told with its reason; only what was rejected for quality can be shown, and hidden again', () => {
  const onShow = vi.fn<(isShown: boolean) => void>();
  const hidden = { counts: [...counts], rejected: ['1.1', '1.2'], rejectedSeries: [] };
  const again = show(<RejectedImages hidden={hidden} isShown={false} onShow={onShow} />);
  expect(screen.getAllByRole('listitem').map(({ textContent }) => textContent.trim())).toEqual([
    '2 images not shown: rejected for quality reasons',
    '1 image not shown: rejected for patient safety reasons',
  ]);
  fireEvent.click(screen.getByRole('button', { name: 'Show 2 anyway', pressed: false }));
  again(<RejectedImages hidden={hidden} isShown onShow={onShow} />);
  expect(screen.getAllByRole('listitem').map(({ textContent }) => textContent.trim())).toEqual([
    '2 images shown although rejected for quality reasons',
    '1 image not shown: rejected for patient safety reasons',
  ]);
  fireEvent.click(screen.getByRole('button', { name: 'Hide 2 again', pressed: true }));
  expect(onShow.mock.calls).toEqual([[true], [false]]);
});

test('what is hidden for another reason cannot be shown here, and where nothing is hidden nothing is said', () => {
  const onShow = vi.fn<(isShown: boolean) => void>();
  const again = show(
    <RejectedImages
      hidden={{ counts: [counts[1]], rejected: [], rejectedSeries: [] }}
      isShown={false}
      onShow={onShow}
    />,
  );
  expect([screen.getAllByRole('listitem').length, screen.queryByRole('button')]).toEqual([1, null]);
  again(<RejectedImages hidden={{ counts: [], rejected: [], rejectedSeries: [] }} isShown={false} onShow={onShow} />);
  expect(screen.queryByRole('listitem')).toBeNull();
});
