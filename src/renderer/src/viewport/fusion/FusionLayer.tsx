import { type ReactNode, useEffect, useRef } from 'react';
import classes from '../ImageViewport.module.css';
import { useSize } from '../mpr/use-size.ts';
import type { StackViewState } from '../stack-view.ts';
import { type FusionView, fusionFit, type PetVolume } from './fusion-view.ts';
import { gridOnImage, paintFusion } from './paint-fusion.ts';

type Props = { readonly shown: StackViewState; readonly pet: PetVolume; readonly view: FusionView };

/** A sample for so many pixels of the screen: PET is much coarser than that. */
const COARSE = 2;
const THIN = { kind: 'none', mm: 0 } as const;

/** PET over the image that is shown, resampled at that image's own plane and drawn through the map it is drawn by; nothing where the two do not share a frame of reference. */
export function FusionLayer({ shown: { image, map }, pet, view }: Props): ReactNode {
  const canvas = useRef<HTMLCanvasElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const size = useSize(frame);
  useEffect(() => {
    if (canvas.current === null || image === null || map === null) return;
    const isDrawn = image.plane !== null && fusionFit(pet, image) === 'fits';
    const grid = isDrawn ? gridOnImage(image.plane, map, size) : null;
    if (grid !== null) paintFusion(canvas.current, grid, COARSE, pet, view, THIN);
    canvas.current.dataset['fused'] = String(grid !== null);
  }, [image, map, size, pet, view]);
  return (
    <div ref={frame} className={classes.layer}>
      <canvas ref={canvas} className={classes.layer} data-fusion aria-hidden />
    </div>
  );
}
