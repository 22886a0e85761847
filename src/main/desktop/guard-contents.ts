import { isSameOrigin } from './same-origin.ts';

type Stoppable = { preventDefault(): void };
type Navigation = Stoppable & { readonly url: string };

/** What the desktop app uses of Electron's WebContents. */
export type GuardedContents = {
  on(event: 'will-navigate' | 'will-frame-navigate' | 'will-redirect', listener: (event: Navigation) => void): unknown;
  on(event: 'will-attach-webview', listener: (event: Stoppable) => void): unknown;
  setWindowOpenHandler(handler: (details: { readonly url: string }) => { action: 'allow' | 'deny' }): void;
};

/** Keeps a page on the station's origin: no way to another site, no window of its own making but a viewer's, no webview inside. A window that it opens has the same guard and the same preferences. */
export function guardContents(contents: GuardedContents, origin: () => string): void {
  const stay = (event: Navigation): void => {
    if (!isSameOrigin(event.url, origin())) event.preventDefault();
  };
  contents.on('will-navigate', stay);
  contents.on('will-frame-navigate', stay);
  contents.on('will-redirect', stay);
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(({ url }) => ({ action: isViewer(url, origin()) ? 'allow' : 'deny' }));
}

/** A study's images in a window beside the main one: the same page, at its viewer's address. */
function isViewer(url: string, origin: string): boolean {
  return isSameOrigin(url, origin) && new URL(url).hash.startsWith('#/viewer/');
}
