import type { LabelScore, ManifestFields, ModelLabel } from './model-manifest.ts';
import { countChannels } from './model-preprocessing.ts';
import type { ModelOutput } from './model-outputs.ts';
import { reaches } from './flag-when.ts';
import { BYTES_OF } from './model-tensors.ts';

/** Something that each field allows and the manifest as a whole does not: which field, what it should be, what it is. */
export type Contradiction = {
  readonly path: (string | number)[];
  readonly message: string;
  readonly input: unknown;
};
type Tell = (path: (string | number)[], message: string, input: unknown) => void;

/** All of them, in the order of the manifest; none where a generic interpreter can carry it out. */
export function listContradictions(manifest: ManifestFields): readonly Contradiction[] {
  const found: Contradiction[] = [];
  const tell: Tell = (path, message, input) => found.push({ path, message, input });
  checkPreprocessing(manifest, tell);
  checkSources(manifest, tell);
  checkInputs(manifest, tell);
  checkOutputs(manifest, tell);
  checkMirrors(manifest, tell);
  checkLabels(manifest, tell);
  checkGoldenCases(manifest, tell);
  if (manifest.budgetMs < manifest.toleranceMs)
    tell(['budgetMs'], `at least toleranceMs (${manifest.toleranceMs})`, manifest.budgetMs);
  return found;
}

function checkPreprocessing({ preprocessing }: ManifestFields, tell: Tell): void {
  const { source, steps, sampling, channels } = preprocessing;
  const at = (...path: (string | number)[]) => ['preprocessing', ...path];
  for (const [index, step] of steps.entries()) {
    if (
      source.arrangement === 'images' &&
      (step.do === 'orient' ||
        (step.do === 'resample' && step.spacingMm[0] !== null) ||
        (step.do === 'trim' && step.shares[0] !== null) ||
        (step.do === 'flip' && step.axes.includes('slices')))
    )
      tell(
        at('steps', index),
        'a step for single images, which have no direction and no spacing between them',
        step.do,
      );
    checkRange(step, (path, message, input) => tell(at('steps', index, ...path), message, input));
  }
  for (const [index, list] of channels.entries())
    for (const [place, step] of list.entries())
      checkRange(step, (path, message, input) => tell(at('channels', index, place, ...path), message, input));
  if (source.arrangement === 'images') {
    if (sampling.kind === 'slabs' || sampling.kind === 'volume')
      tell(at('sampling', 'kind'), 'slices or patches of single images', sampling.kind);
    if (sampling.kind === 'patches' && sampling.size[0] !== 1)
      tell(at('sampling', 'size', 0), '1 of single images', sampling.size[0]);
  }
  if (source.colour !== 'grey') {
    if (source.arrangement === 'volume') tell(at('source', 'colour'), 'grey of a volume', source.colour);
    if (channels.length !== 1 && channels.length !== 3)
      tell(at('channels'), 'one list of steps or three in colour', channels.length);
  }
}

