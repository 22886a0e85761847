import { IconAlertHexagon } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Finding } from '../../../shared/contract/studies.ts';
import { formatMeasure, formatScore } from './measure-text.ts';
import classes from './Story.module.css';

type Props = { readonly finding: Finding; readonly showScore: boolean };

/** One AI finding as text: always AI, its decision, its measurements, its model; the score only when asked for. */
export function FindingLine({ finding, showScore }: Props): ReactNode {
  const { t } = useTranslation();
  const { model } = finding;
  return (
    <div className={classes.finding} data-state={finding.state}>
      <IconAlertHexagon size={15} aria-hidden className={classes.findingIcon} />
      <div>
        <div>
          <span className={classes.findingName}>{t('ai.flagged', { finding: finding.label.display })}</span>
          <span className={classes.actor}> · {t(`finding.${finding.state}`)}</span>
        </div>
        <div className={classes.actor}>
          {finding.measurements
            .map(({ display, value, unit, part }) => {
              const where = part === null ? '' : ` (${t('finding.part', { part })})`;
              return `${display} ${formatMeasure(value, unit)}${where}`;
            })
            .join(', ')}
        </div>
        <div className={classes.actor}>
          {model.name} {model.version}
          {showScore && ` · ${t('ai.score', { score: formatScore(finding.score) })}`}
          {model.clinicalUse === 'none' && ` · ${t('ai.notForClinicalUse')}`}
          {finding.withdrawn !== null && ` · ${t(`finding.withdrawn.${finding.withdrawn}`)}`}
        </div>
      </div>
    </div>
  );
}
