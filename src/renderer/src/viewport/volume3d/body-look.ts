import { cross, dot, unit, type Vector3 } from '../geometry.ts';

/** How a body is looked at: what runs to the right, up and towards the eye on the screen, at right angles; how large. */
export type BodyLook = { readonly right: Vector3; readonly up: Vector3; readonly zoom: number };

/** From the front, the head up: the patient's left at the right, as on a coronal plane. */
export const FROM_FRONT: BodyLook = { right: [1, 0, 0], up: [0, 0, 1], zoom: 1 };

/** The direction towards the eye. */
export function towardsEye({ right, up }: Pick<BodyLook, 'right' | 'up'>): Vector3 {
  return cross(right, up);
}

/** Turns what is seen by degrees: to the right as a hand pushes its front to the right, and down as one pulls it down. */
export function turnBody(look: BodyLook, rightDegrees: number, downDegrees: number): BodyLook {
  const eye = towardsEye(look);
  const [c, s] = [cosine(rightDegrees), sine(rightDegrees)];
  // The front goes to the right when the eye goes round to the left.
  const right = unit(mix(look.right, c, eye, s));
  const eyeThen = mix(eye, c, look.right, -s);
  const up = mix(look.up, cosine(downDegrees), eyeThen, -sine(downDegrees));
  return { ...look, right, up: squareTo(up, right) };
}

/** Rolls what is seen clockwise on the screen. */
export function rollBody(look: BodyLook, degrees: number): BodyLook {
  const right = unit(mix(look.right, cosine(degrees), look.up, sine(degrees)));
  return { ...look, right, up: squareTo(mix(look.up, cosine(degrees), look.right, -sine(degrees)), right) };
}

/** Larger or smaller, between a fifth and twelve times. */
export function zoomBody(look: BodyLook, by: number): BodyLook {
  return { ...look, zoom: Math.max(0.2, Math.min(12, look.zoom * by)) };
}

const cosine = (degrees: number) => Math.cos((degrees * Math.PI) / 180);
const sine = (degrees: number) => Math.sin((degrees * Math.PI) / 180);

function mix(a: Vector3, share: number, b: Vector3, other: number): Vector3 {
  return [a[0] * share + b[0] * other, a[1] * share + b[1] * other, a[2] * share + b[2] * other];
}

/** Many small turns add up: directions are made square to one another again. */
function squareTo(vector: Vector3, direction: Vector3): Vector3 {
  return unit(mix(vector, 1, direction, -dot(vector, direction)));
}
