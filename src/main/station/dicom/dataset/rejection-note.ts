import type { Dataset } from './dataset.ts';
import { items, text } from './values.ts';

/** A Key Object Selection document whose title rejects what it references (IHE RAD, Image Object Change Management). */
export type RejectionNote = {
  readonly title: RejectionTitle;
  /** Everything it names as evidence, each once. */
  readonly references: readonly RejectedInstance[];
};

/** An instance as a note names it: the UID alone might be another study's as well. */
export type RejectedInstance = { readonly studyUid: string; readonly sopUid: string };

const KEY_OBJECT_SELECTION = '1.2.840.10008.5.1.4.1.1.88.59';
/** Document titles of CID 7010 that reject, by their DCM code (PS3.16). */
const TITLES = {
  '113001': 'rejected-for-quality',
  '113037': 'rejected-for-patient-safety',
  '113038': 'incorrect-worklist-entry',
  '113039': 'retention-expired',
} as const;
export type RejectionTitle = (typeof TITLES)[keyof typeof TITLES];

/** The rejection that an object declares, or null for any other object. */
export function readRejectionNote(dataset: Dataset): RejectionNote | null {
  if (text(dataset, 'SOPClassUID') !== KEY_OBJECT_SELECTION) return null;
  const [title] = items(dataset, 'ConceptNameCodeSequence');
  if (title === undefined || text(title, 'CodingSchemeDesignator') !== 'DCM') return null;
  const code = text(title, 'CodeValue');
  if (code === null || !isTitle(code)) return null;
  // What lies in other studies than the note's is named as other evidence (PS3.3 §C.17.6.2).
  const evidence = ['CurrentRequestedProcedureEvidenceSequence', 'PertinentOtherEvidenceSequence'];
  const references = evidence
    .flatMap((sequence) => items(dataset, sequence))
    .flatMap((study) => {
      const studyUid = text(study, 'StudyInstanceUID') ?? '';
      return items(study, 'ReferencedSeriesSequence')
        .flatMap((series) => items(series, 'ReferencedSOPSequence'))
        .map((reference) => ({ studyUid, sopUid: text(reference, 'ReferencedSOPInstanceUID') ?? '' }));
    })
    .filter(({ studyUid, sopUid }) => studyUid !== '' && sopUid !== '');
  const byUids = new Map(references.map((one) => [`${one.studyUid} ${one.sopUid}`, one]));
  return { title: TITLES[code], references: [...byUids.values()] };
}

function isTitle(code: string): code is keyof typeof TITLES {
  return Object.hasOwn(TITLES, code);
}
