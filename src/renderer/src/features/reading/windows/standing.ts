import type { PatientId, StudyId } from '../../../../../shared/domain/ids.ts';

/** What a viewer window knows of its main window. */
export type MainReads =
  | { readonly state: 'asked' }
  | { readonly state: 'silent' }
  | { readonly state: 'nothing' }
  | { readonly state: 'reading'; readonly studyId: StudyId; readonly patientId: PatientId };

/** How a viewer window stands to its main window: `other-patient` must not be overlooked. */
export const STANDINGS = ['asked', 'silent', 'nothing', 'same-study', 'same-patient', 'other-patient'] as const;
export type Standing = (typeof STANDINGS)[number];

/** Compares whose images a viewer window shows with whom its main window reads. */
export function standingOf(
  shown: { readonly studyId: StudyId; readonly patientId: PatientId },
  main: MainReads,
): Standing {
  if (main.state !== 'reading') return main.state;
  if (main.patientId !== shown.patientId) return 'other-patient';
  return main.studyId === shown.studyId ? 'same-study' : 'same-patient';
}