/** Series, models and planes that are named have to be there. */
function checkSources({ otherSeries, feeds, preprocessing, inputs, outputs, quantised }: ManifestFields, tell: Tell) {
  const { source, steps, planes, channels, channelPlanes } = preprocessing;
  const at = (...path: (string | number)[]) => ['preprocessing', ...path];
  for (const [name, list] of [['otherSeries', otherSeries] as const, ['feeds', feeds] as const])
    for (const [index, { id }] of list.entries())
      if (list.findIndex((one) => one.id === id) < index)
        tell([name, index, 'id'], 'an id that is not there twice', id);
  const isSeries = (id: string) => otherSeries.some((one) => one.id === id);
  const isFeed = (id: string) => feeds.some((one) => one.id === id);
  for (const [index, plane] of planes.entries()) {
    if (plane.from === 'series' && !isSeries(plane.series))
      tell(at('planes', index, 'series'), 'the id of one of otherSeries', plane.series);
    if (plane.from === 'series' && source.arrangement === 'images')
      tell(at('planes', index, 'from'), 'feed, as single images have no place in one grid', plane.from);
    if (plane.from === 'feed' && !isFeed(plane.feed))
      tell(at('planes', index, 'feed'), 'the id of one of feeds', plane.feed);
  }
  if (planes.length > 0 && source.colour !== 'grey') tell(at('source', 'colour'), 'grey with planes', source.colour);
  const lists = channelPlanes?.length ?? (channels.length === 1 ? 1 : planes.length + 1);
  if ((planes.length > 0 || channelPlanes !== undefined) && channels.length !== lists)
    tell(
      at('channels'),
      channelPlanes === undefined ? `one list of steps, or ${lists}` : `${lists} lists, as many as channelPlanes`,
      channels.length,
    );
  for (const [index, plane] of (channelPlanes ?? []).entries())
    if (plane > planes.length) tell(at('channelPlanes', index), `at most ${planes.length}, the last plane`, plane);
  for (const [index, step] of steps.entries())
    if ((step.do === 'mask' || step.do === 'crop-to-content') && (step.plane ?? 0) > planes.length)
      tell(at('steps', index, 'plane'), `at most ${planes.length}, the last plane`, step.plane);
  for (const [index, step] of steps.entries())
    if (step.do === 'crop-or-pad' && (step.about ?? 0) > planes.length)
      tell(at('steps', index, 'about'), `at most ${planes.length}, the last plane`, step.about);
  // Another series is prepared by itself, without planes.
  const looksAtPlane = steps.some(
    (step) => ('plane' in step && step.plane !== undefined) || ('about' in step && step.about !== undefined),
  );
  for (const [index, input] of inputs.entries())
    if (looksAtPlane && input.role === 'image')
      for (const field of ['series', 'followedBy'] as const)
        if (input[field] !== undefined)
          tell(['inputs', index, field], 'none, as steps look at a plane that another series has not', input[field]);
  // Rows of another model go with its samples one by one: an image left out would shift them.
  const leavesOut = planes.some((plane) => plane.from === 'feed' && plane.whenNothing !== 'go-on');
  const takesRows = inputs.some(
    (input) => input.role === 'fed' && input.what.from === 'features' && input.what.as === 'rows',
  );
  if (leavesOut && takesRows && source.arrangement === 'images')
    tell(at('planes'), 'whenNothing: go-on, as an input takes the other model’s features row by row', null);
  for (const [index, input] of inputs.entries()) {
    if (input.role === 'image' && input.series !== undefined && !isSeries(input.series))
      tell(['inputs', index, 'series'], 'the id of one of otherSeries', input.series);
    if (input.role === 'image')
      for (const [place, id] of (input.followedBy ?? []).entries())
        if (!isSeries(id)) tell(['inputs', index, 'followedBy', place], 'the id of one of otherSeries', id);
    if (input.role === 'fed' && !isFeed(input.feed))
      tell(['inputs', index, 'feed'], 'the id of one of feeds', input.feed);
  }
  const known = new Set([...inputs.map(({ tensor }) => tensor), ...outputs.flatMap((output) => tensorsOf(output))]);
  for (const [index, { tensor }] of quantised.entries())
    if (!known.has(tensor)) tell(['quantised', index, 'tensor'], 'a tensor of inputs or outputs', tensor);
}

/** What is said of mirrored samples is averaged, which nothing but numbers and cells can be. */
function checkMirrors({ preprocessing, outputs }: ManifestFields, tell: Tell): void {
  const { mirrors, sampling } = preprocessing;
  for (const [index, output] of outputs.entries()) {
    const cannot =
      output.role === 'boxes' ||
      (output.role === 'points' && output.where.from === 'coordinates') ||
      (output.role === 'segmentation' && output.reading === 'values');
    if (mirrors.length > 0 && cannot)
      tell(['preprocessing', 'mirrors'], `none, as what output ${index} says cannot be averaged`, mirrors);
    const layout = layoutOf(output);
    const isExact = 'batchIs' in sampling && sampling.batchIs === 'exactly';
    if (isExact && layout !== null && !layout.startsWith('N'))
      tell(
        ['outputs', index, ...(output.role === 'points' ? ['where'] : []), 'layout'],
        'N first, as sampling.batchIs is exactly',
        layout,
      );
  }
}

