import { shareNow } from './engine.ts';
import { loadAhead } from './loaded-image.ts';
import { outwards } from './prefetch.ts';
import { SeriesShelf } from './series-shelf.ts';

/** Of the next study, images are made ready up to this share of what this window may keep. */
const READY_SHARE = 1 / 8;

let prepared: { readonly key: string; readonly shelf: SeriesShelf } | null = null;

/** The images of a study: those that were made ready for it, or a shelf that is still empty. Who takes it closes it. */
export function takeShelf(dicomwebPath: string, studyUid: string): SeriesShelf {
  const ready = prepared;
  if (ready?.key !== keyOf(dicomwebPath, studyUid)) return new SeriesShelf(dicomwebPath, studyUid);
  prepared = null;
  return ready.shelf;
}

/** Makes the study ready that is opened next, its middle image first, one image after another so that nothing waits for it; what was ready of another is let go. */
export async function prepareStudy(dicomwebPath: string, studyUid: string, seriesUid: string): Promise<void> {
  const key = keyOf(dicomwebPath, studyUid);
  if (prepared?.key === key) return;
  forgetPrepared();
  const shelf = new SeriesShelf(dicomwebPath, studyUid);
  prepared = { key, shelf };
  const stack = await shelf.stack(seriesUid);
  if (!stack.ok) return;
  const { images } = stack.value;
  let bytes = 0;
  for (const index of outwards(Math.floor(images.length / 2), images.length)) {
    const image = images[index];
    bytes += image?.bytes ?? 0;
    if (bytes > shareNow() * READY_SHARE || prepared?.shelf !== shelf) return;
    // One that cannot be had now is asked for again when it is looked at.
    await loadAhead(image).catch(() => undefined);
  }
}

/** Lets go of what was made ready and not taken: when nobody reads, no pixel stays. */
export function forgetPrepared(): void {
  prepared?.shelf.close();
  prepared = null;
}

function keyOf(dicomwebPath: string, studyUid: string): string {
  return `${dicomwebPath} ${studyUid}`;
}
