import { err, ok, type Result } from '../../../shared/domain/result.ts';
import type { Dataset } from '../dicom/dataset/dataset.ts';
import { number, text, texts } from '../dicom/dataset/values.ts';
import type { DicomRecord } from '../dicom/dataset/write-dataset.ts';
import { DIMSE_STATUS } from '../dicom/dimse/status.ts';
import { echo } from '../dicom/scu.ts';
import type { AskFailure } from '../dicom/services/ask.ts';
import { findAt } from '../dicom/services/find.ts';
import { SERVICE_CLASSES } from '../dicom/services/sop-classes.ts';
import { freshRowId } from '../platform/ids.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import type { Actor } from '../platform/ledger/event.ts';
import { durable } from '../platform/store/durability.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { findRemote } from './peers.ts';
import { findStudyIdByUid } from './queries.ts';
import type { Archive } from './receive-object.ts';

/** What is asked of a peer; dates as YYYYMMDD. Text may hold the wildcards `*` and `?`. */
export type PeerQuestion = {
  readonly patientName?: string | undefined;
  readonly patientId?: string | undefined;
  readonly issuerOfPatientId?: string | undefined;
  readonly accession?: string | undefined;
  readonly studyUid?: string | undefined;
  readonly birthDate?: string | undefined;
  readonly description?: string | undefined;
  readonly dateFrom?: string | undefined;
  readonly dateTo?: string | undefined;
  readonly modality?: string | undefined;
};

/** A study as a peer describes it; null is what it did not say. */
export type PeerStudy = {
  readonly studyUid: string;
  readonly patientName: string | null;
  readonly patientId: string | null;
  readonly issuerOfPatientId: string | null;
  readonly birthDateRaw: string | null;
  readonly sex: string | null;
  readonly accession: string | null;
  readonly description: string | null;
  readonly dateRaw: string | null;
  readonly timeRaw: string | null;
  readonly modalities: readonly string[];
  readonly series: number | null;
  readonly instances: number | null;
  readonly availability: string | null;
  /** The same study here, where it is. */
  readonly studyId: string | null;
};

/** What a peer answered; `isWhole` is false where it has more than was taken. */
export type PeerAnswer = { readonly studies: readonly PeerStudy[]; readonly isWhole: boolean };

/** Why a peer gave no answer. */
export type PeerFailure = {
  readonly code:
    | 'peer-not-found'
    | 'peer-unreachable'
    | 'peer-refuses-us'
    | 'service-not-offered'
    | 'peer-answer-failed';
};

const MOST_STUDIES = 500;
/** Somebody waits for the answer, or it is asked again soon. */
export const ASK_TIMEOUT_MS = 30_000;

/** Asks a peer which studies it has (C-FIND, study root); recorded as a search before it is answered. */
export async function queryPeer(
  { db, clock }: Pick<Archive, 'db' | 'clock'>,
  who: { readonly siteId: string; readonly peerId: string; readonly actor: Actor },
  question: PeerQuestion,
): Promise<Result<PeerAnswer, PeerFailure>> {
  const { siteId, peerId, actor } = who;
  const remote = findRemote(db, { siteId, peerId });
  if (remote === null) return err({ code: 'peer-not-found' });
  const about = { siteId, actor, correlationId: freshRowId() };
  inTransaction(db, () =>
    appendEvent(db, { kind: 'search-begun', payload: { surface: 'peer' }, ...about, atMs: clock.nowMs() }),
  );
  await durable(db); // a name or a number of a patient leaves with the question
  const found: Omit<PeerStudy, 'studyId'>[] = [];
  const ended = await findAt(
    { ...remote, responseMs: ASK_TIMEOUT_MS },
    SERVICE_CLASSES['study-root-find'],
    keysOf(question),
    {
      limit: MOST_STUDIES + 1,
      onMatch: (match) => {
        const study = parseStudy(match);
        if (study && fits(study, question)) found.push(study);
      },
    },
  );
  inTransaction(db, () =>
    appendEvent(db, {
      kind: 'studies-searched',
      payload: { surface: 'peer', results: found.length },
      ...{ ...about, atMs: clock.nowMs() },
    }),
  );
  if (!ended.ok) return err(failureOf(ended.error));
  const { status, matches } = ended.value;
  const isWhole = status === DIMSE_STATUS.success && matches <= MOST_STUDIES;
  const isAnswer = isWhole || status === DIMSE_STATUS.cancelled || status === DIMSE_STATUS['match-limit-reached'];
  if (!isAnswer && found.length === 0) return err({ code: 'peer-answer-failed' });
  const studies = found
    .slice(0, MOST_STUDIES)
    .map((study) => ({ ...study, studyId: findStudyIdByUid(db, siteId, study.studyUid) }));
  return ok({ studies, isWhole });
}

