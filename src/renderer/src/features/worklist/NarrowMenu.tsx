import { Button, MultiSelect, NumberInput, Popover, TextInput } from '@mantine/core';
import { IconFilter } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { memo, type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import {
  type WorklistChoices,
  WorklistNarrowing,
  type WorklistQuestion,
} from '../../../../shared/contract/worklist.ts';
import { failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';
import classes from './WorklistPage.module.css';

type Props = {
  readonly question: WorklistQuestion;
  readonly onQuestion: (changed: Partial<WorklistQuestion>) => void;
};

/** Where a value's words stand; values of the others are shown as they are. */
const WORDS: Readonly<Partial<Record<keyof WorklistChoices, string>>> = {
  levels: 'urgency',
  serviceLevels: 'serviceLevel',
  aiStates: 'worklist.aiState',
  completeness: 'code.completeness',
  inPacs: 'inPacs',
  reports: 'report',
};

const SETS = [
  ...(['modalities', 'bodyParts', 'levels', 'serviceLevels', 'orderPriorities'] as const),
  ...(['aiStates', 'completeness', 'inPacs', 'reports'] as const),
] as const;

/** Narrows the list to what rows have, several things at once; what is narrowed stands beside it, to be taken away. */
export const NarrowMenu = memo(function NarrowMenu({ question, onQuestion }: Props): ReactNode {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  const { narrowed } = question;
  const count = Object.keys(narrowed).length;
  const put = (changed: Partial<WorklistNarrowing>) => {
    const whole = wholeOf({ ...narrowed, ...changed });
    if (whole !== null) onQuestion({ narrowed: whole });
  };
  return (
    <>
      <Popover opened={isOpen} onChange={setOpen} position="bottom-start" width={460} trapFocus>
        <Popover.Target>
          <Button
            size="xs"
            variant={count > 0 ? 'light' : 'default'}
            leftSection={<IconFilter size={14} />}
            aria-expanded={isOpen}
            onClick={() => setOpen(!isOpen)}
          >
            {count === 0 ? t('worklist.narrow.title') : t('worklist.narrow.titled', { count })}
          </Button>
        </Popover.Target>
        <Popover.Dropdown aria-label={t('worklist.narrow.title')}>
          {isOpen && <Narrowing question={question} put={put} />}
        </Popover.Dropdown>
      </Popover>
      {count > 0 && (
        <Button size="compact-xs" variant="subtle" color="gray" onClick={() => onQuestion({ narrowed: {} })}>
          {t('worklist.narrow.clear')}
        </Button>
      )}
    </>
  );
});

type NarrowingProps = {
  readonly question: WorklistQuestion;
  readonly put: (changed: Partial<WorklistNarrowing>) => void;
};

function Narrowing({ question: { filter, narrowed }, put }: NarrowingProps): ReactNode {
  const { t } = useTranslation();
  const choices = useQuery({ ...station.worklist.choices.queryOptions({ input: { filter } }), staleTime: 0 });
  const words = (name: keyof WorklistChoices, value: string) =>
    WORDS[name] === undefined ? value : t(`${WORDS[name]}.${value}`);
  return (
    <div className={classes.narrowing}>
      {choices.isError && (
        <p className={classes.wide}>{t([`failure.${failureOf(choices.error).code}`, 'failure.unexpected-answer'])}</p>
      )}
      {SETS.map((name) => {
        const offered = choices.data?.[name] ?? [];
        const chosen: readonly string[] = narrowed[name] ?? [];
        // A value that is chosen and that no row has any more can still be taken away.
        const all = [
          ...offered,
          ...chosen.filter((one) => !offered.some(({ value }) => value === one)).map((value) => ({ value, rows: 0 })),
        ];
        if (all.length === 0) return null;
        return (
          <MultiSelect
            key={name}
            size="xs"
            label={t(`worklist.narrow.${name}`)}
            data={all.map(({ value, rows }) => ({ value, label: `${words(name, value)} (${rows})` }))}
            value={[...chosen]}
            maxValues={60}
            searchable={all.length > 8}
            clearable
            comboboxProps={{ withinPortal: false }}
            onChange={(values) => put({ [name]: values })}
          />
        );
      })}
      {(['from', 'to'] as const).map((end) => (
        <NumberInput
          key={`age-${end}`}
          size="xs"
          label={t(`worklist.narrow.age.${end}`)}
          min={0}
          max={150}
          allowDecimal={false}
          value={narrowed.ageYears?.[end] ?? ''}
          onChange={(value) =>
            put({ ageYears: { ...narrowed.ageYears, [end]: typeof value === 'number' ? value : undefined } })
          }
        />
      ))}
      {(['from', 'to'] as const).map((end) => (
        <TextInput
          key={`date-${end}`}
          type="date"
          size="xs"
          label={t(`worklist.narrow.date.${end}`)}
          value={dashed(narrowed.examDates?.[end])}
          onChange={(event) => {
            const day = event.currentTarget.value.replaceAll('-', '');
            put({ examDates: { ...narrowed.examDates, [end]: day === '' ? undefined : day } });
          }}
        />
      ))}
    </div>
  );
}

/** Without what narrows nothing; null while what is typed is nothing the station takes, as an age of 200. */
export function wholeOf(narrowed: Readonly<Record<string, unknown>>): WorklistNarrowing | null {
  const isSomething = (value: unknown): boolean =>
    Array.isArray(value)
      ? value.length > 0
      : value !== undefined && Object.values(value as object).some((one) => one !== undefined);
  const asked = Object.fromEntries(Object.entries(narrowed).filter(([, value]) => isSomething(value)));
  return WorklistNarrowing.safeParse(asked).data ?? null;
}

function dashed(day: string | undefined): string {
  return day === undefined ? '' : `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`;
}
