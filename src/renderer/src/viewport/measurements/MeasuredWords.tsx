import { type ReactNode, useLayoutEffect, useRef, useState } from 'react';

type Point = readonly [x: number, y: number];
type Props = {
  /** The shape on the canvas, in CSS pixels. */
  readonly line: readonly Point[];
  /** Line by line. */
  readonly words: readonly string[];
};

const GAP_PX = 10;
const LINE_PX = 14;

/** What was measured, beside its shape so that the words cover nothing of it: right of it, or left where the viewport would end before they do. */
export function MeasuredWords({ line, words }: Props): ReactNode {
  const text = useRef<SVGTextElement>(null);
  const [isLeft, setIsLeft] = useState(false);
  const first = line[0] ?? ([0, 0] as const);
  const rightmost = line.reduce((best, one) => (one[0] > best[0] ? one : best), first);
  const leftmost = line.reduce((best, one) => (one[0] < best[0] ? one : best), first);
  const [right, left, said] = [rightmost[0] + GAP_PX, leftmost[0] - GAP_PX, words.join('\n')];
  useLayoutEffect(() => {
    const viewport = text.current?.ownerSVGElement?.clientWidth ?? 0;
    const width = text.current?.getBBox().width ?? 0;
    setIsLeft(right + width > viewport && left - width >= 0);
  }, [right, left, said]);
  const [x, y] = isLeft ? [left, leftmost[1]] : [right, rightmost[1]];
  return (
    <text ref={text} x={x} y={y + 4} textAnchor={isLeft ? 'end' : 'start'}>
      {words.map((one, index) => (
        <tspan key={index} x={x} dy={index === 0 ? 0 : LINE_PX}>
          {one}
        </tspan>
      ))}
    </text>
  );
}
