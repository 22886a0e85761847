import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ModelCard } from '../../../../shared/contract/models.ts';
import classes from './models.module.css';

type Props = { readonly card: Pick<ModelCard, 'stage' | 'isShown' | 'packageState' | 'breaker'> };

/** How far a model reaches, and what of its package is not in order. */
export function StageMark({ card: { stage, isShown, packageState, breaker } }: Props): ReactNode {
  const { t } = useTranslation('models');
  const isOut = stage === 'pilot' || stage === 'general';
  return (
    <span className={classes.stage} data-stage={stage}>
      <span>{t(`stage.${stage}`)}</span>
      {isOut && !isShown && <em className={classes.dim}>{t('notShown')}</em>}
      {breaker.state !== 'closed' && <strong className={classes.alarm}>{t(`breaker.mark.${breaker.state}`)}</strong>}
      {packageState !== 'verified' && (
        <strong className={packageState === 'installed' ? classes.dim : classes.alarm}>
          {t(`package.${packageState}`)}
        </strong>
      )}
    </span>
  );
}
