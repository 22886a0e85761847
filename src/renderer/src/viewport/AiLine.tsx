import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Finding } from '../../../shared/contract/studies.ts';
import { formatNumber } from '../ui/measure-text.ts';
import { addressOf } from './frame-marks.ts';
import { heatGradient } from './heatmap.ts';
import classes from './ImageViewport.module.css';
import type { StackViewState } from './stack-view.ts';
import type { Overlays } from './use-overlays.ts';

type Props = {
  /** Findings with marks on this series, hidden ones among them. */
  readonly findings: readonly Finding[];
  /** Those that are drawn. */
  readonly drawn: readonly Finding[];
  readonly heatmapOf: Finding | null;
  readonly opacity: number;
  readonly overlays: Overlays;
  readonly isHidden: boolean;
  readonly shown: StackViewState;
};

/** Names the AI behind what is drawn, or says that it is hidden, did not come, or does not fit the image. */
export function AiLine({ findings, drawn, heatmapOf, opacity, overlays, isHidden, shown }: Props): ReactNode {
  const { t } = useTranslation('reading');
  if (findings.length === 0) return null;
  if (isHidden) return <span className={classes.ai}>{t('ai.hidden')}</span>;
  return (
    <>
      <span className={classes.ai}>
        {drawn.map((finding) => (
          <span key={finding.findingId}>
            {[
              t('ai.model', { name: finding.model.name, version: finding.model.version }),
              finding.standing === 'uncertain' ? t('findings.uncertain') : null,
              t(`ai.findingState.${finding.state}`),
              finding.model.clinicalUse === 'none' ? t('ai.notForClinicalUse') : null,
              ...faultsOf(finding, overlays, shown).map((fault) => t(`ai.${fault}`)),
            ]
              .filter((part) => part !== null)
              .join(' · ')}
          </span>
        ))}
        {drawn.length < findings.length && (
          <span>{t('ai.someHidden', { count: findings.length - drawn.length, of: findings.length })}</span>
        )}
      </span>
      {heatmapOf !== null && opacity > 0 && (
        <HeatLegend finding={heatmapOf} opacity={opacity} overlays={overlays} shown={shown} />
      )}
    </>
  );
}

type LegendProps = Pick<Props, 'overlays' | 'opacity' | 'shown'> & { readonly finding: Finding };

/** The scale of the heatmap that lies over the image: what its colours stand for, and how much of it is seen through. */
function HeatLegend({ finding, overlays, opacity, shown: { image } }: LegendProps): ReactNode {
  const { t } = useTranslation('reading');
  const loaded = finding.heatmaps.map(({ href }) => overlays.heatmaps.get(href));
  if (loaded.includes('failed')) return <span className={classes.ai}>{t('ai.heatmapFailed')}</span>;
  const heatmap = loaded.find(
    (one) => one !== undefined && one !== 'failed' && image !== null && one.reads(addressOf(image)),
  );
  if (heatmap === undefined || heatmap === 'failed') return null;
  const words = {
    name: finding.label.display,
    low: formatNumber(heatmap.low),
    high: formatNumber(heatmap.high),
    percent: Math.round(opacity * 100),
  };
  return (
    <span className={classes.legend} role="img" aria-label={t('ai.heatmapLegend', words)}>
      <span>{t('ai.heatmapOf', words)}</span>
      <span className={classes.scale}>
        {words.low}
        <i style={{ background: heatGradient() }} />
        {words.high}
      </span>
    </span>
  );
}

/** What is wrong with the marks of a finding as far as this image goes. */
function faultsOf(
  { parts }: Finding,
  { masks }: Overlays,
  { image }: StackViewState,
): readonly ('marksFailed' | 'marksDoNotFit')[] {
  const loaded = parts.map(({ mask }) => masks.get(mask.href)).filter((mask) => mask !== undefined);
  const isOfOtherSize = loaded.some(
    (mask) =>
      mask !== 'failed' &&
      image !== null &&
      mask.reads(addressOf(image)) &&
      (mask.rows !== image.rows || mask.columns !== image.columns),
  );
  return [
    ...(loaded.includes('failed') ? (['marksFailed'] as const) : []),
    ...(isOfOtherSize ? (['marksDoNotFit'] as const) : []),
  ];
}
