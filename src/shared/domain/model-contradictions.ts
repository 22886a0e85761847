import type { LabelScore, ManifestFields, ModelLabel } from './model-manifest.ts';
import type { ModelOutput } from './model-tensors.ts';

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
  checkInputs(manifest, tell);
  checkOutputs(manifest, tell);
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
      (step.do === 'orient' || (step.do === 'resample' && step.spacingMm[0] !== null))
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

function checkRange(
  step: ManifestFields['preprocessing']['steps'][number],
  tell: (path: string[], message: string, input: unknown) => void,
): void {
  if (step.do === 'clamp' && step.min > step.max) tell(['max'], `at least min (${step.min})`, step.max);
  if (step.do === 'percentile-range' && step.low >= step.high) tell(['high'], `above low (${step.low})`, step.high);
}

function checkInputs({ inputs, preprocessing }: ManifestFields, tell: Tell): void {
  const { source, sampling, channels } = preprocessing;
  const prepared = source.colour === 'grey' ? channels.length : 3;
  const hasDepth = sampling.kind === 'volume' || (sampling.kind === 'patches' && sampling.size[0] > 1);
  const batch = sampling.kind === 'volume' ? 1 : sampling.batch;
  if (!inputs.some(({ role }) => role === 'image'))
    tell(
      ['inputs'],
      'one of the role image',
      inputs.map(({ role }) => role),
    );
  for (const [index, input] of inputs.entries()) {
    const at = (...path: (string | number)[]) => ['inputs', index, ...path];
    if (inputs.findIndex(({ tensor }) => tensor === input.tensor) < index)
      tell(at('tensor'), 'a tensor that is not there twice', input.tensor);
    if (input.role === 'image') {
      const given = input.channels?.length ?? prepared;
      const perSample = sampling.kind === 'slabs' && !input.layout.includes('D') ? given * sampling.slices : given;
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
      if ((scalar.of === 'sex') !== (scalar.codes !== undefined))
        tell(
          path,
          scalar.of === 'sex' ? 'numbers for M and F, as it is of sex' : 'nothing, as it is not of sex',
          scalar.codes ?? null,
        );
    }
  }
}

function checkOutputs({ outputs, labels, preprocessing }: ManifestFields, tell: Tell): void {
  const known = new Set(labels.map(({ id }) => id));
  for (const [index, output] of outputs.entries()) {
    const at = (...path: (string | number)[]) => ['outputs', index, ...path];
    const same = outputs.findIndex((one) => one.tensor === output.tensor && one.role === output.role);
    if (same < index && output.role !== 'number')
      tell(at('tensor'), 'a tensor that is not there twice in one role', output.tensor);
    if (output.role === 'number') {
      if (!known.has(output.label)) tell(at('label'), 'the id of a label', output.label);
      continue;
    }
    for (const [place, label] of output.classes.entries())
      if (label !== null && !known.has(label)) tell(at('classes', place), 'the id of a label, or null', label);
    if (output.role === 'classes' && output.per === 'slice' && preprocessing.sampling.kind !== 'volume')
      tell(at('per'), 'sample, as sampling is not volume', output.per);
    if (output.role !== 'boxes') continue;
    if (output.classes.length > 1 && output.classFrom === undefined && output.score.from === 'column')
      tell(at('classFrom'), 'where the class of a box is: there are several classes and one score', null);
    if (output.unit === 'share' && output.format === 'centre-diameter')
      tell(at('unit'), 'cells, as a diameter is no share of any one axis', output.unit);
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
      tell(['labels', index, 'score'], `${found} (${GIVEN_BY[label.score]}, for ${label.id})`, label.score);
    }
    const least = leastScoreOf({ labels, outputs }, label.id);
    for (const field of ['flagFrom', 'uncertainFrom'] as const)
      if ((label[field] ?? Infinity) < least)
        tell(['labels', index, field], `at least the boxes' minScore (${least})`, label[field]);
    if (label.uncertainFrom !== undefined && (label.flagFrom === null || label.uncertainFrom > label.flagFrom))
      tell(['labels', index, 'uncertainFrom'], `at most flagFrom (${label.flagFrom})`, label.uncertainFrom);
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

function checkGoldenCases({ goldenCases, inputs, outputs }: ManifestFields, tell: Tell): void {
  const taken = new Set(inputs.map(({ tensor }) => tensor));
  const given = new Set(outputs.flatMap((output) => tensorsOf(output)));
  for (const [index, golden] of goldenCases.entries()) {
    if (goldenCases.findIndex(({ name }) => name === golden.name) < index)
      tell(['goldenCases', index, 'name'], 'a name that is not there twice', golden.name);
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
  ];
}

/** The role of output that gives each kind of score. */
const GIVEN_BY: Readonly<Record<LabelScore, ModelOutput['role']>> = {
  probability: 'classes',
  'best-box': 'boxes',
  boxes: 'boxes',
  'volume-ml': 'segmentation',
  cells: 'segmentation',
  peak: 'segmentation',
  number: 'number',
};

/** Whether an output gives the score that a label is flagged by. */
function gives(output: ModelOutput, label: ModelLabel): boolean {
  const named = output.role === 'number' ? output.label === label.id : output.classes.includes(label.id);
  return named && GIVEN_BY[label.score] === output.role;
}

/** Below this score nothing of a label is ever told: boxes under their output's `minScore` are let go before they are judged. */
export function leastScoreOf(
  { labels, outputs }: { readonly labels: readonly ModelLabel[]; readonly outputs: readonly ModelOutput[] },
  id: string,
): number {
  if (labels.find((label) => label.id === id)?.score !== 'best-box') return Number.NEGATIVE_INFINITY;
  const floors = outputs.flatMap((output) =>
    output.role === 'boxes' && output.classes.includes(id) ? [output.minScore] : [],
  );
  return Math.max(Number.NEGATIVE_INFINITY, ...floors);
}
