import { type RefObject, useEffect, useState } from 'react';
import { shareNow } from '../engine.ts';
import { type LoadedVolume, loadVolume } from '../mpr/load-volume.ts';
import { type VolumeRefusal, volumeOf } from '../mpr/volume.ts';
import type { SeriesShelf } from '../series-shelf.ts';
import { useSeries } from '../use-series.ts';
import { type BodyTexture, bodyTexture } from './body-texture.ts';
import { BodyView } from './body-view.ts';
import { graphicsHere } from './graphics.ts';

/** How far a body has come. `no-graphics`: this browser cannot draw one; `not-drawn`: it tried and could not, for want of memory most likely. */
export type Body =
  | { readonly state: 'loading'; readonly loaded: number; readonly of: number }
  | { readonly state: 'refused'; readonly code: VolumeRefusal | 'image-missing' | 'series-failed' }
  | { readonly state: 'no-graphics' | 'not-drawn' }
  | {
      readonly state: 'ready';
      readonly view: BodyView;
      readonly texture: Pick<BodyTexture, 'every'>;
      readonly volume: Pick<LoadedVolume, 'geometry'>;
      readonly isSoftware: boolean;
    };

/** Loads a series, makes a body of it in this element, and frees it when it goes. */
export function useBody(element: RefObject<HTMLDivElement | null>, shelf: SeriesShelf, seriesUid: string): Body {
  const series = useSeries(shelf, seriesUid);
  const [body, setBody] = useState<Body>({ state: 'loading', loaded: 0, of: 0 });
  useEffect(() => {
    const graphics = graphicsHere();
    if (graphics.kind === 'none') return setBody({ state: 'no-graphics' });
    if (series.state === 'failed') return setBody({ state: 'refused', code: 'series-failed' });
    const { current } = element;
    if (series.state !== 'ready' || current === null) return;
    // The images may take as much while they are read as planes may; what is kept is the texture alone.
    const geometry = volumeOf(series.stack, shareNow());
    if (!geometry.ok) return setBody({ state: 'refused', code: geometry.error.code });
    const leave = new AbortController();
    let view: BodyView | null = null;
    const of = geometry.value.images.length;
    const open = async () => {
      const volume = await loadVolume(geometry.value, leave.signal, (loaded) =>
        setBody({ state: 'loading', loaded, of }),
      );
      if (leave.signal.aborted) return;
      if (!volume.ok) return setBody({ state: 'refused', code: 'image-missing' });
      try {
        const texture = bodyTexture(volume.value, graphics.limits);
        view = new BodyView(current, geometry.value, texture, graphics.kind);
        await view.open();
        const made = { every: texture.every };
        const isSoftware = graphics.kind === 'software';
        if (!leave.signal.aborted)
          setBody({ state: 'ready', view, texture: made, volume: { geometry: geometry.value }, isSoftware });
      } catch {
        // The engine throws plain errors for want of memory or of a drawing context; the reader is told that nothing is drawn.
        view?.destroy();
        if (!leave.signal.aborted) setBody({ state: 'not-drawn' });
      }
    };
    void open();
    return () => {
      leave.abort();
      view?.destroy();
    };
  }, [series, element]);
  return body;
}
