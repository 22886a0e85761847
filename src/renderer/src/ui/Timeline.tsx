import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { TimelineEntry } from '../../../shared/contract/studies.ts';
import { formatMoment } from './duration.ts';
import classes from './Story.module.css';
import { eventText } from './story-text.ts';

type Props = { readonly entries: readonly TimelineEntry[]; readonly zone: string };

/** A study's story, given oldest first, the newest on top; objects that came one after another stand as one line. */
export function Timeline({ entries, zone }: Props): ReactNode {
  const { t } = useTranslation();
  if (entries.length === 0) return <p className={classes.quiet}>{t('timeline.empty')}</p>;
  return (
    <ol className={classes.timeline}>
      {entries.toReversed().map((entry) => (
        <li key={entry.seq}>
          <time
            className={classes.time}
            dateTime={new Date(entry.atMs).toISOString()}
            title={formatMoment(entry.atMs, zone)}
          >
            {formatMoment(entry.atMs, zone).slice(11)}
          </time>
          <span>
            {entry.arrivals === undefined
              ? eventText(entry.kind, entry.payload, t)
              : t('timeline.arrivals', { count: entry.arrivals.count })}
            <span className={classes.actor}>{entry.actor.kind === 'user' && ` · ${actorName(entry.actor)}`}</span>
          </span>
        </li>
      ))}
    </ol>
  );
}

/** Who did it, as far as the page may know. */
export function actorName(actor: TimelineEntry['actor']): string {
  return actor.display ?? actor.id;
}
