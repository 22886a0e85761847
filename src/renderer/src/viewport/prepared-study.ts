import type { StudyDetail } from '../../../shared/contract/studies.ts';
import { useSession, userOf } from '../bridge/session.ts';
import { shareNow } from './engine.ts';
import { loadAhead } from './loaded-image.ts';
import { outwards } from './prefetch.ts';
import { SeriesShelf } from './series-shelf.ts';
import { type FrameAddress, openingIndex } from './stack.ts';

/** Of the next study, images are made ready up to this share of what this window may keep. */
const READY_SHARE = 1 / 8;

/** What is made ready: the study that follows the one being read, and the one somebody is about to open. */
export type Place = 'next' | 'opening';

const prepared = new Map<Place, { readonly key: string; readonly shelf: SeriesShelf }>();
/** What was taken of each study last, which may be open still. */
const taken = new Map<string, SeriesShelf>();

/** A study as one answer of the station had it: with another revision it may have other images, with another identity another patient's name on them. */
type StudyAsOf = {
  readonly dicomwebPath: string;
  readonly studyUid: string;
  readonly revision: number;
  readonly patientId: string;
  readonly identityVersion: number;
};

/** What of a study tells what its images are and whose. */
export function asOf({ dicomwebPath, row, identityVersion }: StudyDetail): StudyAsOf {
  const { studyUid, revision, patient } = row;
  return { dicomwebPath, studyUid, revision, patientId: patient.patientId, identityVersion };
}

/**
 * The images of a study: those that were made ready for it as it is known to be, or a shelf that is still empty; never what was made
 * ready before more images came, which would be missing without a word. Who takes it closes it.
 */
export function takeShelf(study: StudyAsOf): SeriesShelf {
  const key = keyOf(study);
  for (const [other, shelf] of taken) if (shelf.isClosed) taken.delete(other);
  const shelf = takeReady(key) ?? new SeriesShelf(study.dicomwebPath, study.studyUid);
  taken.set(key, shelf);
  return shelf;
}

function takeReady(key: string): SeriesShelf | null {
  for (const [place, ready] of prepared) {
    if (ready.key !== key) continue;
    prepared.delete(place);
    return ready.shelf;
  }
  return null;
}

/** What of a study is made ready: the metadata of these series, and so many images of the first at most, from this frame on. */
export type ToPrepare = {
  readonly series: readonly string[];
  readonly images: number;
  /** Null: from its middle on. */
  readonly frame?: FrameAddress | null;
};

/**
 * Makes a study ready: the image its first series opens with first, one image after another so that nothing waits for it. What was
 * ready of another in its place is let go.
 */
export async function prepareStudy(study: StudyAsOf, place: Place, wanted: ToPrepare): Promise<void> {
  const key = keyOf(study);
  if (taken.get(key)?.isClosed === false) return;
  const elsewhere = [...prepared].find(([, ready]) => ready.key === key);
  // The next one's images are made ready whichever way it was begun.
  if (elsewhere !== undefined && (elsewhere[0] === place || place === 'opening')) return;
  if (elsewhere !== undefined) prepared.delete(elsewhere[0]);
  prepared.get(place)?.shelf.close();
  const shelf = elsewhere?.[1].shelf ?? new SeriesShelf(study.dicomwebPath, study.studyUid);
  prepared.set(place, { key, shelf });
  const [asked] = wanted.series.map((seriesUid) => shelf.stack(seriesUid));
  const first = await asked;
  if (!first?.ok) {
    // Asked again, it may be had.
    if (prepared.get(place)?.shelf === shelf) prepared.delete(place);
    return;
  }
  const { images } = first.value;
  const order = outwards(openingIndex(first.value, wanted.frame ?? null), images.length).slice(0, wanted.images);
  let bytes = 0;
  for (const [count, index] of order.entries()) {
    const image = images[index];
    bytes += image?.bytes ?? 0;
    // Who has taken it meanwhile sees to the rest; the first is what they wait for.
    if (bytes > shareNow() * READY_SHARE || (count > 0 && prepared.get(place)?.shelf !== shelf)) return;
    // One that cannot be had now is asked for again when it is looked at.
    await loadAhead(image).catch(() => undefined);
  }
}

/** Lets go of what was made ready and not taken. */
function forgetPrepared(): void {
  for (const { shelf } of prepared.values()) shelf.close();
  prepared.clear();
}

function keyOf({ dicomwebPath, studyUid, revision, patientId, identityVersion }: StudyAsOf): string {
  return [dicomwebPath, studyUid, revision, patientId, identityVersion].join(' ');
}

// Nothing of a patient stays for whoever sits down next, nor for whoever signs in elsewhere in this browser.
useSession.subscribe((session, before) => {
  if (session.state === 'signed-out' || userOf(session) !== userOf(before)) forgetPrepared();
});
