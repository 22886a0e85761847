import type { DesktopBridge, DesktopNotice } from '../../../shared/contract/desktop.ts';

declare global {
  // oxlint-disable-next-line typescript/consistent-type-definitions -- the window is told of the preload by merging.
  interface Window {
    readonly desktop?: DesktopBridge;
  }
}

/** The desktop shell around this page; null in an ordinary browser. */
export function desktop(): DesktopBridge | null {
  return window.desktop ?? null;
}

/** Shows a notice of the operating system where there is a shell to show it; it may appear on a lock screen, so nothing of a patient belongs in it. */
export async function notifyDesktop(notice: DesktopNotice): Promise<void> {
  // A notice that cannot be shown is no failure: the page itself shows the same.
  await desktop()
    ?.notify(notice)
    .catch(() => undefined);
}
