import path from 'node:path';
import { Menu, Tray } from 'electron';

export type TrayIcon = { say(words: string): void };

/** Puts Wetread in the tray, where it stays when its windows are closed. Keep the result: a tray not held vanishes. */
export function openTray(
  iconFolder: string,
  actions: { readonly open: () => void; readonly quit: () => void },
): TrayIcon {
  // macOS recolours an image named so, with its alpha channel, for light and dark menu bars.
  const icon = process.platform === 'darwin' ? 'trayTemplate.png' : 'tray.png';
  const tray = new Tray(path.join(iconFolder, icon));
  tray.setContextMenu(
    Menu.buildFromTemplate([
      { label: 'Open Wetread', click: actions.open },
      { type: 'separator' },
      { label: 'Quit…', click: actions.quit },
    ]),
  );
  tray.on('click', actions.open);
  return { say: (words) => tray.setToolTip(words) };
}
