import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Finding } from '../../../../shared/contract/studies.ts';
import { ceilingOfCategory } from '../../../../shared/domain/urgency.ts';
import { formatScore } from '../../ui/AiState.tsx';
import { UrgencyMark } from '../../ui/UrgencyMark.tsx';
import classes from './reading.module.css';

type Props = { readonly finding: Finding; readonly onJump: () => void };

/** One AI finding, named as AI whatever a person decided of it; choosing it shows its key image. */
export function FindingEntry({ finding, onJump }: Props): ReactNode {
  const { t } = useTranslation('reading');
  const { model, state } = finding;
  const isConfirmed = state === 'accepted' || state === 'modified';
  return (
    <button
      type="button"
      className={classes.finding}
      data-state={state}
      disabled={finding.keyImage === null}
      title={finding.keyImage === null ? t('findings.noKeyImage') : t('findings.jump')}
      onClick={onJump}
    >
      <span className={classes.findingTop}>
        <UrgencyMark
          level={ceilingOfCategory(finding.category)}
          standing={isConfirmed ? 'confirmed' : 'suspected'}
          shapeOnly
        />
        <strong className={classes.findingLabel}>{finding.label.display}</strong>
      </span>
      <span className={classes.origin}>
        {[
          t('ai.model', { name: model.name, version: model.version }),
          t(`ai.findingState.${state}`),
          model.clinicalUse === 'none' ? t('ai.notForClinicalUse') : null,
        ]
          .filter((part) => part !== null)
          .join(' · ')}
      </span>
      <span className={classes.numbers}>
        <span>
          {t('findings.score', { score: formatScore(finding.score), threshold: formatScore(finding.threshold) })}
        </span>
        {finding.measurements.map((measurement) => (
          <span key={measurement.code}>
            {t('findings.measurement', {
              name: measurement.display,
              value: tidy(measurement.value),
              unit: measurement.unit,
            })}
          </span>
        ))}
        <span>{t('findings.category', { category: finding.category })}</span>
        <span>{t(`findings.stage.${model.stage}`, { defaultValue: model.stage })}</span>
      </span>
    </button>
  );
}

/** Three significant digits, and none behind the point from a hundred on. */
function tidy(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}
