import { Progress } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ImportCard } from '../../../../shared/contract/media.ts';
import { formatMoment } from '../../ui/duration.ts';
import { useShortcuts } from '../../ui/shortcuts.ts';
import classes from './MediaPage.module.css';
import { useUploads } from './uploads.ts';

/** The columns: when, from where, by whom, how it is, how far. */
export const TRACKS = ['160px', 'minmax(110px, 1.2fr)', 'minmax(90px, 0.8fr)', '80px', 'minmax(150px, 1.4fr)'] as const;

type Props = {
  readonly imports: readonly ImportCard[];
  readonly zone: string;
  readonly selectedId: string | null;
  readonly onSelect: (importId: string) => void;
};

/** Imports, newest first; the arrow keys move through them. */
export function ImportTable({ imports, zone, selectedId, onSelect }: Props): ReactNode {
  const { t } = useTranslation('media');
  const place = imports.findIndex(({ importId }) => importId === selectedId);
  const select = (index: number) => {
    const one = imports[Math.max(0, Math.min(imports.length - 1, index))];
    if (one === undefined) return;
    onSelect(one.importId);
    document.getElementById(`import-${one.importId}`)?.scrollIntoView({ block: 'nearest' });
  };
  const onKeyDown = useShortcuts(t('imports'), [
    { key: 'ArrowDown', alias: 'j', label: t('app:worklist.key.down'), run: () => select(place + 1) },
    { key: 'ArrowUp', alias: 'k', label: t('app:worklist.key.up'), run: () => select(place === -1 ? 0 : place - 1) },
  ]);
  const columns = { gridTemplateColumns: TRACKS.join(' ') };
  return (
    <div
      className={classes.rows}
      role="grid"
      tabIndex={0}
      aria-label={t('imports')}
      aria-rowcount={imports.length + 1}
      aria-activedescendant={selectedId === null ? undefined : `import-${selectedId}`}
      onKeyDown={onKeyDown}
    >
      <div role="row" className={classes.head} style={columns}>
        {(['started', 'from', 'by', 'state', 'files'] as const).map((column) => (
          <span key={column} role="columnheader">
            {t(`import.columns.${column}`)}
          </span>
        ))}
      </div>
      {imports.map((one) => (
        <div
          key={one.importId}
          id={`import-${one.importId}`}
          role="row"
          aria-selected={one.importId === selectedId}
          className={classes.row}
          style={columns}
          onClick={() => onSelect(one.importId)}
        >
          <span role="gridcell" className={classes.quiet}>
            {formatMoment(one.startedAtMs, zone)}
          </span>
          <span role="gridcell">{t(`import.source.${one.source}`, { place: one.place ?? '' })}</span>
          <span role="gridcell">{one.askedBy}</span>
          <span role="gridcell" data-state={one.state}>
            {t(`import.state.${one.state}`)}
          </span>
          <span role="gridcell">
            <HowFar card={one} />
          </span>
        </div>
      ))}
    </div>
  );
}

/** How many files are through; while it runs, of how many. */
export function HowFar({ card }: { readonly card: ImportCard }): ReactNode {
  const { t } = useTranslation('media');
  const upload = useUploads((all) => all[card.importId]);
  const { found, stored, duplicates, quarantined, notDicom, failed } = card.counts;
  const done = stored + duplicates + quarantined + notDicom + failed;
  if (card.state !== 'running')
    return (
      <>
        {stored} {t('import.counts.stored')}
        {duplicates > 0 && ` · ${duplicates} ${t('import.counts.duplicates')}`}
        {quarantined + notDicom + failed > 0 && ` · ${quarantined + notDicom + failed} ${t('import.counts.failed')}`}
      </>
    );
  const isSending = upload?.isSending === true;
  const [part, all] = isSending ? [upload.sent + upload.failed, upload.total] : [done, found];
  return (
    <span className={classes.far}>
      <Progress value={all === 0 ? 0 : (100 * part) / all} aria-label={t('import.columns.files')} />
      {isSending
        ? t('import.sending', { sent: upload.sent, total: upload.total })
        : t('import.progress', { done, found })}
    </span>
  );
}
