import type { ModelManifest } from '../../../shared/domain/model-manifest.ts';

/** One place where a replay says something else. Of words `was` and `is` are words, of numbers numbers; null where there is nothing. */
export type Difference = {
  /** Where in the outputs: `outputs[probability].value`. */
  readonly at: string;
  readonly was: number | string | null;
  readonly is: number | string | null;
  /** How far it might have been, for numbers. */
  readonly allowed: number | null;
};

export type ReplayTolerance = ModelManifest['replayTolerance'];

/** Named by the bytes they were written as, which say nothing of how far apart two masks are: those are compared pixel by pixel. */
const OF_THE_FILE: ReadonlySet<string> = new Set(['digest', 'sizeBytes', 'href', 'file']);

/**
 * Compares everything two answers of a runner say, number by number within the tolerance (absolute, or relative to what was,
 * whichever allows more), everything else exactly; lists in order, of what has a tensor by its name. Gives every difference.
 */
export function compareOutputs(was: unknown, is: unknown, tolerance: ReplayTolerance, at = ''): readonly Difference[] {
  if (typeof was === 'number' && typeof is === 'number') {
    const allowed = allowedFor(was, tolerance);
    return Math.abs(was - is) <= allowed ? [] : [{ at, was, is, allowed }];
  }
  if (Array.isArray(was) && Array.isArray(is)) return compareLists(was, is, tolerance, at);
  if (isRecord(was) && isRecord(is)) {
    const names = [...new Set([...Object.keys(was), ...Object.keys(is)])].filter((name) => !OF_THE_FILE.has(name));
    return names
      .toSorted()
      .flatMap((name) => compareOutputs(was[name], is[name], tolerance, at === '' ? name : `${at}.${name}`));
  }
  return Object.is(was ?? null, is ?? null) ? [] : [{ at, was: word(was), is: word(is), allowed: null }];
}

/** How far a replay may be from a value. */
export function allowedFor(was: number, { absolute, relative }: ReplayTolerance): number {
  return Math.max(absolute, relative * Math.abs(was));
}

function compareLists(
  was: readonly unknown[],
  is: readonly unknown[],
  tolerance: ReplayTolerance,
  at: string,
): readonly Difference[] {
  if (was.length !== is.length) return [{ at: `${at}.length`, was: was.length, is: is.length, allowed: 0 }];
  return was.flatMap((one, index) => compareOutputs(one, is[index], tolerance, `${at}[${nameOf(one) ?? index}]`));
}

function nameOf(value: unknown): string | null {
  return isRecord(value) && typeof value['tensor'] === 'string' ? value['tensor'] : null;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function word(value: unknown): number | string | null {
  if (value === null || value === undefined) return null;
  return typeof value === 'number' || typeof value === 'string' ? value : JSON.stringify(value).slice(0, 100);
}
