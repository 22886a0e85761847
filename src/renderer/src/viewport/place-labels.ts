/** A rectangle on the screen, in CSS pixels. */
export type ScreenRectangle = {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
};

/** Finds a place for each label beside what it names: above it, else below, else to its sides, inside the picture and not on another label; the first free, or above. */
export function placeLabels(
  marks: readonly { readonly mark: ScreenRectangle; readonly width: number; readonly height: number }[],
  picture: { readonly width: number; readonly height: number },
): readonly ScreenRectangle[] {
  const placed: ScreenRectangle[] = [];
  for (const { mark, width, height } of marks) {
    const places = [
      { x: mark.x, y: mark.y - height - GAP_PX },
      { x: mark.x, y: mark.y + mark.height + GAP_PX },
      { x: mark.x + mark.width + GAP_PX, y: mark.y },
      { x: mark.x - width - GAP_PX, y: mark.y },
      { x: mark.x, y: mark.y - 2 * (height + GAP_PX) },
      { x: mark.x, y: mark.y + mark.height + height + 2 * GAP_PX },
    ].map((place) => ({ ...place, width, height }));
    const within = places.map((place) => moveInto(place, picture));
    const isFree = (place: ScreenRectangle) => placed.every((other) => !overlaps(place, other));
    placed.push(
      within.find((place) => isFree(place) && !overlaps(place, mark)) ??
        within.find(isFree) ??
        (within[0] as ScreenRectangle),
    );
  }
  return placed;
}

const GAP_PX = 3;

function moveInto(place: ScreenRectangle, { width, height }: { readonly width: number; readonly height: number }) {
  const x = Math.max(0, Math.min(width - place.width, place.x));
  const y = Math.max(0, Math.min(height - place.height, place.y));
  return { ...place, x, y };
}

function overlaps(a: ScreenRectangle, b: ScreenRectangle): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}
