import {
  DESKTOP_REQUESTS,
  type DesktopCalls,
  type DesktopChannel,
  type DesktopNotice,
  type DesktopOpenDialog,
} from '../../shared/contract/desktop.ts';

/** Who calls: the frame is null when it has gone since, its parent null when it is the top one. */
export type Caller<W> = {
  readonly sender: W;
  readonly senderFrame: { readonly origin: string; readonly parent: unknown } | null;
};

/** What the desktop app uses of Electron's ipcMain. */
export type CallReceiver<W> = {
  handle(channel: string, listener: (caller: Caller<W>, request: unknown) => unknown): void;
};

/** What the calls do, each with the page that asked. */
export type DesktopActions<W> = {
  readonly notify: (notice: DesktopNotice, from: W) => DesktopCalls['desktop:notify']['answer'];
  readonly openDialog: (dialog: DesktopOpenDialog, from: W) => Promise<readonly string[]>;
  readonly popOut: (path: string, from: W) => DesktopCalls['desktop:pop-out']['answer'];
};

/** Answers the pages' calls: only to the top frame of a page on the station's origin, and only what parses. */
export function answerDesktopCalls<W>(
  receiver: CallReceiver<W>,
  origin: () => string,
  actions: DesktopActions<W>,
): void {
  const answer = <C extends DesktopChannel>(
    channel: C,
    act: (request: DesktopCalls[C]['request'], from: W) => unknown,
  ): void => {
    receiver.handle(channel, (caller, request) => {
      const frame = caller.senderFrame;
      if (!frame || frame.parent !== null || frame.origin !== origin()) throw new Error('not a page of the station');
      const parsed = DESKTOP_REQUESTS[channel].safeParse(request);
      // The reason stays here: it would quote what the page sent.
      if (!parsed.success) throw new Error(`${channel}: not understood`);
      return act(parsed.data, caller.sender);
    });
  };

  answer('desktop:notify', (notice, from) => actions.notify(notice, from));
  answer('desktop:open-dialog', (dialog, from) => actions.openDialog(dialog, from));
  answer('desktop:pop-out', ({ path }, from) => actions.popOut(path, from));
}
