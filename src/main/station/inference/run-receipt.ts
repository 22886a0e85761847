import { createHash } from 'node:crypto';
import type { NotRunReason } from '../../../shared/domain/ai-status.ts';
import type { ModelManifest } from '../../../shared/domain/model-manifest.ts';
import {
  type RawOutputPolicy,
  Receipt,
  type ReceiptBeside,
  type ReceiptInput,
  type RefusedSeriesReason,
  type SeriesReason,
} from '../../../shared/domain/receipt.ts';
import { getStudyCard, listInstancesAt } from '../archive/index.ts';
import { canonicalPayload } from '../platform/ledger/event.ts';
import { prepared, type ReadableDb } from '../platform/store/database.ts';
import { findModelProvider } from './golden-results.ts';
import type { LabelVerdict } from './judge-labels.ts';
import type { MachineFacts } from './machine-facts.ts';
import { thresholdsFor } from './operating-point-rows.ts';
import { listAttempts } from './run-attempts.ts';
import type { GivenOutputs } from './run-outputs.ts';
import type { BadOutput, RunFinished } from './runner-protocol.ts';

/** A receipt as it is stored: RFC 8785 form, and the SHA-256 over it that the ledger holds. */
export type SealedReceipt = { readonly text: string; readonly digest: string };

/** How a run ended, as its receipt tells it. */
export type RunEnd =
  | {
      readonly outcome: 'finished';
      readonly result: RunFinished;
      readonly given: GivenOutputs;
      readonly policy: RawOutputPolicy;
      readonly findings: Receipt['findings'];
      readonly verdicts: readonly LabelVerdict[];
      readonly beside?: ReceiptBeside | undefined;
    }
  | ({ readonly outcome: 'failed'; readonly reason: NotRunReason } & FailureFacts);

/** What could still be said of a run that failed. */
export type FailureFacts = {
  /** Ids of the models whose answer it needs and that have none. */
  readonly needs?: readonly string[] | undefined;
  /** Milliseconds by stage as far as it came. */
  readonly timings?: Readonly<Record<string, number>> | undefined;
  /** Of a bad output: which tensor is none, and why. */
  readonly output?: BadOutput | undefined;
};

type RunFacts = {
  readonly siteId: string;
  readonly studyId: string;
  readonly revision: number;
  readonly modelDigest: string;
  readonly seriesId: string;
  readonly stage: string;
  readonly because: string;
  readonly others: string;
  readonly refused: string;
  readonly queuedAtMs: number;
  readonly startedAtMs: number | null;
  readonly isEarly: 0 | 1;
  readonly manifest: string;
};

const FIND_FACTS = `
  SELECT r.site_id AS siteId, r.study_id AS studyId, r.study_revision AS revision, r.model_digest AS modelDigest,
         r.series_id AS seriesId, r.stage, r.series_choice AS because, r.other_series AS others, r.refused_series AS refused,
         r.queued_at_ms AS queuedAtMs,
         r.started_at_ms AS startedAtMs, r.is_early AS isEarly, m.manifest
    FROM runs r JOIN models m ON m.digest = r.model_digest WHERE r.run_id = ?
`;
/** Walks analysis_runs_by_run. */
export const LIST_ASKED_IN = `
  SELECT a.analysis_id AS analysisId, a.asked_by AS askedBy FROM analysis_runs x JOIN analyses a ON a.analysis_id = x.analysis_id
   WHERE x.run_id = ? ORDER BY a.asked_at_ms
`;
/** Told of the run by its own fields, or kept apart: the rest of what the runner says goes into the receipt as it is. */
const NOT_REPEATED: ReadonlySet<string> = new Set([
  'type',
  'runId',
  'modelDigest',
  'manifestDigest',
  'timings',
  'rawTensors',
]);

/**
 * Writes the receipt of a run that ends now. Whatever the runner tells of itself (versions, provider, device, geometry, masks by
 * digest) is taken over as it is; the outputs themselves stand apart, for a policy may let go of them, and here by digest.
 */
