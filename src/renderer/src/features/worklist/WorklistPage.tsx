import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useCallback, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { WorklistQuestion, WorklistRow } from '../../../../shared/contract/worklist.ts';
import type { StudyId } from '../../../../shared/domain/ids.ts';
import { client } from '../../bridge/client.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { announce } from '../../ui/announcer.ts';
import { IncidentNotice } from '../../ui/IncidentNotice.tsx';
import { toggleNamesHidden } from '../../ui/names-hidden.ts';
import { usePreferences } from '../../ui/preferences.ts';
import { useShortcuts } from '../../ui/shortcuts.ts';
import { lookAround, turned } from './look-around.ts';
import { NothingListed } from './NothingListed.tsx';
import { PromoteDialog } from './PromoteDialog.tsx';
import { NotWholeNotice } from './NotWholeNotice.tsx';
import { StaleNotice } from './StaleNotice.tsx';
import { StudyPreview } from './StudyPreview.tsx';
import { useSettledOrder } from './use-settled-order.ts';
import { useLayout } from './use-layout.ts';
import { usePreviewed } from './use-previewed.ts';
import { useTaking } from './use-taking.ts';
import { type LookingAt, useAskingAhead, type Worklist, useWorklist } from './use-worklist.ts';
import { changeWorklistView, EVERYTHING, useWorklistView } from './worklist-view.ts';
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
  const { userId, permissions } = useCurrentUser();
  const { layout, isKnown } = useLayout();
  const view = useWorklistView(userId);
  const { selected } = view;
  const question = view.question ?? layout.startsWith ?? EVERYTHING;
  const setSelected = useCallback((studyId: StudyId) => changeWorklistView(userId, { selected: studyId }), [userId]);
  const [text, setText] = useState('');
  const [at, setAt] = useState<LookingAt>();
  const askAhead = useAskingAhead();
  const asked = useRef({ question, text });
  asked.current = { question, text };
  const ask = useCallback(
    (changed: Partial<WorklistQuestion>) => {
      const next = { ...asked.current.question, ...changed };
      if (asked.current.text === '') askAhead(next, undefined);
      setAt(undefined);
      changeWorklistView(userId, { question: next });
    },
    [askAhead, userId],
  );
  const [promoting, setPromoting] = useState<WorklistRow | null>(null);
  const { showPreview } = usePreferences();
  const searchField = useRef<HTMLInputElement>(null);
  const scroller = useRef<HTMLDivElement>(null);

  const answer = useWorklist(question, text, at);
  // What a person's list opens with is known a moment later: nothing is shown before.
  const worklist = isKnown || view.question !== null ? answer : LOADING;
  const here = worklist.state === 'ready' ? worklist : NOTHING_HERE;
  const order = useSettledOrder(here, here.answers);
  const { rows, place: firstPlace, touch, settle } = order;
  // Rows that wait above are not among those that are shown.
  const total = Math.max(here.total - order.newAbove, firstPlace + rows.length);
  const index = rows.findIndex((row) => row.studyId === selected);
  const selectedRow = rows[index] ?? null;
  const previewed = usePreviewed(selected, rows);
  const place = index === -1 ? -1 : firstPlace + index;

  // A place somebody goes to whose row is not here yet: it is selected once it is.
  const wanted = useRef<number | null>(null);
  const select = (to: number) => {
    const target = Math.max(0, Math.min(total - 1, to));
    const row = rows[target - firstPlace];
    wanted.current = row === undefined ? target : null;
    if (row !== undefined) setSelected(row.studyId);
    else if (text === '') setAt({ place: target });
  };
  useEffect(() => {
    const row = wanted.current === null ? undefined : rows[wanted.current - firstPlace];
    if (row === undefined) return;
    wanted.current = null;
    setSelected(row.studyId);
  }, [rows, firstPlace, setSelected]);

  // What is here is what was answered, whichever order it is shown in.
  const now = useRef({ here, total, at });
  now.current = { here, total, at };
  const around = useCallback((first: number, last: number) => {
    const { here: known, at: atNow, total: ofAll } = now.current;
    const { rows: answered, keys, place: firstPlace } = known;
    return lookAround({ rows: answered, keys, firstPlace, total: ofAll, at: atNow }, first, last);
  }, []);
  const onComing = useCallback(
    (first: number, last: number) => {
      const next = around(first, last);
      if (next !== 'here') askAhead(asked.current.question, next.at);
    },
    [around, askAhead],
  );
  const onSight = useCallback(
    (first: number, last: number) => {
      const { here: known, total: ofAll } = now.current;
      if (known.fetchMore !== null && last > ofAll - 40) known.fetchMore();
      const next = around(first, last);
      if (next !== 'here') setAt(next.at);
    },
    [around],
  );

  const open = useCallback(
    (studyId: StudyId) => void navigate({ to: '/reading/$studyId', params: { studyId } }),
    [navigate],
  );
  const taking = useTaking();
  const openNext = useCallback(async () => {
    // Not reaching the station is shown by the strip.
    const next = await client.worklist.next().catch(() => null);
    if (next === null) announce(t('worklist.noNext'));
    else open(next.studyId);
  }, [open, t]);
  const showNew = () => {
    settle();
    setAt(undefined);
    scroller.current?.scrollTo({ top: 0 });
  };

  const onKeyDown = useShortcuts(t('worklist.title'), [
    { key: 'ArrowDown', alias: 'j', label: t('worklist.key.down'), run: () => select(place + 1) },
    { key: 'ArrowUp', alias: 'k', label: t('worklist.key.up'), run: () => select(place === -1 ? 0 : place - 1) },
    { key: 'PageDown', label: t('worklist.key.pageDown'), run: () => select(place + 15) },
    { key: 'PageUp', label: t('worklist.key.pageUp'), run: () => select(place - 15) },
    { key: 'Home', label: t('worklist.key.first'), run: () => select(0) },
    { key: 'End', label: t('worklist.key.last'), run: () => select(total - 1) },
    { key: 'Enter', label: t('worklist.key.open'), run: () => selectedRow && open(selectedRow.studyId) },
    { key: ' ', label: t('worklist.key.preview'), run: () => usePreferences.setState({ showPreview: !showPreview }) },
    ...(permissions.includes('study.open')
      ? [{ key: 'x', label: t('worklist.key.take'), run: () => selectedRow && taking.toggle(selectedRow) }]
      : []),
    { key: 'n', label: t('worklist.key.next'), run: () => void openNext() },
    { key: '/', label: t('worklist.key.search'), run: () => searchField.current?.focus() },
    { key: 'h', label: t('namesHidden.key'), run: toggleNamesHidden },
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
        question={question}
        onQuestion={ask}
        text={text}
        onSearch={setText}
        hits={text === '' ? null : { rows: total, isMore: here.fetchMore !== null }}
        searchField={searchField}
        onLeaveSearch={() => scroller.current?.focus()}
        onNext={() => void openNext()}
      />
      <NotWholeNotice />
      {worklist.state === 'ready' && worklist.stale !== null && <StaleNotice stale={worklist.stale} />}
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
          {worklist.state === 'ready' && rows.length === 0 && (
            <NothingListed question={question} text={text} onQuestion={ask} />
          )}
          {worklist.state === 'ready' && rows.length > 0 && (
            <WorklistTable
              part={order}
              total={total}
              question={`${JSON.stringify(question)}\n${text}`}
              selected={selected}
              outdated={worklist.outdated}
              sort={text === '' && question.filter !== 'archived' ? question.sort : null}
              scroller={scroller}
              onComing={onComing}
              onSight={onSight}
              onSort={(by) => ask({ sort: turned(question.sort, by) })}
              onSelect={setSelected}
              onOpen={open}
              onTouch={touch}
              onKeyDown={onKeyDown}
            />
          )}
        </div>
        {showPreview && previewed && (
          <StudyPreview
            row={previewed}
            onOpen={() => open(previewed.studyId)}
            onPromote={() => setPromoting(previewed)}
            taking={taking}
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
            setAt(undefined);
            changeWorklistView(userId, { question: EVERYTHING, selected: promoting.studyId });
          }}
        />
      )}
    </div>
  );
}

const LOADING: Worklist = { state: 'loading' };
const NOTHING_HERE = { rows: [], keys: [], place: 0, total: 0, answers: '', fetchMore: null } as const;
