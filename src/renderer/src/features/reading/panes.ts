import type { Finding, SeriesCard, StudyDetail } from '../../../../shared/contract/studies.ts';
import type { FrameAddress } from '../../viewport/stack.ts';
import { type Layout, PANES_OF } from './layouts.ts';

/** Other ways to show a series than its images as they are: with PET over them, or as a body in 3D. */
export const PANE_VIEWS = ['fused', 'volume'] as const;
export type PaneView = (typeof PANE_VIEWS)[number];

/** How a pane was hung: what it opens at, and how that is drawn first. */
export type Placed = {
  readonly seriesUid: string;
  /** Null: the series' middle, or what AI found in it. */
  readonly frame: FrameAddress | null;
  readonly isMirrored: boolean;
  /** Turned clockwise by so many right angles, after it was mirrored. */
  readonly quarterTurns?: number;
  /** Which edge of its pane it is pushed to; in the middle where none is said. */
  readonly edge?: 'left' | 'right' | null;
  /** What its pane must have room for, so that pictures hung together have one scale. */
  readonly fitMm?: { readonly width: number; readonly height: number } | null;
  /** The digit of a window. */
  readonly preset: string | null;
  /** Absent: the images as they are. */
  readonly shows?: PaneView;
};

/** Which series hangs in which pane (null: empty), which pane takes commands, and which series have been on the screen. */
export type Panes = {
  readonly layout: Layout;
  readonly series: readonly (string | null)[];
  readonly placed: readonly (Placed | null)[];
  readonly active: number;
  readonly displayed: ReadonlySet<string>;
  /** What stood here before one pane was made large; null where none is. */
  readonly before: Omit<Panes, 'before' | 'displayed'> | null;
};

/** The part of a study that says what to hang. */
export type Hanging = Pick<StudyDetail, 'series' | 'runs'>;

/** The panes of a study that no rule is about: one, showing the first series of the hanging order. */
export function firstPanes(study: Hanging): Panes {
  const first = hangingOrder(study)[0] ?? null;
  return { layout: '1x1', series: [first], placed: [null], active: 0, displayed: new Set(), before: null };
}

/** What AI found first comes under the eye: its pane takes the commands, and where its series hangs nowhere it takes the first pane. */
export function bringFinding(panes: Panes, study: Hanging, findings: readonly Finding[]): Panes {
  const found = topFinding(findings)?.seriesUid;
  if (found === undefined || !hangingOrder(study).includes(found)) return panes;
  const pane = panes.series.indexOf(found);
  if (pane >= 0) return { ...panes, active: pane };
  return hangSeries({ ...panes, active: 0 }, found);
}

/** The first flag with a key image that still stands, of all or of one series; what is uncertain opens nothing. */
export function topFinding(findings: readonly Finding[], seriesUid?: string): Finding | undefined {
  return findings.find(
    (one) =>
      one.standing === 'flagged' &&
      one.keyImage !== null &&
      one.state !== 'rejected' &&
      one.state !== 'superseded' &&
      (seriesUid === undefined || one.seriesUid === seriesUid),
  );
}

/**
 * Displayable series in the order they are hung. First what a model read, flagged or not: manifests choose the series a
 * reader would (no localizer, the right kernel). Then most images first, then by series number.
 */
export function hangingOrder({ series, runs }: Hanging): readonly string[] {
  const read = new Set(runs.map((run) => run.seriesUid));
  const rank = (one: SeriesCard) => (read.has(one.seriesUid) ? 0 : 1);
  return series
    .filter((one) => one.displayable)
    .toSorted(
      (a, b) => rank(a) - rank(b) || b.instances - a.instances || (a.number ?? Infinity) - (b.number ?? Infinity),
    )
    .map((one) => one.seriesUid);
}

/** Hangs a series in a pane, the active one unless another is said, which then is the active one. */
export function hangSeries(panes: Panes, seriesUid: string, pane = panes.active): Panes {
  if (pane >= panes.series.length) return panes;
  return {
    ...panes,
    active: pane,
    series: panes.series.with(pane, seriesUid),
    placed: panes.placed.with(pane, null),
  };
}

