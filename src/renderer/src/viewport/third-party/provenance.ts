import { type DicomJson, itemsOf, personNameOf, textOf } from '../dicom-json.ts';
import { TAG } from '../tags.ts';

/** Who made an object that others sent, and when, as it says itself. */
export type Provenance = {
  /** SOP Instance UID. */
  readonly id: string;
  readonly seriesUid: string;
  /** The person it names as its maker, as stored; null where it names none. */
  readonly person: string | null;
  /** Manufacturer and model, or the institution where neither is named. */
  readonly maker: string | null;
  /** DICOM date of its making, as stored. */
  readonly dateRaw: string | null;
  /** The series of each image it names, by SOP Instance UID, as far as it says. */
  readonly seriesOf: ReadonlyMap<string, string>;
};

/** Reads who made an object; null of one without an identifier, which nothing can name. */
export function provenanceOf(dataSet: DicomJson, seriesUid: string): Provenance | null {
  const id = textOf(dataSet, TAG.SOPInstanceUID);
  if (id === null) return null;
  const made = [textOf(dataSet, '00080070'), textOf(dataSet, '00081090')].filter((part) => part !== null);
  return {
    id,
    seriesUid,
    person: personNameOf(dataSet, '00700084') ?? personNameOf(dataSet, '00081070'),
    maker: made.length > 0 ? made.join(' ') : textOf(dataSet, '00080080'),
    dateRaw: textOf(dataSet, '00700082') ?? textOf(dataSet, '00080023') ?? textOf(dataSet, '00080012'),
    seriesOf: seriesNamedIn(dataSet),
  };
}

/** Where it lists what it names: by series, below studies where they are told apart (PS3.3 §C.12.1.1, §C.17.2, §C.11.11). */
function seriesNamedIn(dataSet: DicomJson): ReadonlyMap<string, string> {
  const studies = ['0040A375', '0040A385', '00081200'].flatMap((tag) => itemsOf(dataSet, tag));
  const series = [dataSet, ...studies].flatMap((item) => itemsOf(item, '00081115'));
  const named = new Map<string, string>();
  for (const one of series.slice(0, MOST_NAMED)) {
    const seriesUid = textOf(one, '0020000E');
    if (seriesUid === null) continue;
    for (const item of ['00081199', '00081140', '0008114A'].flatMap((tag) => itemsOf(one, tag)).slice(0, MOST_NAMED)) {
      const sopUid = textOf(item, '00081155');
      if (sopUid !== null) named.set(sopUid, seriesUid);
    }
  }
  return named;
}

const MOST_NAMED = 20_000;
