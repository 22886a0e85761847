import type { ReactNode } from 'react';
import mprClasses from './mpr.module.css';
import type { CrossingLine } from './turn-planes.ts';
import type { PaneSize } from './use-size.ts';
import viewportClasses from '../ImageViewport.module.css';

/** Where the crosshairs stand on a plane's picture, CSS pixels. */
export type Crosshairs = {
  readonly at: readonly [number, number];
  readonly size: PaneSize;
  readonly lines: readonly CrossingLine[];
};

/** What of the crosshairs lies under the mouse: an end to turn them by, a line or the middle to move them by, or nothing. */
export type CrosshairsHit = 'end' | 'line' | null;

const GAP_PX = 14;
const END_REACH_PX = 10;
const LINE_REACH_PX = 5;

/** The round ends that turn the crosshairs: on each line on both sides, well within the picture. */
function endsOf({ at: [x, y], size, lines }: Crosshairs): readonly (readonly [number, number])[] {
  const away = Math.min(size.columns, size.rows) * 0.36;
  return lines.flatMap(({ direction: [dx, dy] }) => [away, -away].map((by) => [x + by * dx, y + by * dy] as const));
}

/** Whether the mouse is on the crosshairs. */
export function hitCrosshairs(crosshairs: Crosshairs, [x, y]: readonly [number, number]): CrosshairsHit {
  if (endsOf(crosshairs).some(([left, top]) => Math.hypot(left - x, top - y) <= END_REACH_PX)) return 'end';
  const [dx, dy] = [x - crosshairs.at[0], y - crosshairs.at[1]];
  const isOn = crosshairs.lines.some(
    ({ direction }) => Math.abs(dx * direction[1] - dy * direction[0]) <= LINE_REACH_PX,
  );
  return isOn || Math.hypot(dx, dy) <= GAP_PX ? 'line' : null;
}

/** The two other planes as lines through the place all three share, open in the middle. */
export function PlaneLines({ crosshairs }: { readonly crosshairs: Crosshairs }): ReactNode {
  const {
    at: [x, y],
    size,
    lines,
  } = crosshairs;
  const far = size.columns + size.rows;
  return (
    <svg className={viewportClasses.layer} aria-hidden>
      {lines.flatMap(({ name, direction: [dx, dy] }) =>
        [1, -1].map((side) => (
          <line
            key={`${name} ${side}`}
            className={mprClasses.line}
            data-plane={name}
            x1={x + side * GAP_PX * dx}
            y1={y + side * GAP_PX * dy}
            x2={x + side * far * dx}
            y2={y + side * far * dy}
          />
        )),
      )}
      {endsOf(crosshairs).map(([left, top], index) => (
        <circle
          key={index}
          className={mprClasses.end}
          data-plane={lines[index < 2 ? 0 : 1]?.name}
          data-turn
          cx={left}
          cy={top}
          r={5}
        />
      ))}
    </svg>
  );
}
