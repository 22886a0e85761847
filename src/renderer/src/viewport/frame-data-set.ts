import { type DicomJson, itemsOf } from './dicom-json.ts';
import { FRAME_NUMBER } from './picture/overlay-planes.ts';
import { TAG } from './tags.ts';

/** What tells of all frames at once, or of no frame's place that pixels are drawn by. */
const OF_THE_OBJECT: ReadonlySet<string> = new Set([
  TAG.NumberOfFrames,
  TAG.SharedFunctionalGroupsSequence,
  TAG.PerFrameFunctionalGroupsSequence,
  TAG.DetectorInformationSequence,
]);

/**
 * Gives for each frame of an object, counted from 0, a data set as if it were an object of its own: what its functional groups
 * say of it, else what the shared ones say, else the object (PS3.3 §C.7.6.16).
 */
export function frameDataSets(dataSet: DicomJson): (frame: number) => DicomJson {
  const ownItems = itemsOf(dataSet, TAG.PerFrameFunctionalGroupsSequence);
  const shared = flatten(itemsOf(dataSet, TAG.SharedFunctionalGroupsSequence)[0]);
  // Of most objects nothing is left out: two thousand of them are not taken apart for that.
  const all = OF_THE_OBJECT.values().some((tag) => tag in dataSet)
    ? Object.fromEntries(Object.entries(dataSet).filter(([tag]) => !OF_THE_OBJECT.has(tag)))
    : dataSet;
  return (frame) => ({
    ...all,
    ...shared,
    ...flatten(ownItems[frame]),
    [FRAME_NUMBER]: { vr: 'IS', Value: [frame + 1] },
  });
}

/** The attributes of the first item of each group; not of a maker's private ones, which repeat public attributes with other values. */
function flatten(groups: DicomJson | undefined): DicomJson {
  if (groups === undefined) return {};
  const known = Object.keys(groups).filter((tag) => Number.parseInt(tag.slice(0, 4), 16) % 2 === 0);
  return Object.assign({}, ...known.map((tag) => itemsOf(groups, tag)[0] ?? {})) as DicomJson;
}
