import { z } from 'zod';
import { CorrectionKind, CorrectionReason, HidingReason } from '../correction.ts';

/** Corrections of identity: one event for each study that changes; `patientIds` are all whose studies show something new. */
export const CORRECTION_EVENTS = {
  'study-moved': {
    version: 1,
    payload: z.object({ changeId: z.string(), reason: CorrectionReason, patientIds: z.array(z.string()) }),
  },
  'study-split': {
    version: 1,
    payload: z.object({
      changeId: z.string(),
      reason: CorrectionReason,
      role: z.enum(['source', 'split-off']),
      otherStudyId: z.string(),
      patientIds: z.array(z.string()),
      revision: z.number().int(),
    }),
  },
  'patients-merged': {
    version: 1,
    payload: z.object({ changeId: z.string(), reason: CorrectionReason, patientIds: z.array(z.string()) }),
  },
  'instances-hidden': {
    version: 1,
    payload: z.object({
      changeId: z.string(),
      reason: HidingReason,
      level: z.enum(['study', 'series', 'instance']),
      instances: z.number().int(),
      revision: z.number().int(),
      patientIds: z.array(z.string()),
    }),
  },
  'identity-confirmed': {
    version: 1,
    payload: z.object({ changeId: z.string(), reason: CorrectionReason, patientIds: z.array(z.string()) }),
  },
  'identity-undone': {
    version: 1,
    payload: z.object({
      changeId: z.string(),
      kind: CorrectionKind,
      revision: z.number().int(),
      patientIds: z.array(z.string()),
    }),
  },
  'rejection-note-received': {
    version: 1,
    payload: z.object({
      noteSopUid: z.string(),
      reason: HidingReason,
      outcome: z.enum(['honoured', 'peer-not-permitted']),
      references: z.number().int(),
      /** How many of them it holds for: of studies here of the note's own patient. */
      applied: z.number().int(),
      changeId: z.string().nullable(),
    }),
  },
} as const;
