import { z } from 'zod';
import { AnalysisPriority, AnalysisState } from '../domain/analysis.ts';
import { RunId, StudyId } from '../domain/ids.ts';
import { BACKGROUND, procedure } from './procedure.ts';
import { Finding, RunCard } from './studies.ts';

/** What somebody asked to have analysed, and what came of it so far. */
export const AnalysisCard = z.object({
  analysisId: z.uuid(),
  studyId: StudyId,
  studyUid: z.string(),
  /** Null: every model that is shown and made for the exam. */
  model: z.string().nullable(),
  priority: AnalysisPriority,
  askedBy: z.string(),
  askedAtMs: z.number(),
  /** The revision of the study it is of; null while images are awaited. */
  revision: z.number().int().nullable(),
  /** The study has images now that this is not of: ask again for those. */
  isOfEarlierImages: z.boolean(),
  result: AnalysisState,
  runs: z.array(
    z.object({
      runId: RunId,
      model: z.object({ id: z.string(), name: z.string(), version: z.string(), clinicalUse: z.string() }),
      state: RunCard.shape.state,
      reason: z.string().nullable(),
      startedAtMs: z.number().nullable(),
      finishedAtMs: z.number().nullable(),
    }),
  ),
  /** What was flagged, above each threshold, with its scores. An empty list rules nothing out. */
  findings: z.array(Finding),
});
export type AnalysisCard = z.infer<typeof AnalysisCard>;

/** A study by its id here, or by its Study Instance UID. */
const StudyReference = z.union([StudyId, z.string().regex(/^[0-9.]{1,64}$/)]);

/** Analyses asked for by people and machines, beside those that arriving studies are owed. */
export const analyses = {
  /**
   * Asks for an analysis, answered 202 with its address. The same key with the same question gives the same analysis;
   * conflicts: `idempotency-key-reused` (the key was used for another question), `images-not-here` (they are being fetched back;
   * ask again with the same key). `model-not-found`: no model of that id is shown to whoever asks.
   */
  ask: procedure('analysis.ask')
    .route({
      method: 'POST',
      path: '/analyses',
      successStatus: 202,
      inputStructure: 'detailed',
      outputStructure: 'detailed',
    })
    .input(
      z.object({
        headers: z.looseObject({ 'idempotency-key': z.string().min(1).max(200) }),
        body: z.strictObject({
          study: StudyReference,
          model: z.string().min(1).max(100).optional(),
          priority: AnalysisPriority.default('routine'),
        }),
      }),
    )
    .output(z.object({ status: z.literal(202), headers: z.record(z.string(), z.string()), body: AnalysisCard })),
  get: procedure('study.read', BACKGROUND)
    .route({ method: 'GET', path: '/analyses/{analysisId}' })
    .input(z.object({ analysisId: z.uuid() }))
    .output(AnalysisCard),
  list: procedure('study.read', BACKGROUND)
    .route({ method: 'GET', path: '/studies/{studyId}/analyses' })
    .input(z.object({ studyId: StudyId }))
    .output(z.array(AnalysisCard)),
};
