import { ActionIcon, Button, CloseButton, Menu, TextInput, Tooltip } from '@mantine/core';
import { IconArrowRight, IconColumns3, IconSearch } from '@tabler/icons-react';
import { type KeyboardEvent, type ReactNode, type RefObject, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { WORKLIST_FILTERS, type WorklistFilter } from '../../../../shared/contract/worklist.ts';
import { usePreferences } from '../../ui/preferences.ts';
import { COLUMN_IDS, columns } from './columns.tsx';
import { useWorklistCounts } from './use-worklist.ts';
import classes from './WorklistPage.module.css';

const TYPING_PAUSE_MS = 220;

type Props = {
  readonly filter: WorklistFilter;
  readonly onFilter: (filter: WorklistFilter) => void;
  readonly onSearch: (text: string) => void;
  readonly searchField: RefObject<HTMLInputElement | null>;
  readonly onLeaveSearch: () => void;
  readonly onNext: () => void;
};

/** Above the list: quick filters with their counts, free search, the columns, and the next study. */
export function WorklistBar(props: Props): ReactNode {
  const { t } = useTranslation();
  return (
    <div className={classes.bar}>
      <Filters filter={props.filter} onFilter={props.onFilter} />
      <SearchField {...props} />
      <ColumnChooser />
      <Button rightSection={<IconArrowRight size={15} />} onClick={props.onNext}>
        {t('worklist.next')}
      </Button>
    </div>
  );
}

function Filters({ filter, onFilter }: Pick<Props, 'filter' | 'onFilter'>): ReactNode {
  const { t } = useTranslation();
  const counts = useWorklistCounts();
  return (
    <div className={classes.filters} role="group" aria-label={t('worklist.filters')}>
      {WORKLIST_FILTERS.map((one) => (
        <button
          key={one}
          type="button"
          className={classes.filter}
          aria-pressed={one === filter}
          onClick={() => onFilter(one)}
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

const CHOICES = COLUMN_IDS.filter((id) => columns.find((column) => column.id === id)?.enableHiding !== false);

function ColumnChooser(): ReactNode {
  const { t } = useTranslation();
  const { hiddenColumns, density, showPreview } = usePreferences();
  const toggle = (id: string) =>
    usePreferences.setState({
      hiddenColumns: hiddenColumns.includes(id) ? hiddenColumns.filter((one) => one !== id) : [...hiddenColumns, id],
    });
  return (
    <Menu closeOnItemClick={false} position="bottom-end" width={230}>
      <Menu.Target>
        <Tooltip label={t('worklist.columns')}>
          <ActionIcon variant="default" size={30} aria-label={t('worklist.columns')}>
            <IconColumns3 size={17} />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t('worklist.columns')}</Menu.Label>
        {CHOICES.map((id) => (
          <Choice key={id} isOn={!hiddenColumns.includes(id)} onToggle={() => toggle(id)}>
            {t(`worklist.column.${id}`)}
          </Choice>
        ))}
        <Menu.Divider />
        <Choice
          isOn={density === 'dense'}
          onToggle={() => usePreferences.setState({ density: density === 'dense' ? 'roomy' : 'dense' })}
        >
          {t('worklist.dense')}
        </Choice>
        <Choice isOn={showPreview} onToggle={() => usePreferences.setState({ showPreview: !showPreview })}>
          {t('worklist.preview')}
        </Choice>
      </Menu.Dropdown>
    </Menu>
  );
}

type ChoiceProps = { readonly isOn: boolean; readonly onToggle: () => void; readonly children: ReactNode };

function Choice({ isOn, onToggle, children }: ChoiceProps): ReactNode {
  return (
    <Menu.Item role="menuitemcheckbox" aria-checked={isOn} leftSection={isOn ? '✓' : ' '} onClick={onToggle}>
      {children}
    </Menu.Item>
  );
}
