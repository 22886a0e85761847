import type { ModelOutput } from '../../../../shared/domain/model-outputs.ts';
import { ok, type Result } from '../../../../shared/domain/result.ts';
import type { Activation } from '../../../../shared/domain/model-scores.ts';
import { activate, calibrateOne } from './activate.ts';
import type { GridExtent } from './collect-numbers.ts';
import { type AnchorDecoder, openAnchors } from './decode-anchors.ts';
import { type BadOutput, badOutput, type GivenTensor, type NumberTensor, readTensor } from './read-tensor.ts';
import { type GridBox, joinBoxes } from './join-boxes.ts';

type BoxesOutput = Extract<ModelOutput, { role: 'boxes' }>;

/** Takes the boxes of each batch; the boxes are the study's once it has seen all, best first. */
export type BoxCollector = {
  readonly take: (samples: readonly GridExtent[], tensors: ReadonlyMap<string, GivenTensor>) => Result<void, BadOutput>;
  readonly finish: () => readonly GridBox[];
};

/** Of one sample only the best so many are looked at, so that a detector that marks everything cannot stall the run. */
const MOST_OF_SAMPLE = 1000;
/** Grid axis that each letter names. */
const AXES = { z: 0, y: 1, x: 2 } as const;

/** A table of `boxes` rows whichever way it lies in its tensor. */
type Table = { readonly rows: number; readonly columns: number; readonly at: (row: number, column: number) => number };

/**
 * Collects the boxes of an output on the grid, cell edges counted from the edge of its first cell. A box of two axes spans every
 * slice of its sample. A good box that is inside out or beside its sample makes the answer bad.
 */
export function collectBoxes(output: BoxesOutput, joins: { readonly acrossSlices: boolean }): BoxCollector {
  const found: GridBox[] = [];
  return {
    take(samples, tensors) {
      const boxes = readTensor(tensors, output.tensor);
      if (!boxes.ok) return boxes;
      const scoreName = output.score.from === 'tensor' ? output.score.tensor : null;
      const scores = scoreName === null ? null : readTensor(tensors, scoreName);
      if (scores?.ok === false) return scores;
      const className = output.classFrom?.from === 'tensor' ? output.classFrom.tensor : null;
      const classes = className === null ? null : readTensor(tensors, className);
      if (classes?.ok === false) return classes;
      const counts = output.count === undefined ? null : readTensor(tensors, output.count);
      if (counts?.ok === false) return counts;
      for (const [index, sample] of samples.entries()) {
        const all = tableOf(boxes.value, index, samples.length, output.arrangement);
        const table = all === null || counts === null ? all : firstRows(all, counts.value.data, index, samples.length);
        if (table === null && all !== null) return badOutput(output.count ?? '', 'out-of-range');
        if (table === null || !holdsColumns(output, table)) return badOutput(output.tensor, 'shape');
        const scoreTable = scores === null ? null : rowsOf(scores.value, index, samples.length, all?.rows ?? 0);
        if (scores !== null && scoreTable === null) return badOutput(scoreName ?? '', 'shape');
        const classTable = classes === null ? null : rowsOf(classes.value, index, samples.length, all?.rows ?? 0);
        if (classes !== null && classTable?.columns !== 1 && table.rows > 0) return badOutput(className ?? '', 'shape');
        const taken = boxesOf(output, sample, table, scoreTable, classTable);
        if (typeof taken === 'string') return badOutput(output.tensor, taken);
        found.push(...taken.toSorted((a, b) => b.score - a.score).slice(0, MOST_OF_SAMPLE));
      }
      return ok(undefined);
    },
    finish: () => joinBoxes(found, output, joins),
  };
}

