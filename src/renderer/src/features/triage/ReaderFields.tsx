import { ActionIcon, MultiSelect, NumberInput, TextInput } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { RoutingReader, RoutingSet } from '../../../../shared/domain/triage-routing.ts';
import { hoursText, parseHours } from './hours-text.ts';
import classes from './triage.module.css';

type Props = {
  readonly reader: RoutingReader;
  readonly name: string;
  readonly set: RoutingSet;
  readonly onChange: (reader: RoutingReader) => void;
  /** Whether all that is written can be read as hours. */
  readonly onReadable: (isReadable: boolean) => void;
  readonly onRemove: () => void;
};

const HOURS = ['shifts', 'breaks'] as const;

/** One reader's groups, skills, weekly hours and starting speed; hours are written as text. */
export function ReaderFields({ reader, name, set, onChange, onReadable, onRemove }: Props): ReactNode {
  const { t } = useTranslation('triage');
  const [written, setWritten] = useState({ shifts: hoursText(reader.shifts), breaks: hoursText(reader.breaks) });
  const write = (field: (typeof HOURS)[number], text: string) => {
    const next = { ...written, [field]: text };
    setWritten(next);
    onReadable(HOURS.every((one) => parseHours(next[one]) !== null));
    const hours = parseHours(text);
    if (hours !== null) onChange({ ...reader, [field]: hours });
  };
  const choices = (named: RoutingSet['groups']) =>
    named.map(({ id, name: label }) => ({ value: id, label: label || id }));
  return (
    <fieldset className={classes.rule} aria-label={name}>
      <div className={classes.ruleHead}>
        <strong className={classes.reader}>{name}</strong>
        <MultiSelect
          className={classes.grows ?? ''}
          label={t('routing.groups')}
          data={choices(set.groups)}
          value={reader.groups}
          onChange={(groups) => onChange({ ...reader, groups })}
        />
        <MultiSelect
          className={classes.grows ?? ''}
          label={t('routing.skills')}
          data={choices(set.skills)}
          value={reader.skills}
          onChange={(skills) => onChange({ ...reader, skills })}
        />
        <NumberInput
          label={t('routing.minutesPerPoint')}
          min={0.1}
          max={60}
          step={0.5}
          value={reader.minutesPerPoint}
          onChange={(minutes) => onChange({ ...reader, minutesPerPoint: Number(minutes) })}
          w={150}
        />
        <ActionIcon variant="subtle" color="gray" mb={4} aria-label={t('routing.remove')} onClick={onRemove}>
          <IconTrash size={16} />
        </ActionIcon>
      </div>
      <div className={classes.ruleHead}>
        {HOURS.map((field) => (
          <TextInput
            key={field}
            className={classes.grows ?? ''}
            label={t(`routing.${field}`)}
            placeholder={t(`routing.${field}Example`)}
            value={written[field]}
            maxLength={500}
            error={parseHours(written[field]) === null && t('routing.hoursFault')}
            onChange={({ currentTarget }) => write(field, currentTarget.value)}
          />
        ))}
      </div>
    </fieldset>
  );
}
