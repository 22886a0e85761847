import path from 'node:path';
import { z } from 'zod';
import { runPython } from '../../test/peers/support/debian-python.ts';
import type { MeasureSaid } from './picture-page.ts';
import type { PresentedBy } from './presented-pictures.ts';

const Wanted = z.object({
  kind: z.enum(['length', 'angle', 'probe']),
  points: z.array(z.tuple([z.number(), z.number()])).min(1),
  unit: z.string(),
  value: z.number(),
});
/** Something to measure on a real picture, and what pydicom makes of it. */
export type WantedMeasure = z.infer<typeof Wanted>;

const Line = z.object({ index: z.number(), measures: z.array(Wanted) });

/** What has to be measured on one frame of each file, by its place in the list: lengths along rows, columns and the diagonal, an angle and a value. */
export async function wantedMeasures(
  files: readonly { readonly copy: string; readonly frame: number; readonly state: PresentedBy | null }[],
): Promise<ReadonlyMap<number, readonly WantedMeasure[]>> {
  const asked = files.map(({ copy, frame, state }, index) =>
    JSON.stringify({ index, path: copy, frame, less: state?.less?.frames }),
  );
  const printed = await runPython(path.join(import.meta.dirname, 'reference-measures.py'), [], `${asked.join('\n')}\n`);
  const lines = printed.split('\n').filter((line) => line !== '');
  return new Map(lines.map((line) => Line.parse(JSON.parse(line))).map(({ index, measures }) => [index, measures]));
}

/** Of 32 bits of a number, and of what a header rounds. */
const TOLERANCE = 1e-4;

/** What the page measured otherwise, in words; none where all is as wanted. */
export function wrongMeasures(wanted: readonly WantedMeasure[], said: readonly MeasureSaid[]): readonly string[] {
  return wanted.flatMap(({ kind, unit, value }, index) => {
    const { unit: saidUnit = '-', value: saidValue = null } = said[index] ?? {};
    const isRight =
      saidUnit === unit &&
      saidValue !== null &&
      Math.abs(saidValue - value) <= TOLERANCE * Math.max(1, Math.abs(value));
    return isRight ? [] : [`${kind}: ${saidValue?.toFixed(4) ?? '-'} ${saidUnit} for ${value.toFixed(4)} ${unit}`];
  });
}
