import { useSession } from '../bridge/session.ts';
import { shareNow } from './engine.ts';
import { loadAhead } from './loaded-image.ts';
import { outwards } from './prefetch.ts';
import { SeriesShelf } from './series-shelf.ts';
import { openingIndex } from './stack.ts';

/** Of the next study, images are made ready up to this share of what this window may keep. */
const READY_SHARE = 1 / 8;

let prepared: { readonly key: string; readonly shelf: SeriesShelf } | null = null;

/** A study as one answer of the station had it: with another revision it may have other images. */
type StudyAsOf = { readonly dicomwebPath: string; readonly studyUid: string; readonly revision: number };

/**
 * The images of a study: those that were made ready for it as it is known to be, or a shelf that is still empty; never what was made
 * ready before more images came, which would be missing without a word. Who takes it closes it.
 */
export function takeShelf(study: StudyAsOf): SeriesShelf {
  const ready = prepared;
  if (ready?.key !== keyOf(study)) return new SeriesShelf(study.dicomwebPath, study.studyUid);
  prepared = null;
  return ready.shelf;
}

/** What of a study is made ready: the metadata of these series, and so many images of the first at most. */
type ToPrepare = { readonly series: readonly string[]; readonly images: number };

/**
 * Makes the study ready that is opened next, or now: the middle image of its first series first, one image after another so that
 * nothing waits for it. What was ready of another is let go.
 */
export async function prepareStudy(study: StudyAsOf, { series, images: most }: ToPrepare): Promise<void> {
  const key = keyOf(study);
  if (prepared?.key === key) return;
  forgetPrepared();
  const shelf = new SeriesShelf(study.dicomwebPath, study.studyUid);
  prepared = { key, shelf };
  const [asked] = series.map((seriesUid) => shelf.stack(seriesUid));
  const first = await asked;
  if (!first?.ok) return;
  const { images } = first.value;
  let bytes = 0;
  for (const [count, index] of outwards(openingIndex(first.value, null), images.length).slice(0, most).entries()) {
    const image = images[index];
    bytes += image?.bytes ?? 0;
    // Who has taken it meanwhile sees to the rest; the first is what they wait for.
    if (bytes > shareNow() * READY_SHARE || (count > 0 && prepared?.shelf !== shelf)) return;
    // One that cannot be had now is asked for again when it is looked at.
    await loadAhead(image).catch(() => undefined);
  }
}

/** Lets go of what was made ready and not taken: when nobody reads, no pixel stays. */
function forgetPrepared(): void {
  prepared?.shelf.close();
  prepared = null;
}

function keyOf({ dicomwebPath, studyUid, revision }: StudyAsOf): string {
  return `${dicomwebPath} ${studyUid} ${revision}`;
}

// Nothing of a patient stays for whoever sits down next.
useSession.subscribe((session) => {
  if (session.state === 'signed-out') forgetPrepared();
});
