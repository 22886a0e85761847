import { type FlagWhen, worstOf } from '../../../../shared/domain/flag-when.ts';
import type { ModelOutput } from '../../../../shared/domain/model-outputs.ts';
import { ANSWER_LIMITS, type KeyFrame, type RunOutput, type RunProfile } from '../run-answer.ts';
import type { GridExtent, JoinedNumber } from './collect-numbers.ts';
import { frameAt, type SourceMap } from './source-map.ts';
import type { Vector } from './vector.ts';

type NumbersOutput = Extract<ModelOutput, { role: 'classes' | 'number' }>;

/** The numbers of one output as they are told to the station, and what each sample said; what stands out of a label is its highest, or its lowest where that is bad. */
export function describeNumbers(
  output: NumbersOutput,
  joined: readonly JoinedNumber[],
  maps: readonly SourceMap[],
  flagWhenOf: (label: string) => FlagWhen,
): { readonly outputs: readonly RunOutput[]; readonly profile: RunProfile | null } {
  const outputs = joined.map(({ label, value, scores, places }): RunOutput => {
    return {
      tensor: output.tensor,
      role: output.role === 'classes' ? 'probability' : 'measurement',
      label,
      value,
      unit: output.role === 'classes' ? null : output.unit,
      key: keyOf(scores, places, maps, flagWhenOf(label)),
    };
  });
  return { outputs, profile: profileOf(output.tensor, joined, maps, flagWhenOf) };
}

/** The frame of the worst score; null where one sample is the whole volume, and so no image stands out. */
function keyOf(
  scores: Float64Array,
  places: readonly GridExtent[],
  maps: readonly SourceMap[],
  flagWhen: FlagWhen,
): KeyFrame | null {
  const place = places[scores.indexOf(worstOf([...scores], flagWhen) ?? 0)];
  const map = place === undefined ? undefined : maps[place.stack];
  if (place === undefined || map === undefined) return null;
  const isWholePlane = place.size[1] >= map.shape[1] && place.size[2] >= map.shape[2];
  if (isWholePlane && place.size[0] >= map.shape[0] && map.shape[0] > 1) return null;
  const source = map.toSource(middleOf(place));
  const centre = isWholePlane ? null : map.toPatient(source);
  return { ...frameAt(map, source[0]), centreMm: centre === null ? null : [centre[0], centre[1], centre[2]] };
}

/** Null of a single sample. Where there are more positions than an answer holds, neighbours are told together. */
function profileOf(
  tensor: string,
  joined: readonly JoinedNumber[],
  maps: readonly SourceMap[],
  flagWhenOf: (label: string) => FlagWhen,
): RunProfile | null {
  const places = joined[0]?.places ?? [];
  if (places.length < 2) return null;
  const samplesEach = Math.ceil(places.length / ANSWER_LIMITS.profilePositions);
  const positions = Math.ceil(places.length / samplesEach);
  const mostLabels = Math.max(1, Math.floor(ANSWER_LIMITS.profileNumbers / positions));
  const frames = Array.from({ length: positions }, (_, position) => {
    const place = places[Math.min(places.length - 1, position * samplesEach + (samplesEach >> 1))] as GridExtent;
    const map = maps[place.stack] as SourceMap;
    return frameAt(map, map.toSource(middleOf(place))[0]);
  });
  const told = joined.length <= mostLabels ? joined : joined.toSorted((a, b) => b.value - a.value).slice(0, mostLabels);
  return {
    tensor,
    frames,
    samplesEach,
    labels: told.map(({ label, scores }) => ({
      label,
      scores: frames.map((_, position) => {
        const near = scores.subarray(position * samplesEach, (position + 1) * samplesEach);
        return worstOf([...near], flagWhenOf(label)) ?? 0;
      }),
    })),
  };
}

/** Middle of an extent in indices of the grid; of a patch that reaches beyond the grid, of what is inside. */
function middleOf({ origin, size }: GridExtent): Vector {
  return [0, 1, 2].map((axis) => (origin[axis] as number) + ((size[axis] as number) - 1) / 2) as unknown as Vector;
}
