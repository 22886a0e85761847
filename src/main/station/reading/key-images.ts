import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { findInstance, findPatient, findStudyCard, listSeries, type StudyCard } from '../archive/index.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';

/** A picture that a reader picked out: one frame of an object, counted from 1. */
export type KeyImage = {
  readonly sopUid: string;
  readonly frame: number;
  readonly userId: string;
  readonly markedAtMs: number;
  /**
   * Where it is now; else why it does not stand: the study was another patient's when it was marked, or the image is not of this
   * study any more, or not shown. What does not stand is carried nowhere until its reader marks it anew.
   */
  readonly place:
    | { readonly state: 'here'; readonly seriesUid: string; readonly sopClassUid: string; readonly frames: number }
    | { readonly state: 'other-patient' | 'not-here' };
};

/** A picture, and whose study a reader takes it to be of. */
export type MarkKeyImage = {
  readonly siteId: string;
  readonly studyId: string;
  readonly patientId: string;
  /** Of that patient, as the reader was shown them. */
  readonly identityVersion: number;
  readonly sopUid: string;
  readonly frame: number;
  readonly userId: string;
  readonly atMs: number;
};

/** Why an image was not marked, or its mark not taken off. */
export type KeyImageRefusal = {
  readonly code: 'study-not-found' | 'identity-changed' | 'image-not-found' | 'too-many-key-images';
};

/** So many pick nothing out any more; and all of them are read at once. */
const MOST_OF_A_READER = 200;

/** Walks the primary key. */
const LIST = `
  SELECT sop_uid AS sopUid, frame, user_id AS userId, patient_id AS patientId, marked_at_ms AS markedAtMs
    FROM key_images WHERE study_id = ? ORDER BY marked_at_ms, sop_uid, frame
`;
const COUNT_OWN = 'SELECT count(*) AS marked FROM key_images WHERE study_id = ? AND user_id = ?';
const PUT = `
  INSERT INTO key_images (study_id, site_id, sop_uid, frame, user_id, patient_id, identity_version, marked_at_ms)
  VALUES (@studyId, @siteId, @sopUid, @frame, @userId, @patientId, @identityVersion, @atMs)
  ON CONFLICT (study_id, user_id, sop_uid, frame) DO UPDATE
     SET patient_id = excluded.patient_id, identity_version = excluded.identity_version, marked_at_ms = excluded.marked_at_ms
   WHERE patient_id <> excluded.patient_id
`;
const TAKE_OUT =
  'DELETE FROM key_images WHERE study_id = @studyId AND user_id = @userId AND sop_uid = @sopUid AND frame = @frame';

/**
 * Marks an image as key for one reader, or nothing where it is theirs already. A mark made under another patient is made anew.
 * Refused where the patient is not, or not any more, as the reader was shown them.
 */
export function markKeyImage(db: WritableDb, input: MarkKeyImage): Result<null, KeyImageRefusal> {
  return inTransaction(db, () => {
    const study = studyAsSeen(db, input);
    if (!study.ok) return study;
    const { siteId, studyId, patientId, identityVersion, sopUid, frame, userId, atMs } = input;
    const place = placeOf(db, study.value, sopUid, new Set(seriesOf(db, studyId)));
    if (place === null || frame > place.frames) return err({ code: 'image-not-found' });
    const values = { siteId, studyId, patientId, identityVersion, sopUid, frame, userId, atMs };
    if (prepared(db, PUT).run(values).changes === 0) return ok(null);
    if ((prepared<{ marked: number }>(db, COUNT_OWN).get(studyId, userId)?.marked ?? 0) > MOST_OF_A_READER)
      return err({ code: 'too-many-key-images' });
    tell(db, 'key-image-marked', study.value, input);
    return ok(null);
  });
}

/** Takes a reader's own mark off an image; nothing where there is none. Another reader's stays. Refused as marking is. */
export function unmarkKeyImage(db: WritableDb, input: MarkKeyImage): Result<null, KeyImageRefusal> {
  return inTransaction(db, () => {
    const study = studyAsSeen(db, input);
    if (!study.ok) return study;
    const { studyId, userId, sopUid, frame } = input;
    const taken = prepared(db, TAKE_OUT).run({ studyId, userId, sopUid, frame });
    if (taken.changes > 0) tell(db, 'key-image-unmarked', study.value, input);
    return ok(null);
  });
}

/** The key images of a study, in the order in which they were marked. */
export function listKeyImages(db: ReadableDb, study: StudyCard): readonly KeyImage[] {
  type Row = Omit<KeyImage, 'place'> & { readonly patientId: string };
  const series = new Set(seriesOf(db, study.studyId));
  return prepared<Row>(db, LIST)
    .all(study.studyId)
    .map(({ patientId, ...mark }): KeyImage => {
      if (patientId !== study.patient.patientId) return { ...mark, place: { state: 'other-patient' } };
      const place = placeOf(db, study, mark.sopUid, series);
      // An image that came again with fewer frames has not all that was marked.
      const isHere = place !== null && mark.frame <= place.frames;
      return { ...mark, place: isHere ? { state: 'here', ...place } : { state: 'not-here' } };
    });
}

function studyAsSeen(db: ReadableDb, input: MarkKeyImage): Result<StudyCard, KeyImageRefusal> {
  const study = findStudyCard(db, input.studyId);
  if (study === null || study.siteId !== input.siteId || !study.isShown) return err({ code: 'study-not-found' });
  const isSeen =
    study.patient.patientId === input.patientId &&
    findPatient(db, input.patientId)?.identityVersion === input.identityVersion;
  return isSeen ? ok(study) : err({ code: 'identity-changed' });
}

function seriesOf(db: ReadableDb, studyId: string): readonly string[] {
  return listSeries(db, studyId).map(({ seriesId }) => seriesId);
}

/** A picture of this study that is shown; null of anything else. */
function placeOf(db: ReadableDb, { siteId }: StudyCard, sopUid: string, series: ReadonlySet<string>) {
  const instance = findInstance(db, siteId, sopUid);
  if (instance === null || !series.has(instance.seriesId) || !instance.attributes.hasPixelData) return null;
  const { seriesUid, sopClassUid, frames } = instance;
  return { seriesUid, sopClassUid, frames };
}

function tell(
  db: WritableDb,
  kind: 'key-image-marked' | 'key-image-unmarked',
  { studyId, siteId, correlationId, patient }: StudyCard,
  { userId, sopUid, frame, identityVersion, atMs }: MarkKeyImage,
): void {
  appendEvent(db, {
    kind,
    payload: { userId, sopUid, frame, identityVersion },
    ...{ siteId, studyId, correlationId, atMs, patientId: patient.patientId },
    actor: { kind: 'user', id: userId },
  });
}
