import { findPeaks, type PeakLimits } from './find-peaks.ts';
import { type Graph, startGraph, type Value } from './graph.ts';
import { judgeNodules, type NoduleSettings } from './judge-nodules.ts';
import { morphology } from './morphology.ts';
import { type Volume, volumeOperations } from './volume-operations.ts';

/** Edge of the cells that the graph takes, in mm. */
export const CELL_MM = 1.5;
/** Blurs in mm, each √2 wider: the difference of two neighbours is a Laplacian of Gaussian, scaled by its width. */
const FINE_BLURS_MM = [1.2, 1.7, 2.4, 3.4];
const COARSE_BLURS_MM = [3.4, 4.8, 6.8];

/** What was tuned on phantoms; the card says on which seeds and with what result. */
export type DetectorSettings = NoduleSettings & {
  readonly airHu: number;
  readonly gasHu: number;
  readonly opening: number;
  readonly closing: number;
  /** Least response to the blurs, how many of the best are looked at, and how many of these are measured. */
  readonly fine: PeakLimits;
  readonly coarse: PeakLimits;
  /** How many candidates are given, the best first. */
  readonly told: number;
};

/** The settings of the shipped model. */
export const NODULE_SETTINGS: DetectorSettings = {
  airHu: -500,
  gasHu: -960,
  opening: 2,
  closing: 5,
  fine: { from: 0.03, looked: 700, most: 96 },
  coarse: { from: 0.06, looked: 150, most: 32 },
  told: 32,
  weights: {
    blob: 79.4,
    logMl: -0.48,
    slimness: -4.82,
    flatness: -3.29,
    fill: 13.3,
    shell: 6.94,
    far: -7.33,
    wall: -5.66,
    edge: -24.4,
  },
  bias: -5.54,
  leastMl: 0.02,
};

/**
 * Builds the nodule detector as an ONNX graph (opset 17): solid nodule candidates in a chest CT. Input: `volume` float32
 * [1,1,D,H,W] in HU, cells of 1.5 mm, slices from feet to head; all of D, H and W even. Outputs, the best first: `boxes` [32,4], slice,
 * row and column of the centre (the first cell's first edge is 0) and the diameter, in cells; `scores` [32], 0 to 1.
 */
