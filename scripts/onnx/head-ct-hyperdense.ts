import { type Graph, startGraph, type Value } from './graph.ts';
import { morphology } from './morphology.ts';

/** What was tuned on phantoms; the card says on which seeds and with what result. */
export type HyperdenseSettings = {
  readonly boneHu: number;
  /** Calcification and bone: brighter than any fresh blood. */
  readonly denseHu: number;
  /** How far above the mean of the brain hyperdense begins, and between what bounds. */
  readonly aboveBrainHu: number;
  readonly lowestHu: number;
  readonly highestHu: number;
  /** Half widths in pixels: brainCore at 2 mm, deepCore and reachSteps at 4 mm, the others at the working grid's 1 mm. */
  readonly brainCore: number;
  readonly deepCore: number;
  readonly reachSteps: number;
  readonly denseMargin: number;
  /** How far past the region found at half resolution seeds may lie, towards the inner table. */
  readonly rimReach: number;
  /** How far past it blood may grow. */
  readonly growReach: number;
  /** How much of a bone's edge in the slice above or below does not speak against a start. */
  readonly boneAcross: number;
  readonly seedErosion: number;
  readonly seedNeighbourhood: number;
  readonly seedShare: number;
  /** Seeds stand only where the neighbourhood (in-plane half width, and one slice up and down) holds this much of them. */
  readonly clusterReach: number;
  readonly clusterMl: number;
  readonly growSteps: number;
  readonly growBelowHu: number;
  /** A slice whose enclosed tissue is brighter than this on average is muscle, not brain. */
  readonly brightestBrainHu: number;
  /** The volume that gives a probability of one half, and how steeply it rises with the logarithm of the volume. */
  readonly halfMl: number;
  readonly steepness: number;
};

/** The settings of the shipped model. */
export const SETTINGS: HyperdenseSettings = {
  boneHu: 200,
  denseHu: 110,
  aboveBrainHu: 21,
  lowestHu: 46,
  highestHu: 60,
  brainCore: 5,
  deepCore: 6,
  reachSteps: 26,
  denseMargin: 1,
  rimReach: 4,
  growReach: 5,
  boneAcross: 2,
  seedErosion: 0,
  seedNeighbourhood: 2,
  seedShare: 0.5,
  clusterReach: 12,
  clusterMl: 1,
  growSteps: 6,
  growBelowHu: 7,
  brightestBrainHu: 46,
  halfMl: 1,
  steepness: 2.5,
};

/**
 * Builds the reference algorithm as an ONNX graph (opset 17): hyperdense tissue inside the skull of a head CT without contrast.
 * Inputs: `volume` float32 [1,1,D,H,W] in HU at 1 mm pixels, `spacing` float32 [3] in mm, `slice_extents` float32 [D] in mm.
 * Outputs: `probability` [1], `volume_ml` [1], `slice_ml` [D], `mask` uint8 [1,1,D,H,W]. H and W must be multiples of 4.
 */
