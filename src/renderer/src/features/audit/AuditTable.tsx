import { useVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { AuditEvent } from '../../../../shared/contract/audit.ts';
import { formatMoment } from '../../ui/duration.ts';
import { useShortcuts } from '../../ui/shortcuts.ts';
import { eventText } from '../../ui/story-text.ts';
import { actorName } from '../../ui/Timeline.tsx';
import classes from './AuditPage.module.css';

/** The columns: number, moment, what happened, to which study, by whom. */
export const TRACKS = ['68px', '150px', 'minmax(240px, 1fr)', '86px', '180px'] as const;

const ROW_HEIGHT = 30;
const HEAD_HEIGHT = 26;

type Props = {
  readonly events: readonly AuditEvent[];
  readonly zone: string;
  readonly selectedSeq: number | null;
  readonly fetchMore: (() => void) | null;
  readonly onSelect: (event: AuditEvent) => void;
};

/** The ledger's events, newest first; only those in sight are on the page. */
export function AuditTable({ events, zone, selectedSeq, fetchMore, onSelect }: Props): ReactNode {
  const { t } = useTranslation();
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: events.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    getItemKey: (index) => events[index]?.seq ?? index,
    overscan: 15,
    scrollMargin: HEAD_HEIGHT,
    scrollPaddingStart: HEAD_HEIGHT,
  });
  const items = virtual.getVirtualItems();
  const lastInSight = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (lastInSight > events.length - 60) fetchMore?.();
  }, [lastInSight, events.length, fetchMore]);

  const place = events.findIndex((event) => event.seq === selectedSeq);
  const select = (index: number) => {
    const wanted = Math.max(0, Math.min(events.length - 1, index));
    const event = events[wanted];
    if (event === undefined) return;
    onSelect(event);
    virtual.scrollToIndex(wanted, { align: 'auto' });
  };
  const onKeyDown = useShortcuts(t('audit.title'), [
    { key: 'ArrowDown', alias: 'j', label: t('worklist.key.down'), run: () => select(place + 1) },
    { key: 'ArrowUp', alias: 'k', label: t('worklist.key.up'), run: () => select(place === -1 ? 0 : place - 1) },
    { key: 'PageDown', label: t('worklist.key.pageDown'), run: () => select(place + 18) },
    { key: 'PageUp', label: t('worklist.key.pageUp'), run: () => select(place - 18) },
  ]);

  return (
    <div
      ref={scroller}
      className={classes.scroller}
      role="grid"
      tabIndex={0}
      aria-label={t('audit.title')}
      aria-rowcount={fetchMore === null ? events.length + 1 : -1}
      aria-activedescendant={selectedSeq === null ? undefined : `event-${selectedSeq}`}
      onKeyDown={onKeyDown}
    >
      <div role="row" aria-rowindex={1} className={classes.head} style={{ gridTemplateColumns: TRACKS.join(' ') }}>
        {(['seq', 'at', 'what', 'study', 'who'] as const).map((column) => (
          <span key={column} role="columnheader">
            {t(`audit.column.${column}`)}
          </span>
        ))}
      </div>
      <div role="presentation" className={classes.rows} style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => {
          const event = events[item.index];
          if (event === undefined) return null;
          return (
            <div
              key={event.seq}
              id={`event-${event.seq}`}
              role="row"
              aria-rowindex={item.index + 2}
              aria-selected={event.seq === selectedSeq}
              className={classes.row}
              style={{
                gridTemplateColumns: TRACKS.join(' '),
                height: ROW_HEIGHT,
                transform: `translateY(${item.start - HEAD_HEIGHT}px)`,
              }}
              onClick={() => onSelect(event)}
            >
              <span role="gridcell" className={classes.number}>
                {event.seq}
              </span>
              <span role="gridcell" className={classes.number}>
                {formatMoment(event.atMs, zone)}
              </span>
              <span role="gridcell" className={classes.what}>
                {eventText(event.kind, event.payload, t)}
              </span>
              <span role="gridcell" className={classes.study} title={event.studyId ?? undefined}>
                {event.studyId?.slice(-8)}
              </span>
              <span role="gridcell" className={classes.who}>
                {actorName(event.actor)}
              </span>
            </div>
          );
        })}
      </div>
    </div>
  );
}
