import type { ReactNode } from 'react';
import { dot, type Vector3 } from '../geometry.ts';
import classes from './volume3d.module.css';
import { type BodyLook, towardsEye } from './body-look.ts';

const FACES: readonly {
  readonly letter: string;
  readonly out: Vector3;
  readonly side: Vector3;
  readonly top: Vector3;
}[] = [
  { letter: 'L', out: [1, 0, 0], side: [0, 1, 0], top: [0, 0, 1] },
  { letter: 'R', out: [-1, 0, 0], side: [0, 1, 0], top: [0, 0, 1] },
  { letter: 'P', out: [0, 1, 0], side: [1, 0, 0], top: [0, 0, 1] },
  { letter: 'A', out: [0, -1, 0], side: [1, 0, 0], top: [0, 0, 1] },
  { letter: 'H', out: [0, 0, 1], side: [1, 0, 0], top: [0, 1, 0] },
  { letter: 'F', out: [0, 0, -1], side: [1, 0, 0], top: [0, 1, 0] },
];
const HALF = 17;

/** A cube that is turned as the body is, with the letter of each side of the patient that is seen. */
export function OrientationCube({ look }: { readonly look: BodyLook }): ReactNode {
  const eye = towardsEye(look);
  const onScreen = (place: Vector3) => [dot(place, look.right) * HALF, -dot(place, look.up) * HALF] as const;
  const corner = ({ out, side, top }: (typeof FACES)[number], a: 1 | -1, b: 1 | -1) => {
    const at = (axis: 0 | 1 | 2) => out[axis] + a * side[axis] + b * top[axis];
    return onScreen([at(0), at(1), at(2)]).join(',');
  };
  const seen = FACES.filter(({ out }) => dot(out, eye) > 0.02);
  return (
    <svg
      className={classes.cube}
      viewBox="-32 -32 64 64"
      data-faces={seen.map(({ letter }) => letter).join('')}
      aria-hidden
    >
      {seen.map((face) => {
        const [x, y] = onScreen(face.out);
        const corners = [corner(face, 1, 1), corner(face, 1, -1), corner(face, -1, -1), corner(face, -1, 1)];
        return (
          <g key={face.letter}>
            <polygon points={corners.join(' ')} />
            {dot(face.out, eye) > 0.3 && (
              <text x={x} y={y}>
                {face.letter}
              </text>
            )}
          </g>
        );
      })}
    </svg>
  );
}
