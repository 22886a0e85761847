import { Slider, Switch } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Finding } from '../../../../shared/contract/studies.ts';
import { type AiView, heatmapFinding } from '../../viewport/ai-view.ts';
import classes from './reading.module.css';

type Props = {
  readonly finding: Finding;
  readonly findings: readonly Finding[];
  readonly aiView: AiView;
  readonly onAiView: (view: AiView) => void;
};

/** Lays a finding's heatmap over the images, in place of any other, and says how much of the image it covers. */
export function HeatmapControl({ finding, findings, aiView, onAiView }: Props): ReactNode {
  const { t } = useTranslation('reading');
  const { findingId, seriesUid } = finding;
  const ofSeries = findings.filter((one) => one.seriesUid === seriesUid);
  const isOn = heatmapFinding(ofSeries, aiView)?.findingId === findingId;
  return (
    <div className={classes.heatmap}>
      <Switch
        size="xs"
        label={t('findings.heatmap')}
        checked={isOn}
        disabled={aiView.isHidden || aiView.hiddenFindings.has(findingId)}
        onChange={(event) => onAiView({ ...aiView, heatmapOf: event.currentTarget.checked ? findingId : null })}
      />
      {isOn && (
        <Slider
          size="sm"
          min={0}
          max={100}
          step={5}
          value={Math.round(aiView.opacity * 100)}
          label={(value) => `${value} %`}
          thumbLabel={t('findings.opacity')}
          onChange={(value) => onAiView({ ...aiView, opacity: value / 100 })}
        />
      )}
    </div>
  );
}
