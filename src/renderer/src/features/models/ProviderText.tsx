import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ModelProviderCard } from '../../../../shared/contract/models.ts';
import classes from './models.module.css';

/** What computes the model, and, where the site wanted something else first, what and why not. */
export function ProviderText({ on }: { readonly on: ModelProviderCard | null }): ReactNode {
  const { t } = useTranslation('models');
  if (on === null) return <span className={classes.dim}>{t('provider.none')}</span>;
  const { provider, providerVersion, isWhole, wanted, because } = on;
  return (
    <span className={classes.stage}>
      <span>{t('provider.used', { provider: provider.toUpperCase(), version: providerVersion })}</span>
      {!isWhole && <strong className={classes.alarm}>{t('provider.partly')}</strong>}
      {because !== null && (
        <strong className={classes.alarm}>
          {t('provider.elsewhere', {
            wanted: wanted.toUpperCase(),
            because: t([`provider.because.${because}`, 'provider.otherBecause'], { code: because }),
          })}
        </strong>
      )}
    </span>
  );
}
