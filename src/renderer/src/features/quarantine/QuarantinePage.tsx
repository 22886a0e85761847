import { useNavigate, useSearch } from '@tanstack/react-router';
import { IconAlertOctagon } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useCurrentUser } from '../../bridge/session.ts';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { IncidentNotice } from '../../ui/IncidentNotice.tsx';
import page from '../../ui/Page.module.css';
import { RowGrid } from '../../ui/RowGrid.tsx';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';
import hidden from '../../ui/Unseen.module.css';
import { QuarantineBar } from './QuarantineBar.tsx';
import { QuarantinedObject } from './QuarantinedObject.tsx';
import classes from './QuarantinePage.module.css';
import { quarantineColumns } from './quarantine-columns.tsx';
import { type QuarantineFilter, useQuarantine } from './use-quarantine.ts';

/** Objects that wait for a person: which and why, what they say beside what is stored, and what is to become of them. */
export function QuarantinePage(): ReactNode {
  const { t } = useTranslation('corrections');
  const navigate = useNavigate();
  const { state = 'held', reason } = useSearch({ from: '/shell/quarantine' });
  const { zone } = useCurrentUser().site;
  const [narrowed, setNarrowed] = useState<Pick<QuarantineFilter, 'peerId' | 'fromMs' | 'toMs'>>({});
  const [selectedId, setSelectedId] = useState<string | null>(null);
  const quarantine = useQuarantine({ state, reason, ...narrowed });
  const entries = quarantine.state === 'ready' ? quarantine.entries : [];
  const columns = quarantineColumns(t, zone);
  const isListed = entries.some(({ quarantineId }) => quarantineId === selectedId);
  return (
    <div className={page.page}>
      <h1 className={hidden.unseen}>{t('quarantine.title')}</h1>
      <QuarantineBar
        filter={{ state, reason, ...narrowed }}
        entries={entries}
        held={quarantine.state === 'ready' ? quarantine.held : []}
        onSearch={(search) => {
          setSelectedId(null);
          void navigate({ to: '/quarantine', search: { state, reason, ...search } });
        }}
        onNarrow={(more) => {
          setSelectedId(null);
          setNarrowed({ ...narrowed, ...more });
        }}
      />
      <div className={page.body}>
        <div className={page.list}>
          {quarantine.state === 'loading' && (
            <TableSkeleton columns={columns.map(({ track }) => track)} rowHeight={32} rows={14} />
          )}
          {quarantine.state === 'failed' && (
            <IncidentNotice title={t('quarantine.failed')} failure={quarantine.failure} onRetry={quarantine.retry} />
          )}
          {quarantine.state === 'ready' && entries.length === 0 && (
            <EmptyState icon={<IconAlertOctagon size={28} />} title={t('quarantine.empty')}>
              {t('quarantine.emptyText')}
            </EmptyState>
          )}
          {quarantine.state === 'ready' && entries.length > 0 && (
            <RowGrid
              label={t('quarantine.title')}
              {...{ columns, rows: entries, selected: selectedId, onSelect: setSelectedId }}
              keyOf={({ quarantineId }) => quarantineId}
              fetchMore={quarantine.fetchMore}
            />
          )}
        </div>
        <aside className={`${page.side} ${classes.wide}`} aria-label={t('quarantine.details')}>
          {selectedId === null ? (
            entries.length > 0 && <p className={page.quiet}>{t('quarantine.select')}</p>
          ) : (
            // What was just settled leaves the list; what came of it is still said here.
            <QuarantinedObject key={selectedId} quarantineId={selectedId} {...{ zone, isListed }} />
          )}
        </aside>
      </div>
    </div>
  );
}
