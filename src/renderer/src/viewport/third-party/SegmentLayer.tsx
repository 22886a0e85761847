import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { emptyCanvas } from '../empty-canvas.ts';
import classes from '../ImageViewport.module.css';
import { drawMask, type MaskPicture, paintMarked } from '../overlay.ts';
import type { StackImage } from '../stack.ts';
import type { StackViewState } from '../stack-view.ts';
import type { DrawnSegments } from './drawn-segments.ts';
import { markedPixels, type SegmentPixels } from './segment-pixels.ts';

type Props = {
  readonly shown: StackViewState;
  readonly drawn: readonly DrawnSegments[];
  readonly pixels: SegmentPixels;
  readonly opacity: number;
  /** Values of segments that could not be had, for this image. */
  readonly onFailed: (count: number) => void;
};

type Painted = { readonly image: StackImage; readonly pictures: readonly MaskPicture[] };

/** Segments that others made, on exactly the frame that is shown. */
export function SegmentLayer({ shown: { image, map }, drawn, pixels, opacity, onFailed }: Props): ReactNode {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [painted, setPainted] = useState<Painted | null>(null);
  useEffect(() => {
    if (image === null) return;
    let isWanted = true;
    void paintSegments(image, drawn, pixels, opacity).then(({ pictures, failed }) => {
      if (!isWanted) return;
      setPainted({ image, pictures });
      onFailed(failed);
    });
    return () => {
      isWanted = false;
    };
  }, [image, drawn, pixels, opacity, onFailed]);
  // Never what belongs to the image before, not even for one frame.
  const pictures = painted?.image === image ? painted.pictures : NONE;
  useLayoutEffect(() => {
    const target = canvas.current;
    const context = target?.getContext('2d');
    if (!target || !context) return;
    const devicePixels = window.devicePixelRatio;
    emptyCanvas(context, target.clientWidth * devicePixels, target.clientHeight * devicePixels);
    if (map !== null) for (const picture of pictures) drawMask(context, picture, map, devicePixels);
  }, [pictures, map]);
  return <canvas ref={canvas} className={classes.layer} data-segments={pictures.length} aria-hidden />;
}

const NONE: readonly MaskPicture[] = [];

async function paintSegments(
  image: StackImage,
  drawn: readonly DrawnSegments[],
  pixels: SegmentPixels,
  opacity: number,
): Promise<{ readonly pictures: readonly MaskPicture[]; readonly failed: number }> {
  const pictures: MaskPicture[] = [];
  let failed = 0;
  for (const { segmentation, segments, fittedOn } of drawn) {
    const wanted = fittedOn(image).filter(
      ({ frame }) => frame.segment === null || segments.some(({ number }) => number === frame.segment),
    );
    const fetched = await Promise.all(wanted.map(async (on) => ({ on, values: await pixels.valuesOf(on.frame) })));
    const had = fetched.flatMap(({ on, values }) => (values === null ? [] : [{ on, values }]));
    failed += fetched.length - had.length;
    for (const { number, colour } of segments) {
      const strengths = markedPixels(segmentation, number, had, image);
      const ink = { colour, fill: Math.round(255 * opacity), isRimmed: true };
      const picture = strengths && paintMarked(strengths, image, false, ink);
      if (picture !== null) pictures.push(picture);
    }
  }
  return { pictures, failed };
}
