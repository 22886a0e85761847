import path from 'node:path';
import { app, BrowserWindow, ipcMain, Menu, powerMonitor } from 'electron';
import { askAfterRefusal, confirmQuit } from './ask.ts';
import { answerDesktopCalls } from './desktop-calls.ts';
import { guardContents } from './guard-contents.ts';
import { type LogFile, openLogFile } from './log-file.ts';
import { menuTemplate } from './menu.ts';
import { pageActions } from './page-actions.ts';
import { openQuit } from './quit.ts';
import { openGuardedSession } from './session.ts';
import { openTray } from './tray.ts';
import { windowOptions } from './window-options.ts';
import { openWindows, type Windows } from './windows.ts';
import type { Words } from './words.ts';

/** What stands around a station, its own or another's: windows, tray, log, and the way out. */
export type Shell = {
  readonly log: LogFile;
  say(words: string): void;
  /** Opens the window on the station, or leads the open ones there. */
  stationIsReady(origin: string): void;
  /** Says why there is no station. Resolves true when the person wants another attempt; else the app quits. */
  refuse(code: string, words: Words): Promise<boolean>;
  /** What is to end before the app does. */
  stopFirst(stop: () => Promise<void>): void;
};

/** No page has this origin: until a station is there, nothing loads. */
const NOWHERE = 'none:';

// Both relative to out/main, in the repository as in the packaged archive.
const PRELOAD = path.join(import.meta.dirname, '../preload/index.cjs');
const ICONS = path.join(import.meta.dirname, '../../resources/icons');

/** Opens everything but the station. Quitting asks where that ends receiving. Electron is ready. */
export function openShell(options: { readonly asksBeforeQuit: boolean }): Shell {
  const devTools = !app.isPackaged;
  const log = openLogFile(path.join(app.getPath('logs'), 'wetread.log'));
  let origin = NOWHERE;
  let windows: Windows | null = null;
  let stop = async (): Promise<void> => {};

  const session = openGuardedSession(() => origin, devTools);
  app.on('web-contents-created', (_, contents) => guardContents(contents, () => origin));
  Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(process.platform, devTools)));

  const quit = openQuit({
    confirm: options.asksBeforeQuit ? confirmQuit : async () => true,
    stop: () => stop(),
    leave: () => app.exit(0),
  });
  const leaveAtOnce = (): void => void quit.request({ ask: false });
  app.on('before-quit', (event) => quit.beforeQuit(event));
  powerMonitor.on('shutdown', leaveAtOnce);
  process.on('SIGTERM', leaveAtOnce);
  process.on('SIGINT', leaveAtOnce);

  const open = (): void => windows?.showMain();
  app.on('second-instance', open);
  app.on('activate', open);
  // Without a listener Electron would quit here; receiving goes on in the tray.
  app.on('window-all-closed', () => log.event('windows-closed'));
  const tray = openTray(ICONS, { open, quit: () => void quit.request({ ask: true }) });
  answerDesktopCalls(
    ipcMain,
    () => origin,
    pageActions(() => windows),
  );

  return {
    log,
    say: (words) => tray.say(words),
    stationIsReady(readyOrigin) {
      origin = readyOrigin;
      if (windows) return windows.stationIsReady(readyOrigin);
      const look = windowOptions({ session, preload: PRELOAD, devTools, icon: path.join(ICONS, 'window.png') });
      windows = openWindows(() => new BrowserWindow(look), readyOrigin, Date.now);
      windows.showMain();
    },
    async refuse(code, words) {
      log.event('refused', { code });
      if ((await askAfterRefusal(words)) === 'again') return true;
      await quit.request({ ask: false });
      return false;
    },
    stopFirst(first) {
      stop = first;
    },
  };
}