function layoutOf(output: ModelOutput): string | null {
  if (output.role === 'segmentation' || output.role === 'heatmap') return output.layout;
  return output.role === 'points' && output.where.from === 'heatmap' ? output.where.layout : null;
}

function checkRange(
  step: ManifestFields['preprocessing']['steps'][number],
  tell: (path: string[], message: string, input: unknown) => void,
): void {
  if (step.do === 'clamp' && step.min > step.max) tell(['max'], `at least min (${step.min})`, step.max);
  if (step.do === 'percentile-range' && step.low >= step.high) tell(['high'], `above low (${step.low})`, step.high);
}

function checkInputs({ inputs, preprocessing }: ManifestFields, tell: Tell): void {
  const { sampling } = preprocessing;
  const prepared = countChannels(preprocessing);
  const hasDepth =
    sampling.kind === 'volume' || sampling.kind === 'clips' || (sampling.kind === 'patches' && sampling.size[0] > 1);
  const batch = sampling.kind === 'volume' ? 1 : sampling.batch;
  if (
    !inputs.some(({ role, ...input }) => role === 'fed' || (role === 'image' && !('series' in input && input.series)))
  )
    tell(
      ['inputs'],
      'one of the role image, or fed',
      inputs.map(({ role }) => role),
    );
  for (const [index, input] of inputs.entries()) {
    const at = (...path: (string | number)[]) => ['inputs', index, ...path];
    if (inputs.findIndex(({ tensor }) => tensor === input.tensor) < index)
      tell(at('tensor'), 'a tensor that is not there twice', input.tensor);
    if (input.role === 'image') {
      const given = input.channels?.length ?? prepared;
      const perSample = sampling.kind === 'slabs' && !input.layout.includes('D') ? given * sampling.slices : given;
      if (input.followedBy !== undefined && sampling.kind !== 'slices')
        tell(at('followedBy'), `none, as sampling is ${sampling.kind} and not slices`, input.followedBy);
      if (input.followedBy !== undefined && !input.layout.includes('D'))
        tell(at('layout'), 'slices (D), as other series follow', input.layout);
      if (hasDepth && !input.layout.includes('D'))
        tell(at('layout'), `slices (D), as sampling is ${sampling.kind}`, input.layout);
      if (perSample > 1 && !input.layout.includes('C'))
        tell(at('layout'), `channels (C), as there are ${perSample}`, input.layout);
      if (batch > 1 && !input.layout.includes('N'))
        tell(at('layout'), 'a batch (N), as sampling.batch is above 1', input.layout);
      for (const [place, channel] of (input.channels ?? []).entries())
        if (channel >= prepared)
          tell(at('channels', place), `below ${prepared}, the number of channels prepared`, channel);
    }
    if (input.role === 'constant') {
      const count = input.dims.reduce((product, size) => product * size, 1);
      if (count !== input.values.length) tell(at('values'), `${count} numbers, as dims say`, input.values.length);
    }
    const scalars = input.role === 'scalar' ? [input] : input.role === 'vector' ? input.values : [];
    for (const [place, scalar] of scalars.entries()) {
      const path = input.role === 'vector' ? at('values', place, 'codes') : at('codes');
      const isCoded = ['sex', 'laterality', 'view-position', 'manufacturer'].includes(scalar.of);
      if (isCoded !== (scalar.codes !== undefined))
        tell(
          path,
          isCoded ? `numbers for its codes, as it is of ${scalar.of}` : `nothing, as ${scalar.of} is a number itself`,
          scalar.codes ?? null,
        );
      for (const sex of ['M', 'F'])
        if (scalar.of === 'sex' && scalar.codes !== undefined && !Object.hasOwn(scalar.codes, sex))
          tell([...path, sex], 'a number, which is missing', null);
    }
  }
}