function boxesOf(
  output: BoxesOutput,
  sample: GridExtent,
  table: Table,
  scoreTable: Table | null,
  classTable: Table | null,
): readonly GridBox[] | BadOutput['why'] {
  const taken: GridBox[] = [];
  const scored = scoring(output, table, scoreTable);
  if (scored === null) return 'shape';
  const anchors = anchorsOf(output, sample);
  if (anchors !== null && anchors.rows !== table.rows) return 'shape';
  const isCalibrated = output.calibration !== undefined || Object.keys(output.labelCalibrations).length > 0;
  for (let row = 0; row < table.rows; row += 1) {
    const scores = scored(row);
    if (!isCalibrated && scores.every((score) => score < output.minScore)) continue;
    const named = classNumber(output, table, classTable, row);
    if (named !== null && (!Number.isInteger(named) || output.classes[named] === undefined)) return 'out-of-range';
    const best = named ?? bestClass(output, scores);
    const label = output.classes[best] ?? null;
    const raw = scores.length === 1 ? scores[0] : scores[best];
    const score =
      raw === undefined ? raw : calibrateOne(raw, output.labelCalibrations[label ?? ''] ?? output.calibration);
    if (label === null || score === undefined || score < output.minScore) continue;
    const box = onGrid(output, table, row, sample, anchors);
    // What is told from an anchor at the edge may lie beside the sample, where such detectors leave it out.
    if (box === null && anchors !== null) continue;
    if (box === null) return 'out-of-range';
    taken.push({ label, score, stack: sample.stack, ...box });
  }
  return taken;
}

/** The scores of a row: one, or one a class; null where their number is neither. */
function scoring(output: BoxesOutput, table: Table, scoreTable: Table | null): ((row: number) => Float64Array) | null {
  const { score, classes } = output;
  const from = score.from === 'tensor' ? scoreTable : table;
  if (from === null) return null;
  const first = score.from === 'column' ? score.column : score.from === 'class-columns' ? score.first : 0;
  const count = score.from === 'column' ? 1 : score.from === 'class-columns' ? classes.length : from.columns;
  const isChosen = count === classes.length || (count === 1 && output.classFrom !== undefined);
  if (table.rows > 0 && !isChosen) return null;
  const objectness = score.from === 'class-columns' ? score.objectness : undefined;
  return (row) => {
    const raw = Float64Array.from({ length: count }, (_, index) => from.at(row, first + index));
    const scores = activate(raw, score.activation);
    if (objectness === undefined) return scores;
    return scores.map((one) => one * (activated(table.at(row, objectness), score.activation) as number));
  };
}

function activated(value: number, activation: Activation): number | undefined {
  // An objectness stands alone: with softmax over the classes it is a sigmoid of its own.
  return activate(Float64Array.of(value), activation === 'softmax' ? 'sigmoid' : activation)[0];
}

function classNumber(output: BoxesOutput, table: Table, classTable: Table | null, row: number): number | null {
  if (output.classFrom === undefined) return null;
  return output.classFrom.from === 'column' ? table.at(row, output.classFrom.column) : (classTable?.at(row, 0) ?? null);
}

/** The class with the best score of those that stand for something. */
function bestClass(output: BoxesOutput, scores: Float64Array): number {
  let best = 0;
  for (const [index, label] of output.classes.entries()) {
    const isBetter = output.classes[best] === null || (scores[index] ?? 0) > (scores[best] ?? 0);
    if (label !== null && isBetter) best = index;
  }
  return best;
}

function anchorsOf({ anchors, axes }: BoxesOutput, { size }: GridExtent): AnchorDecoder | null {
  const cells = lettersOf(axes).map((letter) => size[AXES[letter]]);
  return anchors === undefined ? null : openAnchors(anchors, axes, cells);
}

function lettersOf(axes: BoxesOutput['axes']): readonly (keyof typeof AXES)[] {
  return axes.split('') as (keyof typeof AXES)[];
}

