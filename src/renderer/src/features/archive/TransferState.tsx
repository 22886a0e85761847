import { Progress } from '@mantine/core';
import type { TFunction } from 'i18next';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import page from '../../ui/Page.module.css';
import classes from './ArchivePage.module.css';
import type { Transfer } from './use-transfers.ts';

/** How far a transfer is: in a word, in numbers, and why not further. */
export function TransferState({ transfer }: { readonly transfer: Transfer }): ReactNode {
  const { t } = useTranslation('archive');
  const { state, code, done, failed, total, status, tone } = factsOf(transfer);
  const counts = total === null ? String(done) : `${done} / ${total}`;
  const isMoving = ['running', 'claimed', 'sent'].includes(state);
  return (
    <div className={classes.transferState}>
      <span data-tone={tone} className={classes.tone}>
        {t(`state.${transfer.way}.${state}`)}
      </span>
      <span className={page.quiet}>{t('transfer.counts', { counts })}</span>
      {failed > 0 && <span className={page.bad}>{t('transfer.failed', { count: failed })}</span>}
      {isMoving && total !== null && total > 0 && (
        <Progress
          className={classes.lineOfItsOwn}
          value={(100 * done) / total}
          size="sm"
          aria-label={t('transfer.progress')}
        />
      )}
      {code !== null && (
        <span className={`${page.facts} ${classes.lineOfItsOwn}`} title={t(`${transfer.way}Code.${code}`)}>
          {t(`${transfer.way}Code.${code}`)}
          {status !== null && ` (${hex(status)})`}
        </span>
      )}
      {transfer.way === 'send' && <CommitmentWord commitment={transfer.send.commitment} t={t} />}
    </div>
  );
}

function CommitmentWord({
  commitment,
  t,
}: {
  readonly commitment: Extract<Transfer, { way: 'send' }>['send']['commitment'];
  readonly t: TFunction<'archive'>;
}): ReactNode {
  return commitment === 'not-asked' ? null : (
    <span className={`${page.facts} ${classes.lineOfItsOwn}`}>{t(`commitment.${commitment}`)}</span>
  );
}

function factsOf(transfer: Transfer) {
  if (transfer.way === 'fetch') {
    const { state, code, completed, failed, expected } = transfer.fetch;
    const tone = state === 'failed' ? 'bad' : state === 'done' ? 'done' : 'going';
    return { state, code, done: completed, failed, total: expected, status: null, tone } as const;
  }
  const { state, code, status, sent, failed, items } = transfer.send;
  const isStuck = state === 'held' || state === 'rejected';
  const tone = isStuck ? 'bad' : state === 'delivered' ? 'done' : 'going';
  return { state, code, done: sent, failed, total: items, status, tone } as const;
}

/** A DIMSE status as the standard writes it: `A700`. */
function hex(status: number): string {
  return status.toString(16).toUpperCase().padStart(4, '0');
}
