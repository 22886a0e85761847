import { useNavigate, useSearch } from '@tanstack/react-router';
import { IconHistory } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { AuditEvent } from '../../../../shared/contract/audit.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { IncidentNotice } from '../../ui/IncidentNotice.tsx';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';
import { AuditBar } from './AuditBar.tsx';
import hidden from '../../ui/Unseen.module.css';
import page from '../../ui/Page.module.css';
import classes from './AuditPage.module.css';
import { AuditTable, TRACKS } from './AuditTable.tsx';
import { ChainCard } from './ChainCard.tsx';
import { EventCard } from './EventCard.tsx';
import { StudyOfStory } from './StudyOfStory.tsx';
import { type AuditFilter, useAuditEvents } from './use-audit-events.ts';

/** The ledger: what was done, by whom and when; one study's whole story; and the proof that nothing was changed. */
export function AuditPage(): ReactNode {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const filter: AuditFilter = useSearch({ from: '/shell/audit' });
  const { zone } = useCurrentUser().site;
  const audit = useAuditEvents(filter);
  const [selected, setSelected] = useState<AuditEvent | null>(null);
  const change = (changed: AuditFilter) => void navigate({ to: '/audit', search: { ...filter, ...changed } });
  return (
    <div className={page.page}>
      <h1 className={hidden.unseen}>{t('audit.title')}</h1>
      {filter.study && <StudyOfStory studyId={filter.study} />}
      <AuditBar
        filter={filter}
        onChange={change}
        isFetching={audit.state === 'ready' && audit.isFetching}
        onRefresh={audit.state === 'ready' ? audit.refresh : null}
      />
      <div className={page.body}>
        <div className={classes.list}>
          {audit.state === 'loading' && <TableSkeleton columns={TRACKS} rowHeight={30} rows={18} />}
          {audit.state === 'failed' && (
            <IncidentNotice title={t('audit.failed')} failure={audit.failure} onRetry={audit.retry} />
          )}
          {audit.state === 'ready' && audit.events.length === 0 && (
            <EmptyState icon={<IconHistory size={28} />} title={t('audit.empty')}>
              {t('audit.emptyText')}
            </EmptyState>
          )}
          {audit.state === 'ready' && audit.events.length > 0 && (
            <AuditTable
              events={audit.events}
              zone={zone}
              selectedSeq={selected?.seq ?? null}
              fetchMore={audit.fetchMore}
              onSelect={setSelected}
            />
          )}
        </div>
        <aside className={classes.side} aria-label={t('audit.details')}>
          <ChainCard zone={zone} />
          <EventCard event={selected} zone={zone} onFilter={change} />
        </aside>
      </div>
    </div>
  );
}
