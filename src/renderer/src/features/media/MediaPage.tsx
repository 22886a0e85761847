import { IconDisc } from '@tabler/icons-react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client } from '../../bridge/client.ts';
import { failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { IncidentNotice } from '../../ui/IncidentNotice.tsx';
import page from '../../ui/Page.module.css';
import { RefusalText } from '../../ui/RefusalText.tsx';
import { RowGrid } from '../../ui/RowGrid.tsx';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';
import hidden from '../../ui/Unseen.module.css';
import { BrowseDialog } from './BrowseDialog.tsx';
import { DropZone } from './DropZone.tsx';
import { ExportDialog } from './ExportDialog.tsx';
import { ExportList } from './ExportList.tsx';
import { ImportDetails } from './ImportDetails.tsx';
import { importColumns } from './import-columns.tsx';
import classes from './MediaPage.module.css';
import { sendFiles } from './uploads.ts';
import { useExports, useImports } from './use-imports.ts';

/** Bringing in discs, folders and ZIPs, what they came to, and what was written to folders. */
export function MediaPage(): ReactNode {
  const { t } = useTranslation('media');
  const cache = useQueryClient();
  const navigate = useNavigate();
  const { study } = useSearch({ from: '/shell/media' });
  const { site, permissions } = useCurrentUser();
  const mayExport = permissions.includes('study.export');
  const imports = useImports();
  const exports = useExports(mayExport);
  const [selectedId, setSelectedId] = useState<string | null>(null);
  const [isBrowsing, setIsBrowsing] = useState(false);
  const begin = useMutation({
    mutationFn: (start: () => Promise<string>) => start(),
    onSuccess(importId) {
      setSelectedId(importId);
      setIsBrowsing(false);
      void cache.invalidateQueries({ queryKey: station.imports.key() });
    },
  });
  const failure = begin.isError ? failureOf(begin.error) : null;
  const columns = importColumns(t, site.zone);
  const rows = imports.state === 'ready' ? imports.rows : [];
  const folders = imports.state === 'ready' ? imports.folders : [];
  return (
    <div className={page.page}>
      <h1 className={hidden.unseen}>{t('title')}</h1>
      <div className={page.body}>
        <div className={page.list}>
          <DropZone
            isBusy={begin.isPending}
            onPicked={(picked) => begin.mutate(() => sendFiles(picked))}
            onStation={folders.length === 0 ? null : () => setIsBrowsing(true)}
          />
          <RefusalText failure={failure} t={t} />
          {imports.state === 'loading' && (
            <TableSkeleton columns={columns.map(({ track }) => track)} rowHeight={32} rows={8} />
          )}
          {imports.state === 'failed' && (
            <IncidentNotice title={t('failed')} failure={imports.failure} onRetry={imports.retry} />
          )}
          {imports.state === 'ready' && rows.length === 0 && (
            <EmptyState icon={<IconDisc size={28} />} title={t('import.empty')}>
              {t('import.emptyText')}
            </EmptyState>
          )}
          {rows.length > 0 && (
            <RowGrid
              label={t('imports')}
              {...{ columns, rows, selected: selectedId, onSelect: setSelectedId }}
              keyOf={({ importId }) => importId}
            />
          )}
          {mayExport && exports.state === 'ready' && (exports.folders.length > 0 || exports.rows.length > 0) && (
            <section className={classes.section} aria-label={t('exports')}>
              <h2 className={page.heading}>{t('exports')}</h2>
              <ExportList exports={exports.rows} zone={site.zone} />
            </section>
          )}
        </div>
        <aside className={page.side} aria-label={t('import.details')}>
          {selectedId === null ? (
            rows.length > 0 && <p className={page.quiet}>{t('import.select')}</p>
          ) : (
            <ImportDetails key={selectedId} importId={selectedId} />
          )}
        </aside>
      </div>
      {study !== undefined && exports.state === 'ready' && (
        <ExportDialog
          studyId={study}
          folders={exports.folders}
          onClose={() => void navigate({ to: '/media', search: {} })}
        />
      )}
      {isBrowsing && (
        <BrowseDialog
          folders={folders}
          onClose={() => setIsBrowsing(false)}
          onStart={(folder, path) =>
            begin.mutate(async () => {
              const { importId } = await client.imports.start({ from: { source: 'folder', folder, path } });
              return importId;
            })
          }
        />
      )}
    </div>
  );
}