export function writeReceipt(
  db: ReadableDb,
  runId: string,
  inputs: readonly ReceiptInput[] | null,
  machine: MachineFacts,
  end: RunEnd,
  atMs: number,
): SealedReceipt {
  const run = prepared<RunFacts>(db, FIND_FACTS).get(runId);
  if (run === undefined) throw new Error(`run ${runId} is not on record`);
  const images = listInstancesAt(db, run.studyId, run.revision).filter(({ seriesId }) => seriesId === run.seriesId);
  const manifest = JSON.parse(run.manifest) as ModelManifest;
  const receipt: Receipt = {
    ...(end.outcome === 'finished' && saidOfItself(end.result)),
    form: 2,
    runId,
    outcome: end.outcome,
    reason: end.outcome === 'failed' ? end.reason : null,
    ...(end.outcome === 'failed' && end.output !== undefined && { badOutput: end.output }),
    ...(end.outcome === 'failed' && end.needs !== undefined && { needs: [...end.needs] }),
    ...(end.outcome === 'finished' && end.beside !== undefined && { beside: end.beside }),
    study: { studyUid: getStudyCard(db, run.studyId).studyUid, revision: run.revision },
    ...(run.isEarly === 1 && { isEarly: true }),
    model: {
      ...{ id: manifest.id, version: manifest.version, clinicalUse: manifest.clinicalUse, stage: run.stage },
      ...{ manifestDigest: run.modelDigest, weightsDigest: manifest.modelDigest },
    },
    series: {
      seriesUid: images[0]?.seriesUid ?? '',
      because: JSON.parse(run.because) as string[],
      others: JSON.parse(run.others) as SeriesReason[],
      refused: JSON.parse(run.refused) as RefusedSeriesReason[],
    },
    inputs: (inputs ?? images).map(({ sopUid, digest, transferSyntaxUid }) => ({ sopUid, digest, transferSyntaxUid })),
    askedIn: prepared<{ analysisId: string; askedBy: string }>(db, LIST_ASKED_IN).all(runId),
    queuedAtMs: run.queuedAtMs,
    startedAtMs: run.startedAtMs,
    endedAtMs: atMs,
    queueWaitMs: run.startedAtMs === null ? null : run.startedAtMs - run.queuedAtMs,
    attempts: listAttempts(db, runId),
    timings: { ...(end.outcome === 'finished' ? end.result.timings : end.timings) },
    machine: { ...machine, ...wantedAndWhy(db, run.modelDigest) },
    operatingPoint: limitsOf(db, { siteId: run.siteId, digest: run.modelDigest }, manifest),
    findings: end.outcome === 'finished' ? end.findings : [],
    verdicts:
      end.outcome === 'finished' ? end.verdicts.map((verdict) => ({ ...verdict, ...namedIn(manifest, verdict) })) : [],
    outputs: end.outcome === 'finished' ? singleNumbers(end.result.outputs) : [],
    raw:
      end.outcome === 'finished' ? { policy: end.policy, digest: end.given.digest, numbers: end.given.numbers } : null,
  };
  return sealReceipt(canonicalPayload(receipt));
}

/** What people read for a label. */
function namedIn({ labels }: Pick<ModelManifest, 'labels'>, { label }: Pick<LabelVerdict, 'label'>): { name?: string } {
  const name = labels.find(({ id }) => id === label)?.name;
  return name === undefined ? {} : { name };
}

/** The digest a receipt's text goes by in the ledger. */
export function sealReceipt(text: string): SealedReceipt {
  return { text, digest: createHash('sha256').update(text).digest('hex') };
}

/** Where the model is computed elsewhere than the site wants: what is wanted, and why it is not that. */
function wantedAndWhy(db: ReadableDb, modelDigest: string): MachineFacts {
  const on = findModelProvider(db, modelDigest);
  return on === null || on.because === null ? {} : { providerWanted: on.wanted, providerBecause: on.because };
}

/** What the labels are flagged from at this site now, and whatever else the manifest says of their limits. */
export function limitsOf(
  db: ReadableDb,
  { siteId, digest }: { readonly siteId: string; readonly digest: string },
  manifest: ModelManifest,
): Receipt['operatingPoint'] {
  const { flagFrom } = thresholdsFor(db, siteId, { digest, manifest });
  return manifest.labels.map(({ name: _name, concept: _concept, ...limits }) => ({
    ...limits,
    flagFrom: flagFrom[limits.id] ?? null,
  }));
}

/** What the model said in one number each; lists and places are kept apart. */
function singleNumbers(outputs: readonly object[]): Receipt['outputs'] {
  return outputs.flatMap((output) => {
    const said = Receipt.shape.outputs.element.safeParse(output);
    return said.success ? [said.data] : [];
  });
}

/** Arrays are outputs, but for the masks, which are named by digest and without their pixels. */
function saidOfItself(result: RunFinished): Record<string, unknown> {
  return {
    ...Object.fromEntries(
      Object.entries(result).filter(([name, value]) => !NOT_REPEATED.has(name) && !Array.isArray(value)),
    ),
    masks: result.masks.map(({ tensor, label, digest }) => ({ tensor, label, digest })),
    heatmaps: result.heatmaps.map(({ tensor, label, digest }) => ({ tensor, label, digest })),
  };
}
