/** What the desktop app uses of Electron's BrowserWindow. */
export type AppWindow = {
  readonly webContents: {
    send(channel: string, news: unknown): void;
    getURL(): string;
    on(
      event: 'did-fail-load',
      listener: (event: unknown, errorCode: number, description: string, url: string, isMainFrame: boolean) => void,
    ): unknown;
    on(event: 'render-process-gone', listener: (event: unknown, gone: { readonly reason: string }) => void): unknown;
  };
  loadURL(url: string): Promise<void>;
  show(): void;
  focus(): void;
  isMinimized(): boolean;
  restore(): void;
  once(event: 'ready-to-show' | 'closed', listener: () => void): unknown;
};

export type Windows = {
  /** Brings the main window to the front, opening it where it is closed. */
  showMain(): void;
  /** Opens a page of the station in a window of its own. */
  popOut(path: string): 'opened' | 'too-many-windows';
  /** Brings the main window to the front and tells its page which study to open. */
  openStudy(studyId: string): void;
  /** The station is ready (again) there: pages that failed load anew, and all of them when the origin is another. */
  stationIsReady(origin: string): void;
};

const MOST_POP_OUTS = 8;
/** Chromium says a load was given up for another one: no failure. */
const ABORTED = -3;
const CRASH_PAUSE_MS = 10_000;

/** Owns the windows, all of them on the station's origin, which may change when the station starts again. */
export function openWindows(make: () => AppWindow, firstOrigin: string, now: () => number): Windows {
  let origin = firstOrigin;
  let main: AppWindow | null = null;
  const open = new Map<AppWindow, { failed: boolean; path: string; crashedAtMs: number }>();

  const load = (window: AppWindow, path: string): void => {
    const page = open.get(window);
    if (page) Object.assign(page, { failed: false, path });
    // Told by did-fail-load as well, which also knows of reloads.
    window.loadURL(new URL(path, origin).href).catch(() => undefined);
  };

  /** The page within the station, kept while an error page is shown in its place. */
  const pathOf = (window: AppWindow, last: string): string => {
    const url = URL.parse(window.webContents.getURL());
    return url && url.origin === origin ? `${url.pathname}${url.search}${url.hash}` : last;
  };

  const openAt = (path: string): AppWindow => {
    const window = make();
    const page = { failed: false, path, crashedAtMs: Number.NEGATIVE_INFINITY };
    open.set(window, page);
    window.once('ready-to-show', () => window.show());
    window.once('closed', () => {
      open.delete(window);
      if (main === window) main = null;
    });
    window.webContents.on('did-fail-load', (_, errorCode, __, ___, isMainFrame) => {
      if (isMainFrame && errorCode !== ABORTED) page.failed = true;
    });
    window.webContents.on('render-process-gone', (_, { reason }) => {
      if (reason === 'clean-exit') return;
      // A page that crashes as soon as it is shown would otherwise do so for ever.
      if (now() - page.crashedAtMs < CRASH_PAUSE_MS) return;
      page.crashedAtMs = now();
      load(window, pathOf(window, page.path));
    });
    load(window, path);
    return window;
  };

  const toFront = (window: AppWindow): void => {
    if (window.isMinimized()) window.restore();
    window.show();
    window.focus();
  };

  return {
    showMain() {
      if (main) toFront(main);
      else main = openAt('/');
    },
    popOut(path) {
      const popOuts = open.size - (main ? 1 : 0);
      if (popOuts >= MOST_POP_OUTS) return 'too-many-windows';
      openAt(path);
      return 'opened';
    },
    openStudy(studyId) {
      if (!main) {
        main = openAt('/');
        return;
      }
      toFront(main);
      main.webContents.send('desktop:open-study', { studyId });
    },
    stationIsReady(readyOrigin) {
      const paths = [...open].map(([window, page]) => ({
        window,
        failed: page.failed,
        path: pathOf(window, page.path),
      }));
      const moved = readyOrigin !== origin;
      origin = readyOrigin;
      for (const { window, failed, path } of paths) if (moved || failed) load(window, path);
    },
  };
}