export function buildChestCtNodules(
  settings: DetectorSettings = NODULE_SETTINGS,
  shows: 'boxes' | 'features' = 'boxes',
): Uint8Array {
  const graph = startGraph('chest-ct-nodules');
  const input = graph.input('volume', 'float32', [1, 1, 'D', 'H', 'W']);
  const m = morphology(graph);
  const v = volumeOperations(graph);

  const half = { kernel_shape: [2, 2, 2], strides: [2, 2, 2] };
  const coarseHu = v.volume(graph.add('Squeeze', [graph.add('AveragePool', [input], half), graph.ints([0, 1])]));
  const lungs = lungRegion(graph, settings, coarseHu);
  const bounds = v.boundsOf({ ...coarseHu, at: lungs.whole }, 4);
  const twice = (value: Value) => graph.add('Mul', [value, graph.ints([2])]);
  const whole = v.volume(graph.add('Squeeze', [input, graph.ints([0, 1])]));
  const cutCoarse = (value: Value) => v.cut({ ...coarseHu, at: value }, bounds.from, bounds.to);

  // 0 is this patient's lung, 1 is soft tissue.
  const level = m.meanWithin(
    graph.add('Unsqueeze', [coarseHu.at, graph.ints([0])]),
    graph.add('Unsqueeze', [lungs.plain, graph.ints([0])]),
  );
  const lungHu = graph.add('Clip', [
    graph.add('Reshape', [level, graph.ints([1])]),
    graph.floats(-950),
    graph.floats(-650),
  ]);
  const softness = (hu: Volume): Volume => {
    const range = graph.add('Sub', [graph.floats(30), lungHu]);
    const share = graph.add('Div', [graph.add('Sub', [hu.at, lungHu]), range]);
    return { at: graph.add('Clip', [share, graph.floats(-0.2), graph.floats(1.1)]), lengths: hu.lengths };
  };
  const fine = softness(v.cut(whole, twice(bounds.from), twice(bounds.to)));
  const coarse = softness(cutCoarse(coarseHu.at));
  const roomCoarse = cutCoarse(lungs.whole);
  const room = v.double(roomCoarse);

  const peaksFine = findPeaks(graph, fine, room, inCells(FINE_BLURS_MM, CELL_MM), settings.fine);
  const peaksCoarse = findPeaks(graph, coarse, roomCoarse, inCells(COARSE_BLURS_MM, 2 * CELL_MM), settings.coarse);
  const join = (a: Value, b: Value) => graph.add('Concat', [a, b], { axis: 0 });
  const places = join(peaksFine.places, graph.add('Add', [twice(peaksCoarse.places), graph.ints([1])]));
  const responses = join(peaksFine.responses, peaksCoarse.responses);
  const blobs = join(peaksFine.blobs, peaksCoarse.blobs);
  const judged = judgeNodules(graph, settings, { fine, room, places, responses, blobs });

  const offset = graph.add('Add', [v.float(twice(bounds.from)), graph.floats(0.5)]);
  const centres = graph.add('Add', [judged.centres, offset]);
  const [scores, which] = graph.addPair(
    'TopK',
    [graph.add('Reshape', [judged.scores, graph.ints([-1])]), graph.ints([settings.told])],
    {
      ...{ axis: 0, largest: 1, sorted: 1 },
    },
  );
  const boxes = graph.add('Concat', [centres, judged.diameters], { axis: 1 });
  graph.output('boxes', graph.add('Gather', [boxes, which]), 'float32', [settings.told, 4]);
  graph.output('scores', scores, 'float32', [settings.told]);
  if (shows === 'features')
    graph.output('features', graph.add('Gather', [judged.features, which]), 'float32', ['N', 'F']);
  return graph.encode({
    irVersion: 8,
    opset: 17,
    modelVersion: 1,
    doc: 'Solid nodule candidates in a chest CT. Reference algorithm, not for clinical use.',
    metadata: { clinical_use: 'none', licence: 'Apache-2.0' },
  });
}

/**
 * Lung at 3 mm: air with tissue on all four sides within its slice, thick enough, and not as empty as gas of the bowel. `whole` is
 * closed, so that what lies at the pleura and at the root of the lung is within; `plain` is not.
 */
function lungRegion(
  graph: Graph,
  settings: DetectorSettings,
  hu: Volume,
): { readonly whole: Value; readonly plain: Value } {
  const m = morphology(graph);
  const slices = graph.add('Unsqueeze', [hu.at, graph.ints([0])]);
  const tissue = m.above(slices, settings.airHu + 100);
  let enclosed = m.not(m.above(slices, settings.airHu));
  for (const axis of [2, 3])
    for (const reverse of [0, 1]) {
      const passed = graph.add('CumSum', [tissue, graph.add('Squeeze', [graph.ints([axis])])], { reverse });
      enclosed = m.and(enclosed, m.above(passed, 1.5));
    }
  const around = m.share(slices, 3);
  const air = m.and(enclosed, m.above(around, settings.gasHu));
  const opened = m.and(m.dilate(m.erode(air, settings.opening), settings.opening + 1), air);
  const closed = m.erode(m.dilate(opened, settings.closing), settings.closing);
  const slim = (value: Value) => graph.add('Squeeze', [value, graph.ints([0])]);
  return { whole: slim(closed), plain: slim(m.erode(opened, 1)) };
}

function inCells(lengthsMm: readonly number[], cellMm: number): readonly number[] {
  return lengthsMm.map((mm) => mm / cellMm);
}
