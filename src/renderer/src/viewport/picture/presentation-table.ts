import { type DicomJson, itemsOf } from '../dicom-json.ts';
import type { ShapedWindow } from './grey-pixels.ts';
import { LUT_ITEM, type LookupTable, lookUp, readLookupTable } from './lookup-table.ts';

/** Presentation LUT Sequence (PS3.3 §C.11.6): only a presentation state has one. */
export const PRESENTATION_TABLE = '20500010';

/** The table a presentation state draws by; null where it names none, or a damaged one. */
export async function readPresentationTable(dataSet: DicomJson): Promise<LookupTable | null> {
  const [item] = itemsOf(dataSet, PRESENTATION_TABLE);
  return item === undefined ? null : readLookupTable(item, LUT_ITEM, false);
}

/** P-values, 0 to 2^bits - 1 of the presentation table: what comes out of the window or VOI table is looked up over its whole length. */
export function presentedValues(
  values: ArrayLike<number>,
  before: ShapedWindow | LookupTable,
  table: LookupTable,
): Float32Array {
  const share = 'values' in before ? byTable(before) : byWindow(before);
  const last = table.values.length - 1;
  return Float32Array.from(values, (value) => table.values[Math.round(share(value) * last)] ?? 0);
}

function byTable(table: LookupTable): (value: number) => number {
  const greatest = 2 ** table.bits - 1;
  return (value) => Math.min(1, lookUp(table, value) / greatest);
}

/** From 0 to 1 over the window (PS3.3 §C.11.2.1.2, §C.11.2.1.3). */
function byWindow({ centre, width, shape }: ShapedWindow): (value: number) => number {
  if (shape === 'SIGMOID') return (value) => 1 / (1 + Math.exp((-4 * (value - centre)) / width));
  const [middle, whole] = shape === 'LINEAR' ? [centre - 0.5, Math.max(width - 1, 0.001)] : [centre, width];
  return (value) => Math.min(1, Math.max(0, (value - middle) / whole + 0.5));
}
