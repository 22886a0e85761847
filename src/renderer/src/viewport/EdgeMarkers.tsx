import type { ReactNode } from 'react';
import { type EdgeLetters, edgeLetters, edgeLettersOfOrientation, type ImageToCanvas } from './geometry.ts';
import classes from './ImageViewport.module.css';
import type { StackViewState } from './stack-view.ts';
import type { StackImage } from './stack.ts';

/** Which way the patient lies: letters at the four edges, none where the image does not say. */
export function EdgeMarkers({ shown: { image, map } }: { readonly shown: StackViewState }): ReactNode {
  const letters = image && map ? lettersOf(image, map) : null;
  if (letters === null) return null;
  return (['left', 'right', 'top', 'bottom'] as const).map((edge) => (
    <span key={edge} className={classes.edge} data-edge={edge}>
      {letters[edge]}
    </span>
  ));
}

function lettersOf({ plane, patientOrientation }: StackImage, map: ImageToCanvas): EdgeLetters | null {
  if (plane !== null) return edgeLetters(plane, map);
  return patientOrientation && edgeLettersOfOrientation(patientOrientation, map);
}
