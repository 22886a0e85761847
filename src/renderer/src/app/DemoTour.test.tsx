import { MantineProvider } from '@mantine/core';
import { createMemoryHistory, createRootRoute, createRouter, RouterProvider } from '@tanstack/react-router';
import { fireEvent, render, screen } from '@testing-library/react';
import { expect, test, vi } from 'vitest';
import { DemoTour, TOUR_STEPS } from './DemoTour.tsx';
import { setUpPage } from './test-page.tsx';

setUpPage();

async function showStep(step: number) {
  const [goTo, putAway] = [vi.fn<(step: number) => void>(), vi.fn<() => void>()];
  const root = createRootRoute({ component: () => <DemoTour step={step} goTo={goTo} putAway={putAway} /> });
  const router = createRouter({ routeTree: root, history: createMemoryHistory() });
  render(
    <MantineProvider>
      <RouterProvider router={router as never} />
    </MantineProvider>,
  );
  await screen.findByRole('region', { name: 'Guided tour' });
  return { goTo, putAway };
}

test.each(TOUR_STEPS.map(({ id }, step) => [step, id] as const))(
  'step %i, %s, has words of its own and goes on and back by buttons',
  async (step, _id) => {
    const { goTo, putAway } = await showStep(step);
    const words = screen.getByRole('region', { name: 'Guided tour' }).textContent ?? '';
    expect(words).toContain(`${step + 1} of 7`);
    expect(words).not.toContain('tour.');
    expect(document.activeElement).toBe(document.body);
    const back = screen.getByRole<HTMLButtonElement>('button', { name: 'Back' });
    expect(back.disabled).toBe(step === 0);
    fireEvent.click(back);
    expect(goTo.mock.calls).toEqual(step === 0 ? [] : [[step - 1]]);
    goTo.mockClear();
    // Whoever clicks and then presses a key that the tour names does not press this button again.
    expect(fireEvent.mouseDown(screen.getByRole('button', { name: step === 6 ? 'Done' : 'Next' }))).toBe(false);
    fireEvent.click(screen.getByRole('button', { name: step === 6 ? 'Done' : 'Next' }));
    expect(goTo.mock.calls).toEqual(step === 6 ? [] : [[step + 1]]);
    expect(putAway).toHaveBeenCalledTimes(step === 6 ? 1 : 0);
  },
);

test('it is put away at any step, and leads to the pages it is about', async () => {
  const { putAway } = await showStep(5);
  expect(screen.getByRole('link', { name: 'Go to the models' }).getAttribute('href')).toBe('/models');
  fireEvent.click(screen.getByRole('button', { name: 'Put the tour away' }));
  expect(putAway).toHaveBeenCalledTimes(1);
});
