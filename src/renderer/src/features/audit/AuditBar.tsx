import { ActionIcon, Pill, Select, Tooltip } from '@mantine/core';
import { IconRefresh } from '@tabler/icons-react';
import { type ReactNode, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { EVENT_KINDS } from '../../../../shared/domain/event-kinds.ts';
import classes from './AuditPage.module.css';
import type { AuditFilter } from './use-audit-events.ts';

type Props = {
  readonly filter: AuditFilter;
  readonly onChange: (changed: AuditFilter) => void;
  readonly isFetching: boolean;
  readonly onRefresh: (() => void) | null;
};

/** What of the ledger is shown: one kind, one study, one person; and a fresh look, for nothing here moves by itself. */
export function AuditBar({ filter, onChange, isFetching, onRefresh }: Props): ReactNode {
  const { t } = useTranslation();
  const kinds = useMemo(
    () =>
      Object.keys(EVENT_KINDS)
        .map((kind) => ({ value: kind, label: t(`eventKind.${kind}`) }))
        .toSorted((a, b) => a.label.localeCompare(b.label)),
    [t],
  );
  return (
    <div className={classes.bar}>
      <Select
        size="xs"
        w={240}
        data={kinds}
        value={filter.kind ?? null}
        onChange={(kind) => onChange({ kind: kind ?? undefined })}
        placeholder={t('audit.anyKind')}
        aria-label={t('audit.kind')}
        searchable
        clearable
        nothingFoundMessage={t('palette.nothing')}
      />
      {filter.study && (
        <Pill size="md" withRemoveButton onRemove={() => onChange({ study: undefined })}>
          {t('audit.oneStudy')}
        </Pill>
      )}
      {filter.actor && (
        <Pill size="md" withRemoveButton onRemove={() => onChange({ actor: undefined })}>
          {t('audit.oneActor', { actor: filter.actor })}
        </Pill>
      )}
      <span className={classes.space} />
      <Tooltip label={t('audit.refresh')}>
        <ActionIcon
          variant="default"
          size={30}
          aria-label={t('audit.refresh')}
          loading={isFetching}
          disabled={onRefresh === null}
          onClick={() => onRefresh?.()}
        >
          <IconRefresh size={17} />
        </ActionIcon>
      </Tooltip>
    </div>
  );
}
