/** The dark ground of the page, so that no white flashes in a dark reading room before it is painted. */
const BACKGROUND = '#101214';

/** How every window is made. Generic over the session, so that tests need none of Electron's. */
export function windowOptions<S>(options: {
  readonly session: S;
  readonly preload: string;
  readonly devTools: boolean;
  readonly icon: string;
}) {
  return {
    width: 1440,
    height: 900,
    minWidth: 1024,
    minHeight: 700,
    title: 'Wetread',
    icon: options.icon,
    backgroundColor: BACKGROUND,
    show: false,
    autoHideMenuBar: true,
    webPreferences: {
      session: options.session,
      preload: options.preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      safeDialogs: true,
      spellcheck: false,
      devTools: options.devTools,
    },
  } as const;
}
