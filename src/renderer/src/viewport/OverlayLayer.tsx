import { type ReactNode, useLayoutEffect, useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { Finding } from '../../../shared/contract/studies.ts';
import { formatMeasure, formatScore } from '../ui/measure-text.ts';
import { emptyCanvas } from './empty-canvas.ts';
import { type BoxOnImage, addressOf, boxesOn } from './frame-marks.ts';
import classes from './ImageViewport.module.css';
import { type BoxPicture, drawBoxes, drawHeat, drawMask, paintHeat, paintMask } from './overlay.ts';
import type { StackViewState } from './stack-view.ts';
import type { Overlays } from './use-overlays.ts';

type Props = {
  readonly shown: StackViewState;
  /** Findings that are drawn. */
  readonly findings: readonly Finding[];
  readonly overlays: Overlays;
  /** Of the heatmap, 0 to 1. */
  readonly opacity: number;
};

/** What AI marked on exactly the frame that is shown, drawn over its pixels: heat below, then masks, then boxes with their words. */
export function OverlayLayer({ shown: { image, map }, findings, overlays, opacity }: Props): ReactNode {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { t } = useTranslation('reading');
  const heats = useMemo(() => {
    if (image === null) return [];
    const on = { ...addressOf(image), rows: image.rows, columns: image.columns };
    const loaded = [...overlays.heatmaps.values()].filter((one) => one !== 'failed');
    return loaded.map((one) => paintHeat(one, on, opacity)).filter((one) => one !== null);
  }, [overlays.heatmaps, image, opacity]);
  const masks = useMemo(() => {
    if (image === null) return [];
    const on = { ...addressOf(image), rows: image.rows, columns: image.columns };
    return findings.flatMap(({ parts, standing }) =>
      parts.flatMap(({ mask: { href } }) => {
        const mask = overlays.masks.get(href);
        const picture = mask === undefined || mask === 'failed' ? null : paintMask(mask, on, standing === 'uncertain');
        return picture === null ? [] : [picture];
      }),
    );
  }, [findings, overlays.masks, image]);
  const boxes = useMemo(() => {
    if (image === null) return [];
    const wordsOf = ({ finding, box, number }: BoxOnImage): readonly string[] => [
      [
        finding.boxes.length > 1 ? `${number}` : null,
        finding.label.display,
        finding.standing === 'uncertain' ? t('findings.uncertain') : null,
      ]
        .filter((part) => part !== null)
        .join(' · '),
      [
        t('findings.boxScore', { score: formatScore(box.score) }),
        box.diameterMm === null ? null : formatMeasure(box.diameterMm, 'mm'),
        box.volumeMl === null ? null : formatMeasure(box.volumeMl, 'mL'),
      ]
        .filter((part) => part !== null)
        .join(' · '),
    ];
    return boxesOn(findings, image).map(
      (one): BoxPicture => ({
        rectangle: one.rectangle,
        lines: wordsOf(one),
        isDashed: one.finding.standing === 'uncertain',
      }),
    );
  }, [findings, image, t]);

  useLayoutEffect(() => {
    const target = canvas.current;
    const context = target?.getContext('2d');
    if (!target || !context) return;
    const devicePixels = window.devicePixelRatio;
    emptyCanvas(context, target.clientWidth * devicePixels, target.clientHeight * devicePixels);
    if (map === null) return;
    for (const picture of heats) drawHeat(context, picture, map, devicePixels);
    for (const picture of masks) drawMask(context, picture, map, devicePixels);
    drawBoxes(context, boxes, map, devicePixels);
  }, [heats, masks, boxes, map]);

  return (
    <canvas
      ref={canvas}
      className={classes.layer}
      data-marks={masks.length}
      data-boxes={boxes.length}
      data-heat={heats.length}
      aria-hidden
    />
  );
}