/** A row as edges on the grid; null when it is inside out, without extent or beside its sample. */
function onGrid(
  output: BoxesOutput,
  table: Table,
  row: number,
  sample: GridExtent,
  anchors: AnchorDecoder | null,
): Pick<GridBox, 'from' | 'to'> | null {
  const from: [number, number, number] = [...sample.origin];
  const to: [number, number, number] = [0, 1, 2].map(
    (axis) => (sample.origin[axis] as number) + (sample.size[axis] as number),
  ) as [number, number, number];
  const letters = lettersOf(output.axes);
  const decoded = anchors?.decode(row, (column) => table.at(row, output.firstColumn + column));
  for (const [at, letter] of letters.entries()) {
    const axis = AXES[letter];
    const cells = sample.size[axis];
    const first = decoded?.[at]?.centre ?? table.at(row, output.firstColumn + at);
    const second =
      decoded?.[at]?.size ??
      table.at(row, output.firstColumn + letters.length + (output.format === 'centre-diameter' ? 0 : at));
    const scale = output.unit === 'share' ? cells : 1;
    const [low, high] = edges(output.format, first * scale, second * scale);
    if (!(low < high) || high <= 0 || low >= cells) return null;
    from[axis] += Math.max(0, low);
    to[axis] = sample.origin[axis] + Math.min(cells, high);
  }
  return { from, to };
}

function edges(format: BoxesOutput['format'], first: number, second: number): readonly [number, number] {
  switch (format) {
    case 'corners':
      return [first, second];
    case 'corner-size':
      return [first, first + second];
    case 'centre-size':
    case 'centre-diameter':
      return [first - second / 2, first + second / 2];
  }
}

function holdsColumns(output: BoxesOutput, table: Table): boolean {
  const { format, axes, firstColumn, score, classFrom, classes } = output;
  const coordinates = format === 'centre-diameter' ? axes.length + 1 : 2 * axes.length;
  const last = Math.max(
    firstColumn + coordinates - 1,
    score.from === 'column' ? score.column : 0,
    score.from === 'class-columns' ? Math.max(score.first + classes.length - 1, score.objectness ?? 0) : 0,
    classFrom?.from === 'column' ? classFrom.column : 0,
  );
  return table.rows === 0 || last < table.columns;
}

/** A sample's boxes as far as its count says; null where that is no number of them. */
function firstRows(table: Table, counts: ArrayLike<number>, index: number, samples: number): Table | null {
  const count = counts.length === samples ? counts[index] : undefined;
  if (count === undefined || !Number.isInteger(count) || count < 0 || count > table.rows) return null;
  return { ...table, rows: count };
}

/** One sample's boxes; a batch of one may leave its axis out, or stand behind another of length 1. Null for another shape. */
function tableOf(
  tensor: NumberTensor,
  index: number,
  samples: number,
  arrangement: BoxesOutput['arrangement'],
): Table | null {
  const { data } = tensor;
  const dims = tensor.dims.length === 4 && tensor.dims[0] === 1 ? tensor.dims.slice(1) : tensor.dims;
  const [rows, columns] = dims.length === 3 ? dims.slice(1) : dims;
  const batch = dims.length === 3 ? dims[0] : 1;
  if (rows === undefined || columns === undefined || dims.length > 3 || batch !== samples) return null;
  const start = index * rows * columns;
  return arrangement === 'rows'
    ? { rows, columns, at: (row, column) => data[start + row * columns + column] as number }
    : { rows: columns, columns: rows, at: (row, column) => data[start + column * columns + row] as number };
}

/** One sample's share of a tensor beside the boxes': [N, boxes], [boxes], [N, boxes, columns]; null for another number of boxes. */
function rowsOf({ dims, data }: NumberTensor, index: number, samples: number, rows: number): Table | null {
  const columns = rows === 0 ? 1 : data.length / (samples * rows);
  const hasBatch = dims.length > 1 && dims[0] === samples && (dims.length === 3 || dims[1] === rows);
  const boxes = hasBatch ? dims[1] : samples === 1 ? dims[0] : undefined;
  if (boxes !== rows || !Number.isInteger(columns)) return null;
  const start = index * rows * columns;
  return { rows, columns, at: (row, column) => data[start + row * columns + column] as number };
}
