import { Button, CloseButton, TextInput } from '@mantine/core';
import { IconArrowRight, IconSearch } from '@tabler/icons-react';
import { type KeyboardEvent, type ReactNode, type RefObject, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { WORKLIST_FILTERS, type WorklistQuestion } from '../../../../shared/contract/worklist.ts';
import { ColumnChooser } from './ColumnChooser.tsx';
import { NarrowMenu } from './NarrowMenu.tsx';
import { TakeMenu } from './TakeMenu.tsx';
import { useWorklistCounts } from './use-worklist.ts';
import { ViewsMenu } from './ViewsMenu.tsx';
import classes from './WorklistPage.module.css';

const TYPING_PAUSE_MS = 180;

type Props = {
  readonly question: WorklistQuestion;
  readonly onQuestion: (changed: Partial<WorklistQuestion>) => void;
  /** What is searched for; empty: nothing. */
  readonly text: string;
  readonly onSearch: (text: string) => void;
  /** What the search found so far; null where nothing is searched. */
  readonly hits: { readonly rows: number; readonly isMore: boolean } | null;
  readonly searchField: RefObject<HTMLInputElement | null>;
  readonly onLeaveSearch: () => void;
  readonly onNext: () => void;
};

/** Above the list: quick filters with their counts; views, narrowing, search, columns, what may be taken out, and the next study. */
export function WorklistBar(props: Props): ReactNode {
  const { t } = useTranslation();
  const { question, onQuestion, hits } = props;
  return (
    <>
      <div className={classes.bar}>
        <Filters question={question} onQuestion={onQuestion} />
      </div>
      <div className={classes.bar}>
        <ViewsMenu question={question} onQuestion={onQuestion} />
        <NarrowMenu question={question} onQuestion={onQuestion} />
        <SearchField {...props} />
        {hits !== null && (
          <span className={classes.hits} role="status">
            {t(hits.isMore ? 'worklist.hitsMore' : 'worklist.hits', { count: hits.rows })}
          </span>
        )}
        <span className={classes.space} />
        <ColumnChooser />
        <TakeMenu question={question} text={props.text} />
        <Button size="xs" rightSection={<IconArrowRight size={15} />} onClick={props.onNext}>
          {t('worklist.next')}
        </Button>
      </div>
    </>
  );
}

function Filters({ question, onQuestion }: Pick<Props, 'question' | 'onQuestion'>): ReactNode {
  const { t } = useTranslation();
  const counts = useWorklistCounts();
  return (
    <div className={classes.filters} role="group" aria-label={t('worklist.filters')}>
      {WORKLIST_FILTERS.map((one) => (
        <button
          key={one}
          type="button"
          className={classes.filter}
          aria-pressed={one === question.filter}
          onClick={() => onQuestion({ filter: one })}
        >
          {t(`worklist.filter.${one}`)}
          <span className={classes.count}>{counts.data?.[one] ?? ''}</span>
        </button>
      ))}
    </div>
  );
}

function SearchField({ onSearch, searchField, onLeaveSearch }: Props): ReactNode {
  const { t } = useTranslation();
  const [typed, setTyped] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => onSearch(typed.trim()), TYPING_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed, onSearch]);

  function onKeyDown(event: KeyboardEvent): void {
    if (event.key === 'Escape') setTyped('');
    if (event.key !== 'Escape' && event.key !== 'Enter' && event.key !== 'ArrowDown') return;
    event.preventDefault();
    onLeaveSearch();
  }

  return (
    <TextInput
      ref={searchField}
      className={classes.search}
      size="xs"
      value={typed}
      // What is typed is somebody's name more often than not.
      data-phi={typed !== '' || undefined}
      maxLength={200}
      placeholder={t('worklist.search')}
      aria-label={t('worklist.search')}
      leftSection={<IconSearch size={15} />}
      rightSection={
        typed !== '' && <CloseButton size="xs" aria-label={t('worklist.clearSearch')} onClick={() => setTyped('')} />
      }
      onChange={(event) => setTyped(event.currentTarget.value)}
      onKeyDown={onKeyDown}
    />
  );
}
