import { z } from 'zod';

/** What the page may ask of the desktop shell: dialogs, notifications and windows, nothing else. Parsed in Electron main. */

/** A notice of the operating system. It shows on lock screens: the page puts no patient data into it. */
export const DesktopNotice = z.strictObject({
  title: z.string().min(1).max(120),
  body: z.string().max(400),
  /** Told back through `onOpenStudy` when a person clicks the notice. */
  studyId: z.uuid().optional(),
});
export type DesktopNotice = z.infer<typeof DesktopNotice>;

/** Asks a person for files or a folder of this machine. */
export const DesktopOpenDialog = z.strictObject({
  kind: z.enum(['file', 'files', 'folder']),
  title: z.string().min(1).max(120),
  /** Without the dot; empty: any. */
  extensions: z.array(z.string().regex(/^[a-z0-9]{1,10}$/)).max(20),
});
export type DesktopOpenDialog = z.infer<typeof DesktopOpenDialog>;

/** A page of the station to show in a window of its own: an absolute path, so that no other origin can be named. */
export const DesktopPopOut = z.strictObject({
  path: z
    .string()
    .max(2000)
    .regex(/^\/(?![/\\])[^\\\s]*$/),
});
export type DesktopPopOut = z.infer<typeof DesktopPopOut>;

/** The calls a page makes, by channel: what they carry and what they answer. */
export type DesktopCalls = {
  readonly 'desktop:notify': { readonly request: DesktopNotice; readonly answer: 'shown' | 'unsupported' };
  readonly 'desktop:open-dialog': { readonly request: DesktopOpenDialog; readonly answer: readonly string[] };
  readonly 'desktop:pop-out': { readonly request: DesktopPopOut; readonly answer: 'opened' | 'too-many-windows' };
};
export type DesktopChannel = keyof DesktopCalls;

/** How each call's request is parsed; Electron main refuses what does not match. */
export const DESKTOP_REQUESTS: {
  readonly [C in DesktopChannel]: z.ZodType<DesktopCalls[C]['request']>;
} = {
  'desktop:notify': DesktopNotice,
  'desktop:open-dialog': DesktopOpenDialog,
  'desktop:pop-out': DesktopPopOut,
};

/** What Electron main tells a page, by channel. */
export type DesktopNews = { readonly 'desktop:open-study': { readonly studyId: string } };

/** `window.desktop`: there only inside the desktop app, so the page asks whether it is. */
export type DesktopBridge = {
  readonly platform: string;
  /** Shows a notice of the operating system, or says that this machine has none. */
  notify(notice: DesktopNotice): Promise<'shown' | 'unsupported'>;
  /** Gives the chosen paths; none when the person cancelled. */
  openDialog(dialog: DesktopOpenDialog): Promise<readonly string[]>;
  /** Opens a page of the station in a window of its own. */
  popOutWindow(popOut: DesktopPopOut): Promise<'opened' | 'too-many-windows'>;
  /** Calls the listener with the study of a clicked notice; gives the way to stop listening. */
  onOpenStudy(listener: (studyId: string) => void): () => void;
};
