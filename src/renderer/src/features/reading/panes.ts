import type { Finding, SeriesCard, StudyDetail } from '../../../../shared/contract/studies.ts';

/** How many viewports stand side by side. */
export const LAYOUTS = ['1x1', '1x2', '2x2'] as const;
export type Layout = (typeof LAYOUTS)[number];

/** How many panes a layout has. */
export const PANES_OF: Readonly<Record<Layout, number>> = { '1x1': 1, '1x2': 2, '2x2': 4 };

/** Which series hangs in which pane (null: empty), which pane takes commands, and which series have been on the screen. */
export type Panes = {
  readonly layout: Layout;
  readonly series: readonly (string | null)[];
  readonly active: number;
  readonly displayed: ReadonlySet<string>;
};

/** The part of a study that says what to hang. */
export type Hanging = Pick<StudyDetail, 'series' | 'runs'>;

/** The panes a study opens with: one, showing what AI found first, else the first series of the hanging order. */
export function firstPanes(study: Hanging, findings: readonly Finding[] = []): Panes {
  const order = hangingOrder(study);
  const found = topFinding(findings)?.seriesUid;
  const first = found !== undefined && order.includes(found) ? found : order[0];
  return { layout: '1x1', series: [first ?? null], active: 0, displayed: new Set() };
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

/** Hangs a series in the active pane. */
export function hangSeries(panes: Panes, seriesUid: string): Panes {
  return { ...panes, series: panes.series.with(panes.active, seriesUid) };
}

/** Makes a pane the one that takes commands. */
export function activatePane(panes: Panes, pane: number): Panes {
  return pane === panes.active || pane >= panes.series.length ? panes : { ...panes, active: pane };
}

/** Changes the layout: panes that stay keep their series (the active one among them), new ones take the next not yet hung. */
export function changeLayout(panes: Panes, layout: Layout, study: Hanging): Panes {
  const count = PANES_OF[layout];
  if (count === panes.series.length) return { ...panes, layout };
  if (count < panes.series.length) {
    const kept = panes.series.slice(0, count);
    if (panes.active < count) return { ...panes, layout, series: kept };
    return { ...panes, layout, series: kept.with(count - 1, panes.series[panes.active] ?? null), active: count - 1 };
  }
  const waiting = hangingOrder(study).filter((uid) => !panes.series.includes(uid));
  const added = Array.from({ length: count - panes.series.length }, (_, index) => waiting[index] ?? null);
  return { ...panes, layout, series: [...panes.series, ...added] };
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
