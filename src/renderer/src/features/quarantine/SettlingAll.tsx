import { Button, Progress } from '@mantine/core';
import { type ReactNode, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import page from '../../ui/Page.module.css';
import classes from './QuarantinePage.module.css';
import { RefusalText } from '../../ui/RefusalText.tsx';
import { type SettlingRun, settledSoFar } from './use-settle-all.ts';

type Props = {
  readonly run: SettlingRun;
  /** How many were held when it began. */
  readonly total: number;
  readonly onStop: () => void;
  readonly onGoOn: () => void;
  readonly onClose: () => void;
};

const COUNTED = ['filed', 'discarded', 'stillHeld'] as const;
/** The station, or the way to it, failed while it may have been at work. */
const UNHEARD = new Set(['unreachable', 'station-fault', 'unexpected-answer']);

/** How far settling many objects has come, what became of them, and, where it ended early, what is left and how to go on. */
export function SettlingAll({ run, total, onStop, onGoOn, onClose }: Props): ReactNode {
  const { t } = useTranslation('corrections');
  const { tally, state } = run;
  const settled = settledSoFar(tally);
  const next = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    // The button that had the focus is gone: whoever works by keyboard stays in the dialog.
    next.current?.focus();
  }, [state]);
  return (
    <div className={page.stack}>
      <div role="status" className={page.stack}>
        <strong>{t(`quarantine.all.${state}`)}</strong>
        {state !== 'done' && <span className={page.quiet}>{t('quarantine.all.soFar', { settled, total })}</span>}
        <ul className={classes.tally}>
          {COUNTED.map(
            (one) => tally[one] > 0 && <li key={one}>{t(`quarantine.all.${one}`, { count: tally[one] })}</li>,
          )}
          {Object.entries(tally.failed).map(([code, count]) => (
            <li key={code}>
              {t('quarantine.all.failed', {
                count,
                why: t([`refusal.${code}`, 'quarantine.all.unknownWhy'], { code }),
              })}
            </li>
          ))}
        </ul>
        {state === 'done' && settled === 0 && <p>{t('quarantine.all.none')}</p>}
      </div>
      {state === 'running' && (
        <Progress value={Math.min(100, (100 * settled) / total)} aria-label={t('quarantine.all.progress')} />
      )}
      {state === 'broken-off' && (
        <>
          <RefusalText failure={run.failure} t={t} />
          {UNHEARD.has(run.failure.code) && <p>{t('quarantine.all.unheard')}</p>}
        </>
      )}
      {(state === 'broken-off' || state === 'stopped') && <p>{t('quarantine.all.left')}</p>}
      <div className={page.actions}>
        {state === 'running' && (
          <Button ref={next} variant="default" disabled={run.isStopping} onClick={onStop}>
            {t(run.isStopping ? 'quarantine.all.stopping' : 'quarantine.all.stop')}
          </Button>
        )}
        {(state === 'broken-off' || state === 'stopped') && (
          <Button onClick={onGoOn}>{t('quarantine.all.goOn')}</Button>
        )}
        {state !== 'running' && (
          <Button ref={next} variant="default" onClick={onClose}>
            {t('quarantine.all.close')}
          </Button>
        )}
      </div>
    </div>
  );
}
