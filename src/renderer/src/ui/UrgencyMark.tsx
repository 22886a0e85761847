import type { ReactNode } from 'react';
import type { UrgencyLevel, UrgencyStanding } from '../../../shared/domain/urgency.ts';
import classes from './UrgencyMark.module.css';
import { useWords } from './words.ts';

type Props = {
  readonly level: UrgencyLevel;
  readonly standing: UrgencyStanding;
  /** Leaves the word out where a heading already says it; a reader's voice still hears it. */
  readonly shapeOnly?: boolean;
  /** Leaves out who stands behind it where that is written beside; the shape still shows it. */
  readonly wordOnly?: boolean;
};

/** How urgent, as shape, word and colour; hollow while only AI or a rule suspects it, filled once a person confirmed it. */
export function UrgencyMark({ level, standing, shapeOnly = false, wordOnly = false }: Props): ReactNode {
  const t = useWords();
  const word = t(`urgency.${level}`);
  const said = `${word}, ${t(`urgency.standing.${standing}`)}`;
  return (
    <span className={classes.mark} data-level={level} data-standing={standing} title={said}>
      <svg
        width="14"
        height="14"
        viewBox="0 0 14 14"
        role={shapeOnly ? 'img' : undefined}
        aria-label={shapeOnly ? said : undefined}
        aria-hidden={shapeOnly ? undefined : true}
      >
        {shapes[level]}
      </svg>
      {!shapeOnly && <span>{word}</span>}
      {!shapeOnly && !wordOnly && standing !== 'ordinary' && (
        <span className={classes.standing}>{t(`urgency.standing.${standing}`)}</span>
      )}
    </span>
  );
}

const shapes = {
  critical: <path d="M7 1.8 12.6 12H1.4Z" />,
  urgent: <path d="M7 1 13 7 7 13 1 7Z" />,
  routine: <circle cx="7" cy="7" r="3.6" />,
} as const;
