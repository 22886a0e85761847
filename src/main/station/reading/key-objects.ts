import { findDisplayName } from '../access/index.ts';
import { findStudies, findStudyCard } from '../archive/index.ts';
import { keyObjectSelection, type SelectedImage } from '../dicom/dataset/key-object-selection.ts';
import type { DicomRecord } from '../dicom/dataset/write-dataset.ts';
import type { ReadableDb } from '../platform/store/database.ts';
import { type KeyImage, listKeyImages } from './key-images.ts';

/** The numbers of series that stand behind all a scanner makes. */
const FIRST_SERIES_NUMBER = 9001;

/**
 * The key images of a study as they leave the station: a Key Object Selection Document for each reader who marked any, with the
 * images that stand and leave with it (`leaving`: their SOP Instance UIDs). None where nothing was marked.
 */
export function keyObjectsOf(
  db: ReadableDb,
  input: { readonly studyId: string; readonly zone: string; readonly leaving: ReadonlySet<string> },
): readonly DicomRecord[] {
  const study = findStudyCard(db, input.studyId);
  if (study === null) return [];
  const standing = listKeyImages(db, study).filter(
    ({ sopUid, place }) => place.state === 'here' && input.leaving.has(sopUid),
  );
  if (standing.length === 0) return [];
  const [stated] = findStudies(db, [study.siteId], { studyUids: [study.studyUid] }, { limit: 1, offset: 0 });
  const { studyUid, dateRaw, timeRaw, accession, description } = study;
  const { dicomStudyId = null, referringPhysician = null } = stated ?? {};
  return [...Map.groupBy(standing, ({ userId }) => userId)].map(([userId, marks], index) =>
    keyObjectSelection({
      patient: study.patient,
      study: { studyUid, dateRaw, timeRaw, accession, description, dicomStudyId, referringPhysician },
      images: imagesOf(marks),
      pickedBy: findDisplayName(db, userId) ?? userId,
      ...localTime(Math.max(...marks.map(({ markedAtMs }) => markedAtMs)), input.zone),
      seriesNumber: FIRST_SERIES_NUMBER + index,
    }),
  );
}

/** Each object once, with all of its frames that were marked. */
function imagesOf(marks: readonly KeyImage[]): readonly SelectedImage[] {
  return [...Map.groupBy(marks, ({ sopUid }) => sopUid)].flatMap(([sopUid, ofObject]) => {
    const place = ofObject[0]?.place;
    if (place?.state !== 'here') return [];
    const { seriesUid, sopClassUid } = place;
    const frames = place.frames > 1 ? ofObject.map(({ frame }) => frame).toSorted((a, b) => a - b) : null;
    return [{ seriesUid, sopUid, sopClassUid, frames }];
  });
}

/** A moment by a site's clock, as DICOM writes it. */
function localTime(atMs: number, zone: string): { readonly date: string; readonly time: string } {
  const format = new Intl.DateTimeFormat('en-US', {
    ...{ timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit' },
    ...{ hour: '2-digit', minute: '2-digit', second: '2-digit' },
  });
  const part = Object.fromEntries(format.formatToParts(atMs).map(({ type, value }) => [type, value]));
  return {
    date: `${part['year']}${part['month']}${part['day']}`,
    time: `${part['hour']}${part['minute']}${part['second']}`,
  };
}
