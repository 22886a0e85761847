import { type ReactNode, useEffect, useRef } from 'react';
import classes from './SeriesThumbnail.module.css';
import type { SeriesShelf } from './series-shelf.ts';
import { type FrameAddress, findImage } from './stack.ts';
import { drawThumbnail } from './thumbnail.ts';
import { useSeries } from './use-series.ts';

const SIDE_PX = 64;

type Props = {
  readonly shelf: SeriesShelf;
  readonly seriesUid: string;
  /** Which image; left out, the middle one. */
  readonly frame?: FrameAddress;
};

/** An image of a series, small; dark until it is here, and where it cannot be had. */
export function SeriesThumbnail({ shelf, seriesUid, frame }: Props): ReactNode {
  const canvas = useRef<HTMLCanvasElement>(null);
  const series = useSeries(shelf, seriesUid);
  const stack = series.state === 'ready' ? series.stack : null;
  const place = stack && (frame === undefined ? Math.floor(stack.images.length / 2) : findImage(stack, frame));
  const shown = place === null ? undefined : stack?.images[place];
  useEffect(() => {
    let isWanted = true;
    const isStillWanted = () => isWanted;
    if (canvas.current !== null && shown !== undefined) void drawThumbnail(shown, canvas.current, isStillWanted);
    return () => {
      isWanted = false;
    };
  }, [shown]);
  return <canvas ref={canvas} className={classes.thumbnail} width={SIDE_PX} height={SIDE_PX} aria-hidden />;
}
