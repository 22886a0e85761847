import type { DesktopBridge, DesktopChannel, DesktopNews, DesktopCalls } from '../shared/contract/desktop.ts';

/** What the preload uses of Electron's ipcRenderer. */
export type Wire = {
  invoke(channel: string, request: unknown): Promise<unknown>;
  on(channel: string, listener: (event: unknown, news: unknown) => void): unknown;
  removeListener(channel: string, listener: (event: unknown, news: unknown) => void): unknown;
};

/** Makes `window.desktop`: each call one message, no event object of Electron's ever handed to the page. */
export function makeDesktopBridge(wire: Wire, platform: string): DesktopBridge {
  const call = <C extends DesktopChannel>(channel: C, request: DesktopCalls[C]['request']) =>
    wire.invoke(channel, request) as Promise<DesktopCalls[C]['answer']>;

  return {
    platform,
    notify: (notice) => call('desktop:notify', notice),
    openDialog: (dialog) => call('desktop:open-dialog', dialog),
    popOutWindow: (popOut) => call('desktop:pop-out', popOut),
    onOpenStudy(listener) {
      const channel = 'desktop:open-study' satisfies keyof DesktopNews;
      const hear = (_: unknown, news: unknown): void => listener((news as DesktopNews[typeof channel]).studyId);
      wire.on(channel, hear);
      return () => {
        wire.removeListener(channel, hear);
      };
    },
  };
}
