import type { RunFinished, RunRequest } from './runner-protocol.ts';

/**
 * Whether a result is of what was asked: computed where the model's golden cases hold, and about no image but those that were
 * given. What is of anything else belongs on no study.
 */
export function isAnswerTo(
  { provider, series }: Pick<RunRequest, 'provider' | 'series'>,
  result: RunFinished,
): boolean {
  if (provider !== undefined && result.provider !== provider) return false;
  const given = new Set(series.instances.map(({ sopUid }) => sopUid));
  return sopUidsOf(result).every((sopUid) => given.has(sopUid));
}

/** Every image that a result names. */
function sopUidsOf({ outputs, profiles, boxes, masks, heatmaps, geometry }: RunFinished): readonly string[] {
  return [
    ...outputs.flatMap(({ key }) => key ?? []),
    ...profiles.flatMap(({ frames }) => frames),
    ...boxes.flatMap(({ key, frames }) => [key, ...frames]),
    ...masks.flatMap(({ slices, largest }) => [
      ...slices,
      ...(largest === null
        ? []
        : [{ sopUid: largest.keySopUid }, ...(largest.longest === null ? [] : [largest.longest])]),
    ]),
    ...heatmaps.flatMap(({ frames }) => frames),
    ...(geometry.apart ?? []),
  ].map(({ sopUid }) => sopUid);
}
