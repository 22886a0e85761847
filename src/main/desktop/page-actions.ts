import { BrowserWindow, dialog, Notification, type OpenDialogOptions, type WebContents } from 'electron';
import type { DesktopOpenDialog } from '../../shared/contract/desktop.ts';
import type { DesktopActions } from './desktop-calls.ts';
import type { Windows } from './windows.ts';

const PROPERTIES: Readonly<Record<DesktopOpenDialog['kind'], OpenDialogOptions['properties']>> = {
  file: ['openFile'],
  files: ['openFile', 'multiSelections'],
  folder: ['openDirectory'],
};

/** Does what pages ask of the shell. */
export function pageActions(windows: () => Windows | null): DesktopActions<WebContents> {
  // A notice that nothing holds may be collected, and its click is lost with it.
  const shown = new Set<Notification>();

  return {
    notify({ title, body, studyId }) {
      if (!Notification.isSupported()) return 'unsupported';
      const notice = new Notification({ title, body });
      shown.add(notice);
      notice.on('close', () => shown.delete(notice));
      notice.on('click', () => {
        shown.delete(notice);
        if (studyId === undefined) windows()?.showMain();
        else windows()?.openStudy(studyId);
      });
      notice.show();
      return 'shown';
    },

    async openDialog({ kind, title, extensions }, from) {
      const filters = extensions.length > 0 ? [{ name: title, extensions: [...extensions] }] : [];
      const wanted: OpenDialogOptions = { title, filters, properties: PROPERTIES[kind] };
      const window = BrowserWindow.fromWebContents(from);
      const chosen = await (window ? dialog.showOpenDialog(window, wanted) : dialog.showOpenDialog(wanted));
      return chosen.filePaths;
    },

    popOut: (page) => windows()?.popOut(page) ?? 'too-many-windows',
  };
}
