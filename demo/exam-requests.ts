import type { StudyKind } from './make-study.ts';
import { seededRandom } from './random.ts';

/** How pressing whoever asked says it is. */
export const PRIORITIES = ['routine', 'urgent', 'stat'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** Who asks for examinations; none of them exists. */
export type Referrer = { readonly id: string; readonly family: string; readonly given: string };

/** Why somebody is to be examined: what an order says besides whom and what. */
export type ExamRequest = {
  readonly placerNumber: string;
  readonly fillerNumber: string;
  readonly procedureId: string;
  readonly stepId: string;
  readonly visitNumber: string;
  readonly priority: Priority;
  /** Of HL7 table 0004: emergency, inpatient, outpatient. */
  readonly patientClass: 'E' | 'I' | 'O';
  readonly location: string;
  readonly referrer: Referrer;
  readonly reason: string;
};

export const REFERRERS: readonly Referrer[] = [
  ['Referrer', 'Demo'],
  ['Overweiser', 'Ilse'],
  ['Consultova', 'Brita'],
  ['Askwith', 'Tobias'],
  ['Zuweiser', 'Anne'],
].map(([family = '', given = ''], index) => ({ id: `DEMODOC${index + 1}`, family, given }));

/** What each kind of examination is to the order system: its own code, and the LOINC code where one is certain. */
export const EXAMS: Readonly<Record<StudyKind, ExamCode>> = {
  'head-ct': { code: 'CTHEAD', words: 'CT head without contrast', modality: 'CT', loinc: '30799-1' },
  'chest-ct': { code: 'CTCHEST', words: 'CT chest without contrast', modality: 'CT', loinc: '29252-4' },
  'chest-radiograph': { code: 'XRCHEST2', words: 'XR chest 2 views', modality: 'DX', loinc: '36643-5' },
  'hand-radiograph': { code: 'XRHAND', words: 'XR hand', modality: 'DX', loinc: null },
  mammogram: { code: 'MGBIL', words: 'MG breast bilateral', modality: 'MG', loinc: '36626-0' },
  'brain-mr': { code: 'MRBRAIN', words: 'MR brain', modality: 'MR', loinc: null },
  ultrasound: { code: 'USCAROTID', words: 'US carotid duplex', modality: 'US', loinc: null },
  'pet-ct': { code: 'PETCHEST', words: 'PET/CT chest FDG', modality: 'PT', loinc: null },
};
export type ExamCode = {
  readonly code: string;
  readonly words: string;
  readonly modality: string;
  readonly loinc: string | null;
};

const REASONS: Readonly<Record<StudyKind, readonly string[]>> = {
  'head-ct': ['Fall, on anticoagulants', 'Sudden severe headache', 'Confusion since this morning'],
  'chest-ct': ['Nodule on radiograph & cough > 6 weeks', 'Follow-up of a nodule'],
  'chest-radiograph': ['Fever, cough', 'Shortness of breath', 'Before surgery'],
  'hand-radiograph': ['Fall on the hand', 'Pain at the wrist | swelling'],
  mammogram: ['Screening', 'Follow-up after 6 months'],
  'brain-mr': ['Seizure', 'Headache, new'],
  ultrasound: ['Bruit', 'After a TIA'],
  'pet-ct': ['Staging', 'Response to therapy'],
};
const LOCATIONS: Readonly<Record<ExamRequest['patientClass'], readonly string[]>> = {
  E: ['ED', 'ED-RESUS'],
  I: ['WARD3', 'ICU', 'STROKE'],
  O: ['OUTPATIENT', 'SCREENING'],
};

/** The request behind a study of this seed and kind, which decide all of it; as pressing as is asked for. */
export function requestOf(seed: number, kind: StudyKind, wish: { readonly priority?: Priority } = {}): ExamRequest {
  const random = seededRandom(seed, 'request');
  const drawn = random.next();
  const usual: Priority = drawn < 0.06 ? 'stat' : drawn < 0.2 ? 'urgent' : 'routine';
  const priority = kind === 'mammogram' ? (wish.priority ?? 'routine') : (wish.priority ?? usual);
  const patientClass = priority === 'stat' ? 'E' : kind === 'mammogram' || random.chance(0.55) ? 'O' : 'I';
  return {
    ...{ placerNumber: `PL${seed}`, fillerNumber: `FI${seed}`, procedureId: `RP${seed}`, stepId: `SPS${seed}` },
    ...{ visitNumber: `V${seed}`, priority, patientClass },
    location: random.pick(LOCATIONS[patientClass]),
    referrer: random.pick(REFERRERS),
    reason: random.pick(REASONS[kind]),
  };
}