export function buildHeadCtHyperdense(settings: HyperdenseSettings = SETTINGS): Uint8Array {
  const graph = startGraph('head-ct-hyperdense');
  const volume = graph.input('volume', 'float32', [1, 1, 'D', 'H', 'W']);
  const spacing = graph.input('spacing', 'float32', [3]);
  const extents = graph.input('slice_extents', 'float32', ['D']);
  const m = morphology(graph);

  // Slices stand in the channel dimension: [1, D, H, W]. Pools then work slice by slice.
  const hu = graph.add('Squeeze', [volume, graph.ints([0])]);
  const bone = m.above(hu, settings.boneHu);
  const dense = m.above(hu, settings.denseHu);
  const soft = m.and(m.above(hu, -10), m.not(dense));
  const smooth = m.smoothWithin(hu, soft);

  const brain = brainRegion(graph, settings, bone, soft);
  const level = m.meanWithin(smooth, m.and(brain, m.and(m.above(smooth, 15), m.not(m.above(smooth, 50)))));
  const threshold = graph.add('Clip', [
    graph.add('Add', [level, graph.floats(settings.aboveBrainHu)]),
    graph.floats(settings.lowestHu),
    graph.floats(settings.highestHu),
  ]);
  const isBrainSlice = m.not(m.aboveValue(m.sliceMeanWithin(smooth, brain), graph.floats(settings.brightestBrainHu)));
  const region = m.and(m.dilate(brain, settings.rimReach), isBrainSlice);

  // Bone of the slices above and below shines into this one: partial volume at the vault and the floor.
  const clear = m.not(
    m.or(m.dilate(dense, settings.denseMargin), m.dilateAcrossSlices(m.erode(bone, settings.boneAcross))),
  );
  const bright = m.and(m.aboveValue(smooth, threshold), m.and(region, soft));
  const crowd = m.share(m.and(bright, clear), settings.seedNeighbourhood);
  const cores = m.and(m.erode(m.and(bright, clear), settings.seedErosion), m.above(crowd, settings.seedShare));
  const pixelMm2 = graph.add('Mul', [m.element(spacing, 1), m.element(spacing, 2)]);
  const voxelMl = graph.add('Mul', [
    graph.add('Mul', [graph.add('Unsqueeze', [extents, graph.ints([0, 2, 3])]), pixelMm2]),
    graph.floats(0.001),
  ]);
  const opened = m.and(m.dilate(cores, settings.seedErosion), bright);
  const nearby = m.sumAround(graph.add('Mul', [opened, voxelMl]), settings.clusterReach);
  const seeds = m.and(cores, m.above(nearby, settings.clusterMl));

  const edge = graph.add('Sub', [threshold, graph.floats(settings.growBelowHu)]);
  const reachable = m.and(
    m.and(m.aboveValue(smooth, edge), soft),
    m.and(isBrainSlice, m.dilate(brain, settings.growReach)),
  );
  let mask = m.dilate(seeds, settings.seedErosion);
  mask = m.and(mask, reachable);
  for (let step = 0; step < settings.growSteps; step += 1) mask = m.and(m.dilate(mask, 1), reachable);

  const sliceMl = graph.add('ReduceSum', [graph.add('Mul', [mask, voxelMl]), graph.ints([0, 2, 3])], { keepdims: 0 });
  const volumeMl = graph.add('ReduceSum', [sliceMl, graph.ints([0])], { keepdims: 1 });
  const ratio = graph.add('Div', [graph.add('Add', [volumeMl, graph.floats(0.05)]), graph.floats(settings.halfMl)]);
  const logit = graph.add('Mul', [graph.add('Log', [ratio]), graph.floats(settings.steepness)]);

  graph.output('probability', graph.add('Sigmoid', [logit]), 'float32', [1]);
  graph.output('volume_ml', volumeMl, 'float32', [1]);
  graph.output('slice_ml', sliceMl, 'float32', ['D']);
  const bytes = graph.add('Cast', [graph.add('Unsqueeze', [mask, graph.ints([0])])], { to: 2 });
  graph.output('mask', bytes, 'uint8', [1, 1, 'D', 'H', 'W']);
  return graph.encode({
    irVersion: 8,
    opset: 17,
    modelVersion: 2,
    doc: 'Suspected hyperdense blood in a head CT without contrast. Reference algorithm, not for clinical use.',
    metadata: { clinical_use: 'none', licence: 'Apache-2.0' },
  });
}

/**
 * What is enclosed by bone and thick enough to be brain, found at half resolution: tissue with bone on all four sides, opened by
 * reconstruction, so that orbits fall away, and connected through the slices to the deep middle, so that muscle below the base does.
 */
function brainRegion(graph: Graph, settings: HyperdenseSettings, bone: Value, soft: Value): Value {
  const m = morphology(graph);
  const half = { kernel_shape: [2, 2], strides: [2, 2] };
  const wall = m.dilate(graph.add('MaxPool', [bone], half), 1);
  const tissue = m.above(graph.add('AveragePool', [soft], half), 0.5);
  let enclosed = m.not(wall);
  for (const axis of [2, 3]) {
    for (const reverse of [0, 1]) {
      const passed = graph.add('CumSum', [wall, graph.add('Squeeze', [graph.ints([axis])])], { reverse });
      enclosed = m.and(enclosed, m.above(passed, 0.5));
    }
  }
  const candidate = m.and(enclosed, tissue);
  let opened = m.erode(candidate, settings.brainCore);
  for (let step = 0; step < settings.brainCore + 2; step += 1) opened = m.and(m.dilate(opened, 1), candidate);

  const quarter = graph.add('MaxPool', [opened], half);
  const room = graph.add('Unsqueeze', [quarter, graph.ints([0])]);
  let reached = graph.add('Unsqueeze', [m.erode(quarter, settings.deepCore), graph.ints([0])]);
  const around = { kernel_shape: [3, 3, 3], pads: [1, 1, 1, 1, 1, 1], strides: [1, 1, 1] };
  for (let step = 0; step < settings.reachSteps; step += 1)
    reached = m.and(graph.add('MaxPool', [reached], around), room);
  const connected = m.double(graph.add('Squeeze', [reached, graph.ints([0])]));
  return m.double(m.and(opened, connected));
}
