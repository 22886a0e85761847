import type { ModelManifest } from '../../../shared/domain/model-manifest.ts';
import type { Receipt } from '../../../shared/domain/receipt.ts';
import type { VersionDifference } from '../../../shared/domain/replay.ts';
import { allowedFor, compareOutputs, type Difference } from './compare-outputs.ts';
import type { ReplayResult } from './replays.ts';
import { givenOutputs } from './run-outputs.ts';
import type { RunFinished } from './runner-protocol.ts';

/** What a replay is held against: the receipt, the outputs kept of the run (null: let go, or never kept), and how far it may be. */
export type Original = {
  readonly receipt: Receipt;
  readonly outputs: string | null;
  readonly tolerance: ModelManifest['replayTolerance'];
};

/** So many differences are told one by one. */
const MOST_DIFFERENCES = 50;

/** Counts the pixels in which a kept mask and a new one differ; null where they cannot be compared. */
export type CompareMasks = (keptDigest: string, newDigest: string) => Promise<number | null>;

/**
 * Says what a computed replay comes to: the same where everything it says lies within the tolerance, masks by how many pixels
 * differ. Without the run's outputs it is the same only byte by byte, for what was not kept cannot be compared.
 */
export async function judgeReplay(
  { receipt, outputs, tolerance }: Original,
  answer: RunFinished,
  compareMasks: CompareMasks,
): Promise<ReplayResult> {
  const facts = {
    provider: answer.provider,
    onnxruntimeVersion: answer.onnxruntimeVersion,
    versions: versionDifferences(receipt, answer),
    timings: answer.timings,
  };
  if (answer.manifestDigest !== receipt.model.manifestDigest)
    return { ...facts, outcome: 'could-not', reason: 'package-changed' };
  if (receipt.outcome === 'failed')
    return { ...facts, outcome: 'differs', differences: [outcomeDifference(receipt.reason, 'finished')] };
  const given = givenOutputs(answer);
  if (given.digest === receipt.raw?.digest) return { ...facts, outcome: 'same' };
  const is: unknown = JSON.parse(given.text);
  if (outputs === null) {
    const known = receipt.outputs.map((one) => [one.tensor, one.label ?? null, one.value]);
    const now = answer.outputs.flatMap((one) => ('value' in one ? [[one.tensor, one.label ?? null, one.value]] : []));
    const differences = compareOutputs({ outputs: known }, { outputs: now }, tolerance);
    if (differences.length > 0) return { ...facts, outcome: 'differs', differences: listed(differences) };
    return { ...facts, outcome: 'could-not', reason: 'outputs-not-kept' };
  }
  const was: unknown = JSON.parse(outputs);
  const masks = await maskDifferences(was, is, tolerance, compareMasks);
  if (masks === null) return { ...facts, outcome: 'could-not', reason: 'outputs-not-kept' };
  const differences = [...compareOutputs(was, is, tolerance), ...masks];
  return { ...facts, outcome: differences.length === 0 ? 'same' : 'differs', differences: listed(differences) };
}

/** The first of them, and how many more there are: an answer may differ in each of its numbers. */
function listed(differences: readonly Difference[]): readonly Difference[] {
  const more = differences.length - MOST_DIFFERENCES;
  if (more <= 0) return differences;
  return [...differences.slice(0, MOST_DIFFERENCES), { at: 'more', was: null, is: more, allowed: null }];
}

/** The one difference between two ends: what the run came to, and what the replay did. */
export function outcomeDifference(was: string | null, is: string): Difference {
  return { at: 'outcome', was: was ?? 'finished', is, allowed: null };
}

/** Everything the runner says of itself in words that was not so at the run. */
function versionDifferences(receipt: Receipt, answer: RunFinished): VersionDifference[] {
  return Object.entries(answer).flatMap(([what, is]) => {
    const was = receipt[what];
    return typeof is === 'string' && typeof was === 'string' && was !== is && what !== 'runId'
      ? [{ what, was, is }]
      : [];
  });
}

/** Null where a kept mask is not here any more. */
async function maskDifferences(
  was: unknown,
  is: unknown,
  tolerance: Original['tolerance'],
  compareMasks: CompareMasks,
): Promise<readonly Difference[] | null> {
  const kept = masksOf(was);
  const now = masksOf(is);
  const differences: Difference[] = [];
  for (const [index, one] of kept.entries()) {
    const other = now[index];
    // Another number of masks is a difference found already.
    if (other === undefined || other.digest === one.digest) continue;
    const differing = await compareMasks(one.digest, other.digest);
    if (differing === null) return null;
    const allowed = allowedFor(one.pixels, tolerance);
    if (differing > allowed)
      differences.push({ at: `masks[${one.tensor}].differingPixels`, was: 0, is: differing, allowed });
  }
  return differences;
}

type NamedMask = { readonly tensor: string; readonly digest: string; readonly pixels: number };

function masksOf(said: unknown): readonly NamedMask[] {
  const masks = (said as { readonly masks?: readonly Partial<NamedMask>[] }).masks ?? [];
  return masks.flatMap(({ tensor = '', digest, pixels = 0 }) =>
    digest === undefined ? [] : [{ tensor, digest, pixels }],
  );
}
