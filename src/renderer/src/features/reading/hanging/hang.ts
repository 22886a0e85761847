import type { SeriesCard, StudyDetail } from '../../../../../shared/contract/studies.ts';
import { extentMm, turnedTo } from '../../../viewport/hung-picture.ts';
import type { FrameAddress, Stack, StackImage } from '../../../viewport/stack.ts';
import { PANES_OF } from '../layouts.ts';
import { hangingOrder, type Panes, type Placed } from '../panes.ts';
import type { HangingRule, HangingRules, HungPane } from './hanging-rule.ts';
import { SHIPPED_RULES } from './shipped-rules.ts';

/** A study as far as hanging asks. */
export type Hangable = Pick<StudyDetail, 'series' | 'runs'> & {
  readonly row: { readonly exam: Pick<StudyDetail['row']['exam'], 'bodyPart' | 'description'> };
};

/** The study on the screen, the prior that may hang beside it, and what is known of their images so far, by series. */
export type HangingSubject = {
  readonly study: Hangable;
  readonly prior: Hangable | null;
  readonly stacks: ReadonlyMap<string, Stack>;
};

/** The rules in the order they are asked: a person's own, then the shipped ones that are not switched off. */
export function rulesInOrder({ own, off }: HangingRules): readonly HangingRule[] {
  return [...own, ...SHIPPED_RULES.filter(({ id }) => !off.includes(id))];
}

/** The first rule that is about a study; null where none is, and it opens with one image. */
export function ruleFor(rules: readonly HangingRule[], study: Hangable, hasPrior: boolean): HangingRule | null {
  const series = study.series.filter((one) => one.displayable);
  const modalities = new Set(series.map((one) => one.modality));
  const { bodyPart, description } = study.row.exam;
  const words = `${bodyPart ?? ''} ${description ?? ''}`.toLowerCase();
  return (
    rules.find(
      ({ when }) =>
        when.modalities.every((modality) => modalities.has(modality)) &&
        (when.bodyParts.length === 0 || when.bodyParts.some((part) => words.includes(part.toLowerCase()))) &&
        series.length >= when.minSeries &&
        series.length <= when.maxSeries &&
        series.reduce((sum, one) => sum + one.instances, 0) >= when.minImages &&
        (when.prior === 'any' || (when.prior === 'with') === hasPrior),
    ) ?? null
  );
}

/** Whether a rule asks what the headers of films say: then their metadata must be here before it can hang them. */
export function asksForViews({ panes }: HangingRule): boolean {
  return panes.some(
    ({ side, views, chestWall, towards }) =>
      side !== undefined || views.length > 0 || chestWall !== undefined || towards !== undefined,
  );
}

/**
 * The panes a rule gives. A pane takes the first series, or image, that is all it asks for and hangs nowhere yet; one of the
 * current study that finds none takes the next that hangs nowhere, one for the prior stays empty: nothing poses as the prior.
 */
export function hangBy(rule: HangingRule, { study, prior, stacks }: HangingSubject): Panes {
  const taken = new Set<string>();
  const { layout, panes } = formOf(rule, study, stacks);
  const count = PANES_OF[layout];
  const wishes = panes.slice(0, count);
  const found = wishes.map((wish) => {
    const of = wish.study === 'prior' ? prior : study;
    const placed = of === null ? null : firstFor(wish, of, stacks, taken);
    if (placed !== null) taken.add(keyOf(placed));
    return placed;
  });
  const placed = Array.from({ length: count }, (_, pane): Placed | null => {
    const here = found[pane] ?? null;
    if (here !== null || wishes[pane]?.study === 'prior') return here;
    const next = hangingOrder(study).find((uid) => ![...taken].some((key) => key.startsWith(`${uid} `)));
    if (next === undefined) return null;
    taken.add(`${next} `);
    return { seriesUid: next, frame: null, isMirrored: false, preset: null };
  });
  return {
    ...{
      layout,
      active: Math.max(
        0,
        placed.findIndex((one) => one !== null),
      ),
      displayed: new Set(),
    },
    ...{ series: placed.map((one) => one?.seriesUid ?? null), placed: onOneScale(placed, stacks), before: null },
  };
}

/** The rule's own panes, or those that stand instead where a film of the study is of another kind. */
function formOf(
  { instead, ...usual }: HangingRule,
  { series }: Hangable,
  stacks: ReadonlyMap<string, Stack>,
): Pick<HangingRule, 'layout' | 'panes'> {
  const isOther = series.some(({ seriesUid }) =>
    stacks.get(seriesUid)?.images.some(({ view }) => view.modifiers.includes(instead?.modifier ?? '')),
  );
  return instead !== undefined && isOther ? instead : usual;
}

