import { isSameOrigin } from './same-origin.ts';

type Stoppable = { preventDefault(): void };
type Navigation = Stoppable & { readonly url: string };

/** What the desktop app uses of Electron's WebContents. */
export type GuardedContents = {
  on(event: 'will-navigate' | 'will-frame-navigate' | 'will-redirect', listener: (event: Navigation) => void): unknown;
  on(event: 'will-attach-webview', listener: (event: Stoppable) => void): unknown;
  setWindowOpenHandler(handler: () => { action: 'deny' }): void;
};

/** Keeps a page on the station's origin: no way to another site, no window of its own making, no webview inside. */
export function guardContents(contents: GuardedContents, origin: () => string): void {
  const stay = (event: Navigation): void => {
    if (!isSameOrigin(event.url, origin())) event.preventDefault();
  };
  contents.on('will-navigate', stay);
  contents.on('will-frame-navigate', stay);
  contents.on('will-redirect', stay);
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
}
