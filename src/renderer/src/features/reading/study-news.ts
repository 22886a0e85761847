import type { StudyDetail } from '../../../../shared/contract/studies.ts';

/** What the station knows now that is not on the screen: nothing, another content, or another patient. */
export type StudyNews = 'nothing' | 'images' | 'patient';

/** Compares what is on the screen with what the station says now; the patient's identity counts before images. */
export function newsOf(onScreen: StudyDetail, now: StudyDetail): StudyNews {
  const before = onScreen.row.patient;
  const after = now.row.patient;
  const identity = ['patientId', 'name', 'birthDateRaw', 'sex', 'mrn', 'issuer'] as const;
  if (identity.some((part) => before[part] !== after[part])) return 'patient';
  return onScreen.row.revision === now.row.revision ? 'nothing' : 'images';
}

/** Whether the study was raised, or flagged anew above Routine, since what the reader has seen of it. */
export function isFlaggedSince(seenRaises: number, { row }: Pick<StudyDetail, 'row'>): boolean {
  return row.urgency.level !== 'routine' && row.urgency.raises > seenRaises;
}

/** The patient as on the screen, with the alerts as they are now: a doubt about identity must never wait for a reload, over images neither. */
export function patientNow(onScreen: StudyDetail, now: StudyDetail): StudyDetail['row']['patient'] {
  const { nameAlert, underInvestigation } = now.row.patient;
  return { ...onScreen.row.patient, nameAlert, underInvestigation };
}