/** Pictures that meet at their chest walls are drawn on one scale: each pane has room for the largest of them. */
function onOneScale(
  placed: readonly (Placed | null)[],
  stacks: ReadonlyMap<string, Stack>,
): readonly (Placed | null)[] {
  const extents = placed.map((one) => {
    const image = one?.edge == null ? undefined : imageOf(one, stacks);
    return image === undefined ? null : extentMm(image, one?.quarterTurns ?? 0);
  });
  const known = extents.filter((one) => one !== null);
  const fitMm = {
    width: Math.max(...known.map(({ width }) => width)),
    height: Math.max(...known.map(({ height }) => height)),
  };
  return placed.map((one, pane) => (one === null || extents[pane] == null ? one : { ...one, fitMm }));
}

function imageOf({ seriesUid, frame }: Placed, stacks: ReadonlyMap<string, Stack>): StackImage | undefined {
  const images = stacks.get(seriesUid)?.images ?? [];
  if (frame === null) return images[0];
  return images.find((one) => one.sopUid === frame.sopUid && one.frame === frame.frameNumber);
}

function firstFor(
  wish: HungPane,
  of: Hangable,
  stacks: ReadonlyMap<string, Stack>,
  taken: ReadonlySet<string>,
): Placed | null {
  const asksForImage = wish.side !== undefined || wish.views.length > 0 || wish.modifier !== undefined;
  const candidates = hangingOrder(of).flatMap((seriesUid) => {
    const series = of.series.find((one) => one.seriesUid === seriesUid);
    if (series === undefined || !isSeriesFor(wish, series)) return [];
    const { images } = stacks.get(seriesUid) ?? { images: [] };
    const shown = asksForImage ? images.filter((one) => isImageFor(wish, one)) : [undefined];
    return shown.map((image) => ({ series, image, placed: placedAs(wish, seriesUid, image, images[0]) }));
  });
  const [first] = candidates;
  if (first === undefined) return null;
  const free = candidates
    .filter(({ series, placed }) => !taken.has(keyOf(placed)) && !isMinor(series, first.series))
    // A view with its implant displaced comes where there is no plain one.
    .toSorted((a, b) => modifiersOf(a.image) - modifiersOf(b.image))[0];
  // Another way to look at a series is of the one that hangs already.
  if (wish.shows !== undefined) return first.placed;
  // The same series hangs twice where a rule wants it in another window; the same picture of a film never does.
  return free?.placed ?? (asksForImage || wish.preset === undefined ? null : first.placed);
}

function modifiersOf(image: StackImage | undefined): number {
  return image?.view.modifiers.length ?? 0;
}

function placedAs(
  wish: HungPane,
  seriesUid: string,
  image: StackImage | undefined,
  first: StackImage | undefined,
): Placed {
  const shown = image ?? first;
  const wanted = wantedOf(wish, shown);
  const said = shown?.patientOrientation ?? null;
  const turned = wanted === null || said === null ? null : turnedTo(said, wanted);
  return {
    ...{ seriesUid, frame: image === undefined ? null : { sopUid: image.sopUid, frameNumber: image.frame } },
    ...{ isMirrored: turned?.isMirrored ?? false, quarterTurns: turned?.quarterTurns ?? 0 },
    ...{ edge: wish.chestWall ?? null, preset: wish.preset ?? null },
    ...(wish.shows !== undefined && { shows: wish.shows }),
  };
}

/** What right and lower edge are to be: of a breast the chest wall to its edge, the head up, or what lies outwards where it is seen from above. */
function wantedOf({ chestWall, towards, side }: HungPane, image: StackImage | undefined): [string, string] | null {
  if (chestWall === undefined) return towards ?? null;
  const isFromAbove = image?.patientOrientation?.every((letters) => !/^[HF]/.test(letters.trim())) ?? false;
  const inwards = (image?.view.side ?? side) === 'L' ? 'R' : 'L';
  return [chestWall === 'right' ? 'P' : 'A', isFromAbove ? inwards : 'F'];
}

/** A scout is no second look at the volume beside it. */
function isMinor(series: SeriesCard, first: SeriesCard): boolean {
  return series.instances * 3 < first.instances;
}

function isSeriesFor({ modality, words }: HungPane, series: SeriesCard): boolean {
  if (modality !== undefined && series.modality !== modality) return false;
  const description = (series.description ?? '').toLowerCase();
  return words.length === 0 || words.some((word) => description.includes(word.toLowerCase()));
}

/** Views that show a part alone, larger or pressed otherwise, pose as none of the whole. */
const OF_A_PART: ReadonlySet<string> = new Set(['M', 'S', 'TAN', 'CV', 'AT', 'AC', 'IMF', 'NP']);

function isImageFor({ side, views, modifier }: HungPane, { view }: StackImage): boolean {
  if (side !== undefined && view.side !== side) return false;
  if (modifier !== undefined && !view.modifiers.includes(modifier)) return false;
  if (views.length === 0) return true;
  return view.position !== null && views.includes(view.position) && !view.modifiers.some((one) => OF_A_PART.has(one));
}

function keyOf({ seriesUid, frame }: { readonly seriesUid: string; readonly frame: FrameAddress | null }): string {
  return `${seriesUid} ${frame === null ? '' : `${frame.sopUid}/${frame.frameNumber}`}`;
}
