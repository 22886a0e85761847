import { z } from 'zod';
import { EvidenceKind } from '../../../../shared/domain/study.ts';

/** When a study counts as complete. */
export const CompletenessSettings = z
  .strictObject({
    quietMs: z
      .record(z.string(), z.number().int().min(1000))
      .default({ CT: 180_000, DX: 300_000, CR: 300_000, MG: 300_000, MR: 900_000, US: 1_800_000 })
      .describe('Quiet time in ms after which a study counts as complete (assumed), by modality.'),
    quietOtherMs: z.number().int().min(1000).default(600_000).describe('The same for every other modality.'),
    settleMs: z
      .number()
      .int()
      .min(0)
      .default(5000)
      .describe(
        'Where several associations bring one study: ms after the last of them during which a further one may follow; 0: none is waited for.',
      ),
    evidence: z
      .record(z.string(), z.array(EvidenceKind))
      .default({ CT: ['performed-steps', 'availability-notices', 'order', 'count-at-sender', 'gapless-volume'] })
      .describe(
        'What may complete a study before its quiet time is over, by modality: what the modality reports (MPPS), what is announced (IAN), what the order says, what its sender counts, a volume without gaps.',
      ),
    evidenceOther: z
      .array(EvidenceKind)
      .default(['performed-steps', 'availability-notices', 'order', 'count-at-sender'])
      .describe('The same for every other modality. In whatever order they are listed, the strongest decides.'),
  })
  .prefault({});
