import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useCallback, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { WorklistFilter, WorklistRow } from '../../../../shared/contract/worklist.ts';
import type { StudyId } from '../../../../shared/domain/ids.ts';
import { client } from '../../bridge/client.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { announce } from '../../ui/announcer.ts';
import { IncidentNotice } from '../../ui/IncidentNotice.tsx';
import { usePreferences } from '../../ui/preferences.ts';
import { useShortcuts } from '../../ui/shortcuts.ts';
import { NothingListed } from './NothingListed.tsx';
import { PromoteDialog } from './PromoteDialog.tsx';
import { StudyPreview } from './StudyPreview.tsx';
import { useSettledOrder } from './use-settled-order.ts';
import { useWorklist } from './use-worklist.ts';
import { changeWorklistView, useWorklistView } from './worklist-view.ts';
import { WorklistBar } from './WorklistBar.tsx';
import hidden from '../../ui/Unseen.module.css';
import page from '../../ui/Page.module.css';
import classes from './WorklistPage.module.css';
import { WorklistSkeleton } from './WorklistSkeleton.tsx';
import { WorklistTable } from './WorklistTable.tsx';

/** Every open study, the most dangerous first: find one, see why it stands where it does, open it. */
export function WorklistPage(): ReactNode {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { userId } = useCurrentUser();
  const { filter, selected } = useWorklistView(userId);
  const setSelected = useCallback((studyId: StudyId) => changeWorklistView(userId, { selected: studyId }), [userId]);
  const onFilter = (changed: WorklistFilter) => changeWorklistView(userId, { filter: changed });
  const [text, setText] = useState('');
  const [promoting, setPromoting] = useState<WorklistRow | null>(null);
  const { showPreview } = usePreferences();
  const searchField = useRef<HTMLInputElement>(null);
  const scroller = useRef<HTMLDivElement>(null);

  const worklist = useWorklist({ filter, text });
  const subject = `${filter}\n${text}`;
  const order = useSettledOrder(worklist.state === 'ready' ? worklist.rows : NO_ROWS, subject);
  const { rows, touch, settle } = order;
  const place = rows.findIndex((row) => row.studyId === selected);
  const selectedRow = rows[place] ?? null;

  const open = useCallback(
    (studyId: StudyId) => void navigate({ to: '/reading/$studyId', params: { studyId } }),
    [navigate],
  );
  const openNext = useCallback(async () => {
    // Not reaching the station is shown by the strip.
    const next = await client.worklist.next().catch(() => null);
    if (next === null) announce(t('worklist.noNext'));
    else open(next.studyId);
  }, [open, t]);
  const select = (index: number) => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, index))];
    if (row) setSelected(row.studyId);
  };
  const showNew = () => {
    settle();
    scroller.current?.scrollTo({ top: 0 });
  };

  const onKeyDown = useShortcuts(t('worklist.title'), [
    { key: 'ArrowDown', alias: 'j', label: t('worklist.key.down'), run: () => select(place + 1) },
    { key: 'ArrowUp', alias: 'k', label: t('worklist.key.up'), run: () => select(place === -1 ? 0 : place - 1) },
    { key: 'PageDown', label: t('worklist.key.pageDown'), run: () => select(place + 15) },
    { key: 'PageUp', label: t('worklist.key.pageUp'), run: () => select(place - 15) },
    { key: 'Home', label: t('worklist.key.first'), run: () => select(0) },
    { key: 'End', label: t('worklist.key.last'), run: () => select(rows.length - 1) },
    { key: 'Enter', label: t('worklist.key.open'), run: () => selectedRow && open(selectedRow.studyId) },
    { key: ' ', label: t('worklist.key.preview'), run: () => usePreferences.setState({ showPreview: !showPreview }) },
    { key: 'n', label: t('worklist.key.next'), run: () => void openNext() },
    { key: '/', label: t('worklist.key.search'), run: () => searchField.current?.focus() },
  ]);

  const isReady = worklist.state === 'ready' && rows.length > 0;
  useEffect(() => {
    // The keys of the list work at once, unless the person is already typing somewhere.
    if (isReady && document.activeElement === document.body) scroller.current?.focus({ preventScroll: true });
  }, [isReady]);

  return (
    <div className={page.page}>
      <h1 className={hidden.unseen}>{t('worklist.title')}</h1>
      <WorklistBar
        filter={filter}
        onFilter={onFilter}
        onSearch={setText}
        searchField={searchField}
        onLeaveSearch={() => scroller.current?.focus()}
        onNext={() => void openNext()}
      />
      <div className={page.body}>
        <div className={classes.list}>
          {order.newAbove > 0 && (
            <button type="button" className={classes.newAbove} onClick={showNew}>
              ↑ {t('worklist.newAbove', { count: order.newAbove })}
            </button>
          )}
          {worklist.state === 'loading' && <WorklistSkeleton />}
          {worklist.state === 'failed' && (
            <IncidentNotice title={t('worklist.failed')} failure={worklist.failure} onRetry={worklist.retry} />
          )}
          {worklist.state === 'ready' && rows.length === 0 && <NothingListed {...{ filter, text, onFilter }} />}
          {worklist.state === 'ready' && rows.length > 0 && (
            <WorklistTable
              rows={rows}
              subject={subject}
              selected={selected}
              outdated={worklist.outdated}
              fetchMore={worklist.fetchMore}
              scroller={scroller}
              onSelect={setSelected}
              onOpen={open}
              onTouch={touch}
              onKeyDown={onKeyDown}
            />
          )}
        </div>
        {showPreview && selectedRow && (
          <StudyPreview
            row={selectedRow}
            onOpen={() => open(selectedRow.studyId)}
            onPromote={() => setPromoting(selectedRow)}
            onClose={() => usePreferences.setState({ showPreview: false })}
          />
        )}
      </div>
      {promoting !== null && (
        <PromoteDialog
          row={promoting}
          onClose={() => setPromoting(null)}
          onShow={() => {
            setPromoting(null);
            changeWorklistView(userId, { filter: 'all', selected: promoting.studyId });
          }}
        />
      )}
    </div>
  );
}

const NO_ROWS = [] as const;
