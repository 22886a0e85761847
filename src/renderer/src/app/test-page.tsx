import { MantineProvider } from '@mantine/core';
import { cleanup, render } from '@testing-library/react';
import type { ReactNode } from 'react';
import { afterEach, beforeAll, vi } from 'vitest';
import { setUpText } from './text/text.ts';

/** For the tests of components: the page's words, what its library asks of a browser, and a clean document after each test. */
export function setUpPage(): void {
  beforeAll(() => {
    setUpText();
    vi.stubGlobal('matchMedia', () => ({
      matches: false,
      addEventListener: () => undefined,
      removeEventListener: () => undefined,
    }));
    // What scrolls and what has a size is the browser's alone.
    vi.stubGlobal(
      'ResizeObserver',
      class {
        observe = () => undefined;
        unobserve = () => undefined;
        disconnect = () => undefined;
      },
    );
    Element.prototype.scrollIntoView = () => undefined;
  });
  afterEach(cleanup);
}

/** Shows a component as the page would; gives how to show it anew. */
export function show(component: ReactNode): (next: ReactNode) => void {
  const { rerender } = render(<MantineProvider>{component}</MantineProvider>);
  return (next) => rerender(<MantineProvider>{next}</MantineProvider>);
}
