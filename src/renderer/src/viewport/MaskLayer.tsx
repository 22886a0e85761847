import { type ReactNode, useLayoutEffect, useMemo, useRef } from 'react';
import classes from './ImageViewport.module.css';
import { drawMask, paintMask } from './overlay.ts';
import type { StackViewState } from './stack-view.ts';
import type { Masks } from './use-masks.ts';

type Props = { readonly shown: StackViewState; readonly masks: Masks };

/** What AI marked on exactly the instance that is shown, drawn over its pixels. */
export function MaskLayer({ shown: { image, map }, masks }: Props): ReactNode {
  const canvas = useRef<HTMLCanvasElement>(null);
  const pictures = useMemo(() => {
    if (image === null || image.frame !== 1) return [];
    const loaded = [...masks.values()].filter((mask) => mask !== 'failed');
    return loaded.map((mask) => paintMask(mask, image)).filter((picture) => picture !== null);
  }, [masks, image]);

  useLayoutEffect(() => {
    const target = canvas.current;
    const context = target?.getContext('2d');
    if (!target || !context) return;
    const devicePixels = window.devicePixelRatio;
    // Setting the size also wipes what was drawn for the image before.
    target.width = Math.round(target.clientWidth * devicePixels);
    target.height = Math.round(target.clientHeight * devicePixels);
    if (map === null) return;
    for (const picture of pictures) drawMask(context, picture, map, devicePixels);
  }, [pictures, map]);

  return <canvas ref={canvas} className={classes.layer} data-marks={pictures.length} aria-hidden />;
}
