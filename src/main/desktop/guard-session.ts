import { withContentPolicy } from './content-policy.ts';
import { isOwnTraffic, isSameOrigin } from './same-origin.ts';

/** What a page of the station needs of the browser's permissions: copying text, and the viewer over the whole screen. */
const NEEDED: ReadonlySet<string> = new Set(['clipboard-sanitized-write', 'fullscreen']);

type Asker = { getURL(): string } | null;

/** What the desktop app uses of Electron's Session. */
export type GuardedSession = {
  setPermissionRequestHandler(
    handler: (contents: Asker, permission: string, answer: (granted: boolean) => void) => void,
  ): void;
  setPermissionCheckHandler(handler: (contents: Asker, permission: string, requestingOrigin: string) => boolean): void;
  setDevicePermissionHandler(handler: () => boolean): void;
  setSpellCheckerEnabled(enabled: boolean): void;
  on(
    event: 'will-download',
    listener: (event: { preventDefault(): void }, item: { getURL(): string }) => void,
  ): unknown;
  readonly webRequest: {
    onBeforeRequest(
      listener: (details: { readonly url: string }, answer: (response: { cancel?: boolean }) => void) => void,
    ): void;
    onHeadersReceived(
      listener: (
        details: { readonly responseHeaders?: Record<string, string[]> },
        answer: (response: { responseHeaders?: Record<string, string | string[]> }) => void,
      ) => void,
    ): void;
  };
};

/** DevTools load their own pages and source maps; packaged, they are off. */
const DEVTOOLS = ['devtools:', 'chrome-extension:'];

/** Closes the session to everything but the station: traffic, permissions, devices, downloads, spelling dictionaries. */
export function guardSession(
  session: GuardedSession,
  origin: () => string,
  options: { readonly devTools: boolean },
): void {
  const isNeeded = (permission: string, asker: string): boolean =>
    NEEDED.has(permission) && isSameOrigin(asker, origin());

  session.setPermissionRequestHandler((contents, permission, answer) =>
    answer(isNeeded(permission, contents?.getURL() ?? '')),
  );
  session.setPermissionCheckHandler((_, permission, requestingOrigin) => isNeeded(permission, requestingOrigin));
  session.setDevicePermissionHandler(() => false);
  session.setSpellCheckerEnabled(false);
  session.on('will-download', (event, item) => {
    if (!isSameOrigin(item.getURL(), origin())) event.preventDefault();
  });
  session.webRequest.onBeforeRequest(({ url }, answer) => {
    const inline = url.startsWith('data:');
    const tools = options.devTools && DEVTOOLS.includes(URL.parse(url)?.protocol ?? '');
    answer({ cancel: !inline && !tools && !isOwnTraffic(url, origin()) });
  });
  session.webRequest.onHeadersReceived(({ responseHeaders }, answer) =>
    answer({ responseHeaders: withContentPolicy(responseHeaders ?? {}) }),
  );
}
