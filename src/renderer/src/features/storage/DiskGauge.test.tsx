import { screen } from '@testing-library/react';
import { expect, test } from 'vitest';
import type { CacheStatus } from '../../../../shared/contract/keeping.ts';
import { setUpPage, show } from '../../app/test-page.tsx';
import { DiskGauge } from './DiskGauge.tsx';

setUpPage();

const marks = { lowBytes: 10e9, refuseBytes: 4e9, fullBytes: 2e9, totalBytes: 100e9 } as const;

test.each<[CacheStatus['disk']['state'], number, readonly string[]]>([
  ['enough', 40e9, ['enough room', '40 GB of 100 GB (60 % used)', 'below 10 GB free: 30 GB away']],
  ['low', 9e9, ['the cache lets go of what it may', 'below 10 GB free: passed', 'below 4.0 GB free: 5.0 GB away']],
  ['refusing', 3e9, ['new connections are refused', 'below 4.0 GB free: passed', 'below 2.0 GB free: 1.0 GB away']],
  ['full', 1e9, ['new images are refused', 'below 2.0 GB free: passed']],
  ['unknown', 0, ['cannot be read']],
])('a disk that is %s says so, and how far each mark is', (state, freeBytes, words) => {
  show(<DiskGauge disk={{ ...marks, freeBytes, state }} />);
  const said = screen.getByRole('region', { name: 'Disk' }).textContent;
  for (const word of words) expect(said).toContain(word);
  expect(screen.getByRole('meter').getAttribute('aria-valuenow')).toBe(String(100 - freeBytes / 1e9));
});
