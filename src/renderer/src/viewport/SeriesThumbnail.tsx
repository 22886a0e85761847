import { type ReactNode, useEffect, useMemo, useRef } from 'react';
import classes from './SeriesThumbnail.module.css';
import type { SeriesShelf } from './series-shelf.ts';
import { type FrameAddress, findImage } from './stack.ts';
import { subtractStack } from './subtraction/subtract-stack.ts';
import { AS_MADE } from './subtraction/subtraction-book.ts';
import { registerPresented } from './third-party/use-third-party.ts';
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
  const stored = series.state === 'ready' ? series.stack : null;
  // As it opens: values in a window of differences would be all white.
  const stack = useMemo(() => stored && subtractStack(stored, AS_MADE), [stored]);
  const place = stack && (frame === undefined ? Math.floor(stack.images.length / 2) : findImage(stack, frame));
  const shown = place === null ? undefined : stack?.images[place];
  useEffect(() => {
    if (stored === null || shown === undefined) return;
    const forget = registerPresented({ ...stored, images: [shown] }, stored);
    let isWanted = true;
    const isStillWanted = () => isWanted;
    if (canvas.current !== null) void drawThumbnail(shown, canvas.current, isStillWanted);
    return () => {
      isWanted = false;
      forget();
    };
  }, [stored, shown]);
  return <canvas ref={canvas} className={classes.thumbnail} width={SIDE_PX} height={SIDE_PX} aria-hidden />;
}
