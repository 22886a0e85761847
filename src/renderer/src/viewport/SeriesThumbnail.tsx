import { type ReactNode, useEffect, useRef } from 'react';
import classes from './SeriesThumbnail.module.css';
import type { SeriesShelf } from './series-shelf.ts';
import { drawThumbnail } from './thumbnail.ts';
import { useSeries } from './use-series.ts';

const SIDE_PX = 64;

type Props = { readonly shelf: SeriesShelf; readonly seriesUid: string };

/** The middle image of a series, small; dark until it is here, and where it cannot be had. */
export function SeriesThumbnail({ shelf, seriesUid }: Props): ReactNode {
  const canvas = useRef<HTMLCanvasElement>(null);
  const series = useSeries(shelf, seriesUid);
  const middle = series.state === 'ready' ? series.stack.images[Math.floor(series.stack.images.length / 2)] : undefined;
  useEffect(() => {
    let isWanted = true;
    const isStillWanted = () => isWanted;
    if (canvas.current !== null && middle !== undefined) void drawThumbnail(middle, canvas.current, isStillWanted);
    return () => {
      isWanted = false;
    };
  }, [middle]);
  return <canvas ref={canvas} className={classes.thumbnail} width={SIDE_PX} height={SIDE_PX} aria-hidden />;
}
