import type { ReactNode } from 'react';
import { useNow } from './clock.ts';
import classes from './Countdown.module.css';
import { countdownState } from './countdown-state.ts';
import { formatDuration } from './duration.ts';
import { useWords } from './words.ts';

/** How long before each deadline its countdown changes shape. */
const NEAR_MS = { 'open-by': 5 * 60_000, 'report-by': 15 * 60_000 } as const;

type Props = {
  readonly kind: keyof typeof NEAR_MS;
  readonly dueAtMs: number | null;
  /** For rows: closer lines, nothing else. */
  readonly dense?: boolean;
};

/** A deadline that runs: plain with time enough, outlined when near, filled and called late when past. */
export function Countdown({ kind, dueAtMs, dense = false }: Props): ReactNode {
  const t = useWords();
  const countdown = countdownState(dueAtMs, useNow(), NEAR_MS[kind]);
  if (countdown.state === 'none') return <span className={classes.none}>{t('countdown.none')}</span>;
  const time = formatDuration(countdown.state === 'past' ? countdown.overMs : countdown.leftMs);
  const label = t(kind === 'open-by' ? 'countdown.openBy' : 'countdown.reportBy');
  return (
    <span className={classes.countdown} data-state={countdown.state} data-dense={dense || undefined}>
      <span className={classes.label}>{label}</span>
      <span className={classes.time}>{countdown.state === 'past' ? t('countdown.late', { time }) : time}</span>
    </span>
  );
}
