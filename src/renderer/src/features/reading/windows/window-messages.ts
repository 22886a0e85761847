import { z } from 'zod';
import { PatientId, StudyId } from '../../../../../shared/domain/ids.ts';

const Vector = z.tuple([z.number(), z.number(), z.number()]);

/** Where a picture lies: what another window needs to show the same place. */
export const PlacedPicture = z.object({
  frameOfReferenceUid: z.string(),
  rows: z.number(),
  columns: z.number(),
  plane: z.object({
    ...{ originMm: Vector, alongRow: Vector, alongColumn: Vector },
    ...{ columnSpacing: z.number(), rowSpacing: z.number(), isGuessed: z.literal(true).optional() },
  }),
});
export type PlacedPicture = z.infer<typeof PlacedPicture>;

/** What the windows of one reading page tell each other: ids and places, never a name or a word. `main` names the page they belong to. */
export const WindowMessage = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('reading'), main: z.string(), studyId: StudyId, patientId: PatientId }),
  z.object({ kind: z.literal('not-reading'), main: z.string() }),
  z.object({ kind: z.literal('who'), main: z.string() }),
  z.object({ kind: z.literal('where'), main: z.string() }),
  z.object({
    kind: z.literal('place'),
    main: z.string(),
    from: z.string(),
    patientId: PatientId,
    picture: PlacedPicture,
    // Windows of one machine share its clock.
    toldAtMs: z.number(),
  }),
]);
export type WindowMessage = z.infer<typeof WindowMessage>;

const CHANNEL = 'wetread-viewer-windows';

/** The windows of one main window: what is told to them, and what they tell. */
export type WindowLine = { readonly tell: (message: WindowMessage) => void; readonly close: () => void };

/** Opens the line of a main window's windows; what is not for them, or does not read, is not heard. */
export function openWindowLine(main: string, onMessage: (message: WindowMessage) => void): WindowLine {
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = (event) => {
    const message = WindowMessage.safeParse(event.data);
    if (message.success && message.data.main === main) onMessage(message.data);
  };
  return { tell: (message) => channel.postMessage(message), close: () => channel.close() };
}