function checkOutputs({ outputs, inputs, labels, preprocessing }: ManifestFields, tell: Tell): void {
  const known = new Set(labels.map(({ id }) => id));
  const hasCells = inputs.some(({ role }) => role === 'image') && preprocessing.sampling.kind !== 'clips';
  if (labels.length === 0 && outputs.some(({ role }) => role !== 'features'))
    tell(['labels'], 'what the outputs say; none where all of them are features', []);
  for (const [index, output] of outputs.entries()) {
    const at = (...path: (string | number)[]) => ['outputs', index, ...path];
    const same = outputs.findIndex((one) => one.tensor === output.tensor && one.role === output.role);
    if (same < index && output.role !== 'number')
      tell(at('tensor'), 'a tensor that is not there twice in one role', output.tensor);
    if (output.role === 'number') {
      if (!known.has(output.label)) tell(at('label'), 'the id of a label', output.label);
      if (output.reading.how !== 'value' && output.reading.how !== 'ordinal') {
        const { activation } = output.reading;
        if (activation === 'sigmoid' || activation === 'signed')
          tell(at('reading', 'activation'), 'softmax, exp or none, as a distribution adds up to 1', activation);
      }
      continue;
    }
    if (output.role === 'features') continue;
    if (output.role !== 'classes' && !hasCells)
      tell(at('role'), 'classes, number or features, as samples have no cells of one image', output.role);
    for (const [id, calibration] of Object.entries('labelCalibrations' in output ? output.labelCalibrations : {})) {
      if (!output.classes.includes(id)) tell(at('labelCalibrations', id), 'a label of its classes', id);
      const standsAlone = output.role === 'classes' && output.activation !== 'softmax';
      if (calibration.kind === 'temperature' && !standsAlone)
        tell(at('labelCalibrations', id, 'kind'), 'platt or isotonic, as scores do not stand alone', calibration.kind);
    }
    if (output.role === 'classes' && output.groupOf !== undefined) {
      if (output.activation !== 'softmax') tell(at('activation'), 'softmax, as groupOf is given', output.activation);
      if (output.classes.length % output.groupOf !== 0)
        tell(at('groupOf'), `a number that divides ${output.classes.length}, the number of classes`, output.groupOf);
    }
    if (output.role === 'segmentation' && output.classValues !== undefined) {
      const { classValues } = output;
      if (output.reading !== 'values') tell(at('reading'), 'values, as classValues is given', output.reading);
      if (classValues.length !== output.classes.length)
        tell(at('classValues'), `${output.classes.length} numbers, as many as classes`, classValues.length);
      for (const [place, value] of classValues.entries())
        if (classValues.indexOf(value) < place)
          tell(at('classValues', place), 'a number that is not there twice', value);
    }
    if (output.role === 'points')
      checkPoints(output, known, (path, message, input) => tell(at(...path), message, input));
    for (const [place, label] of output.classes.entries())
      if (label !== null && !known.has(label)) tell(at('classes', place), 'the id of a label, or null', label);
    if (output.role === 'classes' && output.per === 'slice' && preprocessing.sampling.kind !== 'volume')
      tell(at('per'), 'sample, as sampling is not volume', output.per);
    if (output.role !== 'boxes') continue;
    if (output.calibration?.kind === 'temperature')
      tell(at('calibration', 'kind'), 'platt or isotonic of boxes', output.calibration.kind);
    if (output.classes.length > 1 && output.classFrom === undefined && output.score.from === 'column')
      tell(at('classFrom'), 'where the class of a box is: there are several classes and one score', null);
    if (output.anchors !== undefined) checkAnchors(output, (path, message, input) => tell(at(...path), message, input));
    if (output.unit === 'share' && output.format === 'centre-diameter')
      tell(at('unit'), 'cells, as a diameter is no share of any one axis', output.unit);
  }
}

function checkAnchors(
  { axes, format, unit, anchors, count }: Extract<ModelOutput, { role: 'boxes' }>,
  tell: Tell,
): void {
  if (anchors === undefined) return;
  if (count !== undefined) tell(['count'], 'none, as each anchor has a row', count);
  if (format !== 'centre-size') tell(['format'], 'centre-size, as anchors are given', format);
  if (unit !== 'cells') tell(['unit'], 'cells, as anchors are given', unit);
  const letters = (order: string) => order.split('').toSorted().join('');
  if (letters(anchors.order) !== letters(axes))
    tell(['anchors', 'order'], `the letters of axes (${axes})`, anchors.order);
  for (const [index, { stride, sizes }] of anchors.levels.entries()) {
    if (stride.length !== axes.length)
      tell(['anchors', 'levels', index, 'stride'], `${axes.length} numbers, as axes say`, stride);
    for (const [place, size] of sizes.entries())
      if (size.length !== axes.length)
        tell(['anchors', 'levels', index, 'sizes', place], `${axes.length} numbers, as axes say`, size);
  }
}

