/** The parts of a state that one change made different, as they are after it: what else has changed since stays when it is taken back. */
export function changedParts<T extends object>(from: T, to: T): Partial<T> {
  const parts = (Object.keys(to) as (keyof T)[]).filter((part) => !isSame(from[part], to[part]));
  return Object.fromEntries(parts.map((part) => [part, to[part]])) as Partial<T>;
}

/** Numbers that a camera gives back are not the very ones it was given. */
const NOISE = 1e-6;

function isSame(a: unknown, b: unknown): boolean {
  if (typeof a === 'number' && typeof b === 'number') return a === b || Math.abs(a - b) <= NOISE;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  const [one, other]: readonly [Readonly<Record<string, unknown>>, Readonly<Record<string, unknown>>] = [
    a as Readonly<Record<string, unknown>>,
    b as Readonly<Record<string, unknown>>,
  ];
  return [...Object.keys(one), ...Object.keys(other)].every((key) => isSame(one[key], other[key]));
}
