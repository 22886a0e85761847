import { type DicomJson, itemsOf, numbersOf, textOf } from '../dicom-json.ts';
import type { FrameAddress } from '../stack.ts';

/** Images by SOP Instance UID, each with the frames that are meant, counted from 1; null: all its frames. */
export type ImageReferences = ReadonlyMap<string, ReadonlySet<number> | null>;

/** No object names more images than this. */
const MOST_REFERENCES = 20_000;

/** The images that items of a Referenced Image or SOP Sequence name (PS3.3 §10.3, §C.17.3). */
export function readReferences(items: readonly DicomJson[]): ImageReferences {
  const references = new Map<string, ReadonlySet<number> | null>();
  for (const item of items.slice(0, MOST_REFERENCES)) {
    const sopUid = textOf(item, '00081155');
    if (sopUid === null) continue;
    const frames = numbersOf(item, '00081160').filter((frame) => Number.isInteger(frame) && frame >= 1);
    const before = references.get(sopUid);
    // Named once without frames, all of them are meant, whatever other items say.
    const isWhole = frames.length === 0 || before === null;
    references.set(sopUid, isWhole ? null : new Set([...(before ?? []), ...frames]));
  }
  return references;
}

/** The images of a Referenced Image Sequence (0008,1140) of this item; null where it has none, which means all that the object names. */
export function referencedImages(item: DicomJson): ImageReferences | null {
  const items = itemsOf(item, '00081140');
  return items.length === 0 ? null : readReferences(items);
}

/** Whether this frame is meant. */
export function names(references: ImageReferences, { sopUid, frameNumber }: FrameAddress): boolean {
  const frames = references.get(sopUid);
  return frames === null || frames?.has(frameNumber) === true;
}

/** Two lists of images as one. */
export function joinReferences(all: readonly ImageReferences[]): ImageReferences {
  const joined = new Map<string, ReadonlySet<number> | null>();
  for (const references of all)
    for (const [sopUid, frames] of references) {
      const before = joined.get(sopUid);
      joined.set(sopUid, frames === null || before === null ? null : new Set([...(before ?? []), ...frames]));
    }
  return joined;
}