function checkPoints(
  { classes, measures }: Extract<ModelOutput, { role: 'points' }>,
  known: ReadonlySet<string>,
  tell: Tell,
): void {
  for (const [index, { label, what, of }] of measures.entries()) {
    if (!known.has(label)) tell(['measures', index, 'label'], 'the id of a label', label);
    const count = what === 'distance-mm' ? 2 : 4;
    if (of.length !== count) tell(['measures', index, 'of'], `${count} points`, of);
    for (const [place, point] of of.entries())
      if (!classes.includes(point)) tell(['measures', index, 'of', place], 'one of its classes', point);
  }
}

function checkLabels({ labels, outputs, operatingPoints }: ManifestFields, tell: Tell): void {
  for (const list of [labels, operatingPoints]) {
    const name = list === labels ? 'labels' : 'operatingPoints';
    for (const [index, { id }] of list.entries())
      if (list.findIndex((one) => one.id === id) < index)
        tell([name, index, 'id'], 'an id that is not there twice', id);
  }
  for (const [index, label] of labels.entries()) {
    const giving = outputs.filter((output) => gives(output, label)).length;
    if (giving !== 1) {
      const found = giving === 0 ? 'an output that gives it' : 'one output that gives it, not several';
      tell(
        ['labels', index, 'score'],
        `${found} (${GIVEN_BY[label.score].join(' or ')}, for ${label.id})`,
        label.score,
      );
    }
    const least = leastScoreOf({ labels, outputs }, label.id);
    for (const field of ['flagFrom', 'uncertainFrom'] as const)
      if ((label[field] ?? Infinity) < least)
        tell(['labels', index, field], `at least the boxes' minScore (${least})`, label[field]);
    const isLow = label.flagWhen === 'at-most';
    if (
      label.uncertainFrom !== undefined &&
      (label.flagFrom === null || !reaches(label.flagFrom, label.uncertainFrom, label.flagWhen))
    )
      tell(
        ['labels', index, 'uncertainFrom'],
        `${isLow ? 'at least' : 'at most'} flagFrom (${label.flagFrom})`,
        label.uncertainFrom,
      );
    if (isLow)
      checkLowIsBad(label, outputs, (path, message, input) => tell(['labels', index, ...path], message, input));
  }
  const known = new Set(labels.map(({ id }) => id));
  for (const [index, point] of operatingPoints.entries()) {
    for (const id of Object.keys(point.flagFrom))
      if (!known.has(id)) tell(['operatingPoints', index, 'flagFrom', id], 'the id of a label', id);
    for (const [id, flagFrom] of Object.entries(point.flagFrom)) {
      const least = leastScoreOf({ labels, outputs }, id);
      if ((flagFrom ?? Infinity) < least)
        tell(['operatingPoints', index, 'flagFrom', id], `at least the boxes' minScore (${least})`, flagFrom);
    }
  }
}

/** What finds something by its highest score cannot be flagged by a low one: that would be hidden by what joins samples. */
function checkLowIsBad(label: ModelLabel, outputs: ManifestFields['outputs'], tell: Tell): void {
  const { id, score } = label;
  if (score === 'best-box' || score === 'boxes' || score === 'peak')
    tell(['flagWhen'], `at-least, as score is ${score}`, label.flagWhen);
  for (const output of outputs) {
    if ((output.role !== 'classes' && output.role !== 'number') || !gives(output, label)) continue;
    const { how } = output.aggregate;
    if (how !== 'min' && how !== 'mean' && how !== 'median')
      tell(
        ['flagWhen'],
        `at-least, or min, mean or median as aggregate of ${output.tensor}, not ${how}`,
        label.flagWhen,
      );
    if (
      output.role === 'classes' &&
      output.activation !== 'softmax' &&
      output.classes.filter((one) => one === id).length > 1
    )
      tell(
        ['flagWhen'],
        `at-least, as several classes of ${output.tensor} are ${id} and the highest counts`,
        label.flagWhen,
      );
  }
}

