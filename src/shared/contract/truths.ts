import { z } from 'zod';
import { StudyId } from '../domain/ids.ts';
import { BACKGROUND, procedure } from './procedure.ts';
import { StudyFace } from './quarantine.ts';

const ReferenceQuestion = z.object({
  modelId: z.string(),
  label: z.string(),
  name: z.string(),
  /** What the caller said; null: nothing yet. */
  mine: z.boolean().nullable(),
});

/** A study of an exam that models at the site are made for; `isBarred`: the caller has seen what a silent model said of it. */
export const ReferenceStudy = z.object({
  study: StudyFace,
  questions: z.array(ReferenceQuestion),
  isBarred: z.boolean(),
});
export type ReferenceStudy = z.infer<typeof ReferenceStudy>;

/** What people say is there, of studies that models are measured on. */
export const truths = {
  /** Newest first; `open`: where a word of the caller is missing. Nothing tells which models have read which study, or what they said. */
  studies: procedure('truth.record')
    .route({ method: 'GET', path: '/truths/studies' })
    .input(
      z.object({
        only: z.enum(['open']).optional(),
        after: z.string().max(200).optional(),
        limit: z.coerce.number().int().min(1).max(100).default(25),
      }),
    )
    .output(z.object({ studies: z.array(ReferenceStudy), next: z.string().nullable() })),
  /** The labels that models at the site, made for such an exam, are measured by: what a reader is asked, and never what was answered. */
  questions: procedure('truth.record', BACKGROUND)
    .route({ method: 'GET', path: '/studies/{studyId}/truths/questions' })
    .input(z.object({ studyId: StudyId }))
    .output(z.array(ReferenceQuestion)),
  /** A reader's own word on what is there; the last one counts. Conflicts: `result-was-seen`, `label-unknown`. */
  record: procedure('truth.record')
    .route({ method: 'POST', path: '/studies/{studyId}/truths', successStatus: 201 })
    .input(
      z.object({
        studyId: StudyId,
        modelId: z.string().max(120),
        labels: z
          .array(z.object({ label: z.string().max(64), isPresent: z.boolean() }))
          .min(1)
          .max(512),
      }),
    )
    .output(z.object({})),
};
