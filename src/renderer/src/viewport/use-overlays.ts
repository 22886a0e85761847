import { useEffect, useState } from 'react';
import type { Finding } from '../../../shared/contract/studies.ts';
import type { Heatmap } from './heatmap.ts';
import type { Mask } from './mask.ts';
import type { SeriesShelf } from './series-shelf.ts';

/** Masks and heatmaps by where they are fetched from; one that could not be had is `failed`, and one not here yet is absent. */
export type Overlays = {
  readonly masks: ReadonlyMap<string, Mask | 'failed'>;
  readonly heatmaps: ReadonlyMap<string, Heatmap | 'failed'>;
};

const NONE: Overlays = { masks: new Map(), heatmaps: new Map() };

/** Loads what lies over the images: the masks of these findings, and the heatmap of one. What is no longer drawn is let go. */
export function useOverlays(shelf: SeriesShelf, findings: readonly Finding[], heatmapOf: Finding | null): Overlays {
  const [overlays, setOverlays] = useState<Overlays>(NONE);
  const masks = findings.flatMap(({ parts }) => parts.map(({ mask }) => mask));
  const heatmaps = heatmapOf?.heatmaps ?? [];
  const wanted = [...masks, ...heatmaps].map(({ href }) => href).join(' ');
  useEffect(() => {
    let isWanted = true;
    setOverlays((before) => ({ masks: kept(before.masks, masks), heatmaps: kept(before.heatmaps, heatmaps) }));
    for (const mask of masks)
      void shelf.mask(mask).then((answer) => {
        const value = answer.ok ? answer.value : 'failed';
        if (isWanted) setOverlays((all) => ({ ...all, masks: new Map(all.masks).set(mask.href, value) }));
      });
    for (const heatmap of heatmaps)
      void shelf.heatmap(heatmap).then((answer) => {
        const value = answer.ok ? answer.value : 'failed';
        if (isWanted) setOverlays((all) => ({ ...all, heatmaps: new Map(all.heatmaps).set(heatmap.href, value) }));
      });
    return () => {
      isWanted = false;
    };
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- `wanted` names them; their objects are new on every answer.
  }, [shelf, wanted]);
  return overlays;
}

function kept<T>(all: ReadonlyMap<string, T>, wanted: readonly { readonly href: string }[]): ReadonlyMap<string, T> {
  return new Map([...all].filter(([href]) => wanted.some((one) => one.href === href)));
}