/** Asks a peer whether it is there (C-ECHO): how long its answer took, in ms. */
export async function echoPeer(
  { db }: Pick<Archive, 'db'>,
  who: { readonly siteId: string; readonly peerId: string },
): Promise<Result<{ readonly tookMs: number }, PeerFailure>> {
  const remote = findRemote(db, who);
  if (remote === null) return err({ code: 'peer-not-found' });
  const startedAtMs = performance.now();
  const answer = await echo({ ...remote, responseMs: ASK_TIMEOUT_MS });
  if (!answer.ok) return err(failureOf(answer.error));
  if (answer.value !== DIMSE_STATUS.success) return err({ code: 'peer-answer-failed' });
  return ok({ tookMs: Math.round(performance.now() - startedAtMs) });
}

function keysOf(question: PeerQuestion): DicomRecord {
  const { patientName = '', dateFrom = '', dateTo = '' } = question;
  const date = dateFrom === '' && dateTo === '' ? '' : dateFrom === dateTo ? dateFrom : `${dateFrom}-${dateTo}`;
  return {
    // Only where a letter needs it: some peers know no other set than the default one.
    ...(/\P{ASCII}/u.test(JSON.stringify(question)) && { SpecificCharacterSet: 'ISO_IR 192' }),
    QueryRetrieveLevel: 'STUDY',
    PatientName: patientName,
    PatientID: question.patientId ?? '',
    IssuerOfPatientID: question.issuerOfPatientId ?? '',
    PatientBirthDate: question.birthDate ?? '',
    PatientSex: '',
    AccessionNumber: question.accession ?? '',
    StudyInstanceUID: question.studyUid ?? '',
    StudyDate: date,
    StudyTime: '',
    StudyDescription: question.description ?? '',
    ModalitiesInStudy: question.modality ?? '',
    NumberOfStudyRelatedSeries: '',
    NumberOfStudyRelatedInstances: '',
    InstanceAvailability: '',
  };
}

/** Matching on these is optional (PS3.4 Table C.6-5), and some peers pass over it; what a peer does not say fits. */
function fits(study: Omit<PeerStudy, 'studyId'>, question: PeerQuestion): boolean {
  const { modality, birthDate, description } = question;
  const isOf = modality === undefined || study.modalities.length === 0 || study.modalities.includes(modality);
  const isBorn = birthDate === undefined || study.birthDateRaw === null || study.birthDateRaw === birthDate;
  return isOf && isBorn && (study.description === null || matchesWildcards(study.description, description));
}

/** Wildcard matching (PS3.4 §C.2.2.2.4), whatever the case. */
function matchesWildcards(value: string, pattern: string | undefined): boolean {
  if (pattern === undefined) return true;
  const escaped = pattern.trim().replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'isu').test(value.trim());
}

/** What the answer says, or null where it does not say which study it is of. */
function parseStudy(match: Dataset): Omit<PeerStudy, 'studyId'> | null {
  const studyUid = text(match, 'StudyInstanceUID');
  if (studyUid === null || !/^[0-9.]{1,64}$/.test(studyUid)) return null;
  const count = (keyword: string): number | null => {
    const value = number(match, keyword);
    return value !== null && Number.isInteger(value) && value >= 0 ? value : null;
  };
  return {
    studyUid,
    patientName: text(match, 'PatientName'),
    patientId: text(match, 'PatientID'),
    issuerOfPatientId: text(match, 'IssuerOfPatientID'),
    birthDateRaw: text(match, 'PatientBirthDate'),
    sex: text(match, 'PatientSex'),
    accession: text(match, 'AccessionNumber'),
    description: text(match, 'StudyDescription'),
    dateRaw: text(match, 'StudyDate'),
    timeRaw: text(match, 'StudyTime'),
    modalities: texts(match, 'ModalitiesInStudy').filter((one) => one !== ''),
    series: count('NumberOfStudyRelatedSeries'),
    instances: count('NumberOfStudyRelatedInstances'),
    availability: text(match, 'InstanceAvailability'),
  };
}

function failureOf({ code }: AskFailure): PeerFailure {
  switch (code) {
    case 'cannot-connect':
      return { code: 'peer-unreachable' };
    case 'rejected':
      return { code: 'peer-refuses-us' };
    case 'context-refused':
      return { code: 'service-not-offered' };
    default:
      return { code: 'peer-answer-failed' };
  }
}
