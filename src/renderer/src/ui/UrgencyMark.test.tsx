import { cleanup, render, screen } from '@testing-library/react';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { URGENCY_LEVELS, URGENCY_STANDINGS } from '../../../shared/domain/urgency.ts';
import { setUpText } from '../app/text/text.ts';
import { UrgencyMark } from './UrgencyMark.tsx';

beforeAll(() => void setUpText());
afterEach(cleanup);

test('every level has a shape of its own and says its word', () => {
  const shapes = URGENCY_LEVELS.map((level) => {
    const { container, unmount } = render(<UrgencyMark level={level} standing="confirmed" />);
    const shape = container.querySelector('svg')?.innerHTML ?? '';
    expect(container.textContent?.toLowerCase()).toContain(level);
    unmount();
    return shape;
  });
  expect(new Set(shapes).size).toBe(URGENCY_LEVELS.length);
});

test.each(URGENCY_STANDINGS)('a shape alone still tells a screen reader level and standing (%s)', (standing) => {
  render(<UrgencyMark level="critical" standing={standing} shapeOnly />);
  expect(screen.getByRole('img').getAttribute('aria-label')).toMatch(/^Critical, /);
});
