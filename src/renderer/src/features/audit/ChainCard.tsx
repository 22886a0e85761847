import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { LedgerVerification } from '../../../../shared/contract/audit.ts';
import { failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { formatMoment } from '../../ui/duration.ts';
import classes from './AuditPage.module.css';

/** Verifies the whole chain and its checkpoints, and says what was found. */
export function ChainCard({ zone }: { readonly zone: string }): ReactNode {
  const { t } = useTranslation();
  const verify = useMutation(station.audit.verify.mutationOptions());
  const may = useCurrentUser().permissions.includes('audit.verify');
  const failure = verify.isError ? failureOf(verify.error) : null;
  return (
    <section className={classes.card}>
      <h2 className={classes.cardTitle}>{t('chain.title')}</h2>
      <p className={classes.quiet}>{t('chain.text')}</p>
      {may ? (
        <Button variant="default" loading={verify.isPending} onClick={() => verify.mutate(undefined)}>
          {t('chain.verify')}
        </Button>
      ) : (
        <p className={classes.quiet}>{t('chain.mayNot')}</p>
      )}
      <div role="status">
        {verify.data && <ChainResult found={verify.data} zone={zone} />}
        {failure && (
          <p className={classes.bad}>
            {t('chain.failed')} {t([`failure.${failure.code}`, 'failure.unexpected-answer'])}{' '}
            {failure.incidentId && `${t('failure.incident')} ${failure.incidentId}`}
          </p>
        )}
      </div>
    </section>
  );
}

function ChainResult({ found, zone }: { readonly found: LedgerVerification; readonly zone: string }): ReactNode {
  const { t } = useTranslation();
  const { checkpoints } = found;
  return (
    <div className={classes.result} data-outcome={found.outcome}>
      <strong>{t(`chain.${found.outcome}`)}</strong>
      <p>{t('chain.events', { count: found.events, seq: found.headSeq, ms: Math.round(found.tookMs) })}</p>
      <p>
        {checkpoints.lastSeq === null || checkpoints.lastAtMs === null
          ? t('chain.noCheckpoint')
          : t('chain.checkpoint', {
              count: checkpoints.count,
              seq: checkpoints.lastSeq,
              at: formatMoment(checkpoints.lastAtMs, zone),
            })}
      </p>
      {found.erasedPayloads > 0 && <p>{t('chain.erased', { count: found.erasedPayloads })}</p>}
      {found.faults.length > 0 && (
        <ul className={classes.faults}>
          {found.faults.map((fault) => (
            <li key={`${fault.seq} ${fault.code}`}>
              {t('chain.faultAt', { seq: fault.seq })}: {t(`chain.fault.${fault.code}`)}
            </li>
          ))}
        </ul>
      )}
      <p className={classes.hash}>
        {t('chain.head')} {found.headHash}
      </p>
    </div>
  );
}
