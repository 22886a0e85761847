import { cache } from '@cornerstonejs/core';
import { type ReactNode, useLayoutEffect, useMemo, useRef } from 'react';
import { emptyCanvas } from '../empty-canvas.ts';
import type { ImageToCanvas } from '../geometry.ts';
import classes from '../ImageViewport.module.css';
import type { StackViewState } from '../stack-view.ts';
import type { StackImage } from '../stack.ts';
import { factsOf } from './load-picture.ts';
import { paintPlanes } from './paint-planes.ts';
import { shutteredPixels, shutterGroupOf, shutterShade } from './shutters.ts';

/** What the image's maker laid over it or hid of it: overlay planes, shutters, and padding where it would shine. */
export function PlanesLayer({ shown }: { readonly shown: StackViewState }): ReactNode {
  const { image, map, inverted } = shown;
  const canvas = useRef<HTMLCanvasElement>(null);
  // Where low values are bright, padding would be the brightest of all.
  const isLowBright = image !== null && inverted !== image.monochrome1;
  const painted = useMemo(() => (image === null ? null : planesOf(image, isLowBright)), [image, isLowBright]);
  useLayoutEffect(() => {
    const target = canvas.current;
    const context = target?.getContext('2d');
    if (!target || !context) return;
    const devicePixels = window.devicePixelRatio;
    emptyCanvas(context, target.clientWidth * devicePixels, target.clientHeight * devicePixels);
    if (painted === null || map === null) return;
    context.setTransform(new DOMMatrix().scale(devicePixels).multiply(matrixOf(map)));
    context.imageSmoothingEnabled = false;
    // A pixel's coordinate is its centre, so the picture starts half a pixel before it.
    context.drawImage(painted, -0.5, -0.5);
  }, [painted, map]);
  return painted === null ? null : <canvas ref={canvas} className={classes.layer} data-planes aria-hidden />;
}

function planesOf(image: StackImage, isLowBright: boolean): HTMLCanvasElement | null {
  const loaded = cache.getImage(image.imageId);
  const facts = loaded === undefined ? null : factsOf(loaded);
  const { rows, columns } = image;
  const all = facts?.overlays ?? [];
  const bitmap = shutterGroupOf(image.dataSet);
  const shuttered = shutteredPixels(image.dataSet, rows, columns, all.find(({ group }) => group === bitmap) ?? null);
  const padding = isLowBright ? (facts?.padding ?? null) : null;
  const overlays = all.filter(({ group }) => group !== bitmap);
  if (shuttered === null && padding === null && overlays.length === 0) return null;
  const canvas = document.createElement('canvas');
  canvas.width = columns;
  canvas.height = rows;
  const planes = { rows, columns, padding, overlays, shuttered, shade: shutterShade(image.dataSet) };
  canvas.getContext('2d')?.putImageData(new ImageData(paintPlanes(planes), columns, rows), 0, 0);
  return canvas;
}

function matrixOf(map: ImageToCanvas): DOMMatrix {
  return new DOMMatrix([map.xPerColumn, map.yPerColumn, map.xPerRow, map.yPerRow, map.x0, map.y0]);
}
