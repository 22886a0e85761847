import { type ReactNode, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { ImageToCanvas } from '../geometry.ts';
import classes from '../ImageViewport.module.css';
import type { StackImage } from '../stack.ts';
import type { StackViewState } from '../stack-view.ts';
import { type Colour, cssOf } from './cielab.ts';
import { onDisplayedArea } from './displayed-area.ts';
import type { GraphicStyle, GraphicText, Units } from './graphics.ts';
import { PLAIN_STYLE } from './graphics.ts';
import type { MarkedReport } from './marked-report.ts';
import type { PresentationState } from './presentation-state.ts';
import { annotationsOn, presentedOn } from './presented-image.ts';
import { marksOn } from './report-places.ts';
import { outlineOfShape, type Point, type ShapeKind } from './shapes.ts';
import ownClasses from './ThirdParty.module.css';

type Props = {
  readonly shown: StackViewState;
  readonly state: PresentationState | null;
  readonly reports: readonly MarkedReport[];
};

/** A line to draw, in image coordinates. */
type Line = {
  readonly path: string;
  readonly colour: Colour;
  readonly style: GraphicStyle;
  readonly isFilled: boolean;
  readonly isPoint: boolean;
};
/** Words to draw, in image coordinates. */
type Words = {
  readonly lines: readonly string[];
  readonly colour: Colour;
  readonly box: { readonly corners: readonly [Point, Point]; readonly justify: string } | null;
  readonly anchor: { readonly point: Point; readonly isVisible: boolean } | null;
};
type Drawing = { readonly lines: readonly Line[]; readonly words: readonly Words[] };

/** Of graphics whose layer names no colour. */
const GRAPHICS_COLOUR: Colour = [255, 200, 90];
const REPORT_COLOUR: Colour = [255, 154, 213];
const LINE_PX = 15;
const POINT_PX = 7;

/** What a presentation state draws on exactly the frame that is shown, and what reports point to on it. */
export function GraphicsLayer({ shown: { image, map }, state, reports }: Props): ReactNode {
  const { t } = useTranslation('reading');
  const drawing = useMemo(() => {
    if (image === null) return NOTHING;
    const parts = [
      state === null ? NOTHING : drawingOf(state, image),
      ...reports.map((report) => reportDrawing(report, image, (number, name) => t('others.mark', { number, name }))),
    ];
    return { lines: parts.flatMap(({ lines }) => lines), words: parts.flatMap(({ words }) => words) };
  }, [state, reports, image, t]);
  if (map === null || drawing.lines.length + drawing.words.length === 0) return null;
  const { xPerColumn, yPerColumn, xPerRow, yPerRow, x0, y0 } = map;
  return (
    <svg
      className={classes.layer}
      data-graphics={drawing.lines.length}
      data-graphic-texts={drawing.words.length}
      aria-hidden
    >
      <g transform={`matrix(${xPerColumn} ${yPerColumn} ${xPerRow} ${yPerRow} ${x0} ${y0})`}>
        {drawing.lines.map(({ path, colour, style, isFilled, isPoint }, index) => (
          <path
            key={index}
            className={ownClasses.graphic}
            d={path}
            stroke={cssOf(style.colour ?? colour)}
            strokeWidth={isPoint ? POINT_PX : style.thickness}
            strokeDasharray={style.isDashed ? '6 4' : undefined}
            fill={isFilled ? cssOf(style.colour ?? colour, 0.35) : 'none'}
          />
        ))}
      </g>
      {drawing.words.map((words, index) => (
        <Text key={index} words={words} map={map} />
      ))}
    </svg>
  );
}

function Text({ words, map }: { readonly words: Words; readonly map: ImageToCanvas }): ReactNode {
  const { lines, colour, box, anchor } = words;
  const at = (point: Point): Point => [
    map.xPerColumn * point[0] + map.xPerRow * point[1] + map.x0,
    map.yPerColumn * point[0] + map.yPerRow * point[1] + map.y0,
  ];
  const corners = box?.corners.map(at);
  const [left = 0, right = 0] = corners?.map(([x]) => x).toSorted((a, b) => a - b) ?? [];
  const [top = 0, bottom = 0] = corners?.map(([, y]) => y).toSorted((a, b) => a - b) ?? [];
  const pointed = anchor && at(anchor.point);
  const [x, y] =
    box === null ? [(pointed?.[0] ?? 0) + 6, pointed?.[1] ?? 0] : [ofBox(left, right, box.justify), top + 12];
  const ends = { LEFT: 'start', CENTER: 'middle', RIGHT: 'end' } as const;
  return (
    <g>
      {box !== null && anchor?.isVisible && pointed && (
        <line
          x1={Math.max(left, Math.min(right, pointed[0]))}
          y1={Math.max(top, Math.min(bottom, pointed[1]))}
          x2={pointed[0]}
          y2={pointed[1]}
          stroke={cssOf(colour)}
        />
      )}
      <text
        className={ownClasses.words}
        fill={cssOf(colour)}
        x={x}
        y={y}
        textAnchor={box === null ? 'start' : ends[box.justify as keyof typeof ends]}
      >
        {lines.map((line, index) => (
          <tspan key={index} x={x} dy={index === 0 ? 0 : LINE_PX}>
            {line}
          </tspan>
        ))}
      </text>
    </g>
  );
}

function ofBox(left: number, right: number, justify: string): number {
  return justify === 'RIGHT' ? right : justify === 'CENTER' ? (left + right) / 2 : left;
}

const NOTHING: Drawing = { lines: [], words: [] };

function drawingOf(state: PresentationState, image: StackImage): Drawing {
  const area = presentedOn(state, image)?.area ?? {
    ...{ left: -0.5, top: -0.5, right: image.columns - 0.5, bottom: image.rows - 0.5 },
    magnification: null,
  };
  const placed = (units: Units, point: Point) => (units === 'image' ? point : onDisplayedArea(area, state.turn, point));
  const annotations = annotationsOn(state, image);
  const lines = annotations.flatMap(({ shapes, colour }) =>
    shapes.map(({ kind, points, units, isFilled, style }) =>
      lineOf(
        kind,
        points.map((point) => placed(units, point)),
        { isFilled, style, colour: colour ?? GRAPHICS_COLOUR },
      ),
    ),
  );
  const words = annotations.flatMap(({ texts, colour }) =>
    texts.map((text): Words => wordsOf(text, text.colour ?? colour ?? GRAPHICS_COLOUR, placed)),
  );
  return { lines, words };
}

function wordsOf(text: GraphicText, colour: Colour, placed: (units: Units, point: Point) => Point): Words {
  const { lines, box, anchor } = text;
  return {
    lines,
    colour,
    box: box && {
      corners: [placed(box.units, box.corners[0]), placed(box.units, box.corners[1])],
      justify: box.justify,
    },
    anchor: anchor && { point: placed(anchor.units, anchor.point), isVisible: anchor.isVisible },
  };
}

function reportDrawing(
  report: MarkedReport,
  image: StackImage,
  nameOf: (number: number, name: string) => string,
): Drawing {
  const style = { ...PLAIN_STYLE, isDashed: report.isByMachine && !report.isVerified };
  const marks = marksOn(report, image);
  return {
    lines: marks.flatMap(({ shapes }) =>
      shapes.flatMap(({ kind, points }) => {
        const drawn = { isFilled: false, style, colour: REPORT_COLOUR };
        return kind === 'POINT' ? points.map((point) => lineOf(kind, [point], drawn)) : [lineOf(kind, points, drawn)];
      }),
    ),
    words: marks.map(({ mark, shapes }): Words => {
      const outline = shapes.flatMap(({ kind, points }) => outlineOfShape(kind, points));
      const furthest = outline.reduce((best, one) => (one[0] > best[0] ? one : best), outline[0] ?? [0, 0]);
      return {
        lines: [nameOf(mark.number, mark.name)],
        colour: REPORT_COLOUR,
        box: null,
        anchor: { point: furthest, isVisible: false },
      };
    }),
  };
}

function lineOf(kind: ShapeKind, points: readonly Point[], rest: Pick<Line, 'colour' | 'style' | 'isFilled'>): Line {
  const [first = [0, 0], ...others] = outlineOfShape(kind, points);
  const isPoint = kind === 'POINT';
  // A line of no length shows as its round ends.
  const path = `M${first[0]} ${first[1]}${isPoint ? 'h0' : others.map(([x, y]) => `L${x} ${y}`).join('')}`;
  return { path, isPoint, ...rest };
}