const MEBIBYTE = 2 ** 20;

/** What the inputs of a golden case take beside each other as the model is given them, in MiB, by what the manifest alone says. */
function goldenMb({ inputs }: ManifestFields, golden: ManifestFields['goldenCases'][number]): number {
  const bytes = Object.entries(golden.inputs).reduce((sum, [tensor, { dims, stored }]) => {
    const type = inputs.find((input) => input.tensor === tensor)?.type ?? stored;
    const numbers = dims.reduce((product, size) => product * size, 1);
    return sum + numbers * Math.max(BYTES_OF[type], BYTES_OF[stored]);
  }, 0);
  return Math.ceil(bytes / MEBIBYTE);
}

function checkGoldenCases(manifest: ManifestFields, tell: Tell): void {
  const { goldenCases, inputs, outputs, memoryMb } = manifest;
  const taken = new Set(inputs.map(({ tensor }) => tensor));
  const given = new Set(outputs.flatMap((output) => tensorsOf(output)));
  for (const [index, golden] of goldenCases.entries()) {
    if (goldenCases.findIndex(({ name }) => name === golden.name) < index)
      tell(['goldenCases', index, 'name'], 'a name that is not there twice', golden.name);
    const neededMb = goldenMb(manifest, golden);
    // Refused by what it says of its size: nothing of it is read.
    if (neededMb > memoryMb)
      tell(
        ['goldenCases', index, 'inputs'],
        `at most memoryMb (${memoryMb}) in all: a smaller case proves as much`,
        `${neededMb} MiB`,
      );
    for (const tensor of taken)
      if (!Object.hasOwn(golden.inputs, tensor))
        tell(['goldenCases', index, 'inputs', tensor], 'there, as each input is', null);
    for (const tensor of Object.keys(golden.inputs))
      if (!taken.has(tensor)) tell(['goldenCases', index, 'inputs', tensor], 'a tensor of inputs', tensor);
    for (const tensor of Object.keys(golden.expected))
      if (!given.has(tensor)) tell(['goldenCases', index, 'expected', tensor], 'a tensor of outputs', tensor);
  }
}

/** Every output tensor that an output is read from. */
export function tensorsOf(output: ModelOutput): readonly string[] {
  if (output.role !== 'boxes') return [output.tensor];
  const { score, classFrom } = output;
  return [
    output.tensor,
    ...(score.from === 'tensor' ? [score.tensor] : []),
    ...(classFrom?.from === 'tensor' ? [classFrom.tensor] : []),
    ...(output.count === undefined ? [] : [output.count]),
  ];
}

/** The role of output that gives each kind of score. */
const GIVEN_BY: Readonly<Record<LabelScore, readonly ModelOutput['role'][]>> = {
  probability: ['classes'],
  'best-box': ['boxes', 'points'],
  boxes: ['boxes', 'points'],
  'volume-ml': ['segmentation'],
  cells: ['segmentation'],
  peak: ['segmentation'],
  number: ['number', 'points'],
};

/** Whether an output gives the score that a label is flagged by. */
function gives(output: ModelOutput, label: ModelLabel): boolean {
  return GIVEN_BY[label.score].includes(output.role) && labelsOf(output, label.score).includes(label.id);
}

function labelsOf(output: ModelOutput, score: LabelScore): readonly (string | null)[] {
  if (output.role === 'features') return [];
  if (output.role === 'number') return [output.label];
  return output.role === 'points' && score === 'number' ? output.measures.map(({ label }) => label) : output.classes;
}

/** Below this score nothing of a label is ever told: boxes under their output's `minScore` are let go before they are judged. */
export function leastScoreOf(
  { labels, outputs }: { readonly labels: readonly ModelLabel[]; readonly outputs: readonly ModelOutput[] },
  id: string,
): number {
  if (labels.find((label) => label.id === id)?.score !== 'best-box') return Number.NEGATIVE_INFINITY;
  const floors = outputs.flatMap((output) =>
    (output.role === 'boxes' || output.role === 'points') && output.classes.includes(id) ? [output.minScore] : [],
  );
  return Math.max(Number.NEGATIVE_INFINITY, ...floors);
}
