import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { TimelineEntry } from '../../../shared/contract/studies.ts';
import { formatMoment } from './duration.ts';
import classes from './Story.module.css';
import { eventText } from './story-text.ts';

type Props = { readonly entries: readonly TimelineEntry[]; readonly zone: string };

/** A study's story, the newest on top; objects that came one after another stand as one line. */
export function Timeline({ entries, zone }: Props): ReactNode {
  const { t } = useTranslation();
  if (entries.length === 0) return <p className={classes.quiet}>{t('timeline.empty')}</p>;
  return (
    <ol className={classes.timeline}>
      {groupArrivals(entries).map(({ entry, count }) => (
        <li key={entry.seq}>
          <time
            className={classes.time}
            dateTime={new Date(entry.atMs).toISOString()}
            title={formatMoment(entry.atMs, zone)}
          >
            {formatMoment(entry.atMs, zone).slice(11)}
          </time>
          <span>
            {count > 1 ? t('timeline.arrivals', { count }) : eventText(entry.kind, entry.payload, t)}
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

type Grouped = { readonly entry: TimelineEntry; readonly count: number };

/** Newest first, with each run of arrivals as its last one and their number. */
export function groupArrivals(entries: readonly TimelineEntry[]): readonly Grouped[] {
  const grouped: { entry: TimelineEntry; count: number }[] = [];
  for (const entry of entries.toSorted((a, b) => b.seq - a.seq)) {
    const last = grouped.at(-1);
    if (last && entry.kind === 'instance-received' && last.entry.kind === entry.kind) last.count += 1;
    else grouped.push({ entry, count: 1 });
  }
  return grouped;
}
