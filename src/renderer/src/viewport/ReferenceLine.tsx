import type { ReactNode } from 'react';
import { crossingOf } from './crossing.ts';
import classes from './ImageViewport.module.css';
import { toCanvas } from './measurements/shapes.ts';
import type { StackViewState } from './stack-view.ts';
import type { StackImage } from './stack.ts';

type Props = { readonly shown: StackViewState; readonly leading: StackImage | null };

/** Where the picture under the eye cuts this one; nothing where they share no frame of reference or lie alike. */
export function ReferenceLine({ shown: { image, map }, leading }: Props): ReactNode {
  const line = image && map && leading && image !== leading ? crossingOf(image, leading) : null;
  if (line === null || map === null) return null;
  const [[x1, y1], [x2, y2]] = [toCanvas(map, line[0]), toCanvas(map, line[1])];
  return (
    <svg className={classes.layer} aria-hidden data-reference-line>
      <line className={classes.referenceLine} {...{ x1, y1, x2, y2 }} />
    </svg>
  );
}