/** Hangs the next or the previous series of a list in the active pane; at the ends nothing happens. */
export function hangNeighbour(panes: Panes, order: readonly string[], step: 1 | -1): Panes {
  const now = panes.series[panes.active];
  const at = now === null || now === undefined ? -1 : order.indexOf(now);
  const next = order[at < 0 ? 0 : at + step];
  return next === undefined ? panes : hangSeries(panes, next);
}

/** A pane's series and how it is shown (null: as it is). */
export type ShownAs = { readonly pane: number; readonly seriesUid: string; readonly shows: PaneView | null };

/** How the active pane shows its series; null of an empty one. */
export function activeView(panes: Panes): ShownAs | null {
  const { active: pane } = panes;
  const seriesUid = panes.series[pane] ?? null;
  return seriesUid === null ? null : { pane, seriesUid, shows: placedIn(panes, pane)?.shows ?? null };
}

/** True while a pane shows that series that way. */
export function isShownAs(panes: Panes, { pane, seriesUid, shows }: ShownAs): boolean {
  return panes.series[pane] === seriesUid && (placedIn(panes, pane)?.shows ?? null) === shows;
}

/** Shows a pane's series so, and makes it the active one; nothing where another series hangs there. */
export function showAs(panes: Panes, { pane, seriesUid, shows }: ShownAs): Panes {
  if (panes.series[pane] !== seriesUid) return panes;
  const placed = placedIn(panes, pane) ?? { seriesUid, frame: null, isMirrored: false, preset: null };
  const { shows: _, ...asItIs } = placed;
  const next = panes.placed.with(pane, shows === null ? asItIs : { ...asItIs, shows });
  return { ...activatePane(panes, pane), placed: next };
}

/** How the series that hangs in a pane was hung there; null where it was put there by hand. */
export function placedIn({ series, placed }: Panes, pane: number): Placed | null {
  const one = placed[pane] ?? null;
  return one?.seriesUid === series[pane] ? one : null;
}

/** Makes a pane the one that takes commands. */
export function activatePane(panes: Panes, pane: number): Panes {
  return pane === panes.active || pane >= panes.series.length ? panes : { ...panes, active: pane };
}

/** Changes the layout: panes that stay keep their series (the active one among them), new ones take the next not yet hung. */
export function changeLayout(panes: Panes, layout: Layout, study: Hanging): Panes {
  const count = PANES_OF[layout];
  const changed = { ...panes, layout, before: null };
  if (count === panes.series.length) return changed;
  if (count < panes.series.length) {
    const [series, placed] = [panes.series.slice(0, count), panes.placed.slice(0, count)];
    if (panes.active < count) return { ...changed, series, placed };
    return {
      ...changed,
      series: series.with(count - 1, panes.series[panes.active] ?? null),
      placed: placed.with(count - 1, panes.placed[panes.active] ?? null),
      active: count - 1,
    };
  }
  const waiting = hangingOrder(study).filter((uid) => !panes.series.includes(uid));
  const added = Array.from({ length: count - panes.series.length }, (_, index) => waiting[index] ?? null);
  return { ...changed, series: [...panes.series, ...added], placed: [...panes.placed, ...added.map(() => null)] };
}

/** Makes the active pane the only one, or brings back what stood before. */
export function toggleLarge(panes: Panes): Panes {
  const { before, displayed, ...now } = panes;
  if (before !== null) return { ...before, displayed, before: null };
  if (now.series.length === 1) return panes;
  const [series, placed] = [panes.series[panes.active] ?? null, panes.placed[panes.active] ?? null];
  return { layout: '1x1', series: [series], placed: [placed], active: 0, displayed, before: now };
}

/** Notes that an image of a series was on the screen. */
export function noteDisplayed(panes: Panes, seriesUid: string): Panes {
  if (panes.displayed.has(seriesUid)) return panes;
  return { ...panes, displayed: new Set([...panes.displayed, seriesUid]) };
}

/** How many displayable series have not been on the screen yet. */
export function countNotDisplayed(panes: Panes, series: readonly SeriesCard[]): number {
  return series.filter((one) => one.displayable && !panes.displayed.has(one.seriesUid)).length;
}
