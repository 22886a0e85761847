import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { QuarantineEntry } from '../../../../shared/contract/quarantine.ts';
import { formatMoment } from '../../ui/duration.ts';
import { formatPersonName } from '../../ui/person-name.ts';
import { useShortcuts } from '../../ui/shortcuts.ts';
import classes from './QuarantinePage.module.css';

/** The columns: when, why, from whom, the study it would touch. */
export const TRACKS = ['140px', 'minmax(150px, 1fr)', '100px', 'minmax(150px, 1fr)'] as const;

type Props = {
  readonly entries: readonly QuarantineEntry[];
  readonly zone: string;
  readonly selectedId: string | null;
  readonly fetchMore: (() => void) | null;
  readonly onSelect: (quarantineId: string) => void;
};

/** Objects set aside, newest first; the arrow keys move through them. */
export function QuarantineTable({ entries, zone, selectedId, fetchMore, onSelect }: Props): ReactNode {
  const { t } = useTranslation('corrections');
  const place = entries.findIndex(({ quarantineId }) => quarantineId === selectedId);
  const select = (index: number) => {
    const entry = entries[Math.max(0, Math.min(entries.length - 1, index))];
    if (entry === undefined) return;
    onSelect(entry.quarantineId);
    document.getElementById(`aside-${entry.quarantineId}`)?.scrollIntoView({ block: 'nearest' });
  };
  const onKeyDown = useShortcuts(t('quarantine.title'), [
    { key: 'ArrowDown', alias: 'j', label: t('app:worklist.key.down'), run: () => select(place + 1) },
    { key: 'ArrowUp', alias: 'k', label: t('app:worklist.key.up'), run: () => select(place === -1 ? 0 : place - 1) },
  ]);
  const columns = { gridTemplateColumns: TRACKS.join(' ') };
  return (
    <>
      <div
        className={classes.rows}
        role="grid"
        tabIndex={0}
        aria-label={t('quarantine.title')}
        aria-rowcount={entries.length + 1}
        aria-activedescendant={selectedId === null ? undefined : `aside-${selectedId}`}
        onKeyDown={onKeyDown}
      >
        <div role="row" className={classes.head} style={columns}>
          {(['received', 'reason', 'sender', 'study'] as const).map((column) => (
            <span key={column} role="columnheader">
              {t(`quarantine.${column}`)}
            </span>
          ))}
        </div>
        {entries.map((entry) => (
          <div
            key={entry.quarantineId}
            id={`aside-${entry.quarantineId}`}
            role="row"
            aria-selected={entry.quarantineId === selectedId}
            className={classes.row}
            style={columns}
            onClick={() => onSelect(entry.quarantineId)}
          >
            <span role="gridcell" className={classes.quiet}>
              {formatMoment(entry.receivedAtMs, zone)}
            </span>
            <span role="gridcell">{t(`app:quarantine.${entry.reason}`)}</span>
            <span role="gridcell">{entry.peer?.aeTitle ?? t('quarantine.unknownSender')}</span>
            <span role="gridcell">
              {entry.study === null
                ? t('quarantine.noStudy')
                : [formatPersonName(entry.study.patientName), entry.study.description].filter(Boolean).join(' · ')}
            </span>
          </div>
        ))}
      </div>
      {fetchMore !== null && (
        <Button variant="default" size="xs" className={classes.more} onClick={fetchMore}>
          {t('quarantine.more')}
        </Button>
      )}
    </>
  );
}
