import { SegmentedControl, Select, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import {
  QUARANTINE_STATES,
  type QuarantineEntry,
  QuarantineState,
  type QuarantineWindow,
} from '../../../../shared/contract/quarantine.ts';
import { DAY_MS } from '../../../../shared/domain/durations.ts';
import { QUARANTINE_REASONS, QuarantineReason } from '../../../../shared/domain/study.ts';
import classes from './QuarantinePage.module.css';
import type { QuarantineFilter } from './use-quarantine.ts';

type Props = {
  readonly filter: QuarantineFilter;
  readonly entries: readonly QuarantineEntry[];
  readonly held: QuarantineWindow['held'];
  readonly onSearch: (search: Pick<Partial<QuarantineFilter>, 'state' | 'reason'>) => void;
  readonly onNarrow: (more: Pick<QuarantineFilter, 'peerId' | 'fromMs' | 'toMs'>) => void;
};

/** What is listed: waiting or settled, why, from whom and from which days; how many wait for each reason. */
export function QuarantineBar({ filter, entries, held, onSearch, onNarrow }: Props): ReactNode {
  const { t } = useTranslation('corrections');
  const counts = new Map(held.map(({ reason, count }) => [reason, count]));
  const reasons = QUARANTINE_REASONS.map((reason) => ({
    value: reason,
    label: `${t(`app:quarantine.${reason}`)} (${counts.get(reason) ?? 0})`,
  }));
  const peers = new Map(entries.flatMap(({ peer }) => (peer === null ? [] : [[peer.peerId, peer.aeTitle] as const])));
  return (
    <div className={classes.bar}>
      <SegmentedControl
        size="xs"
        aria-label={t('quarantine.stateLabel')}
        data={QUARANTINE_STATES.map((state) => ({ value: state, label: t(`quarantine.state.${state}`) }))}
        value={filter.state}
        onChange={(state) => onSearch({ state: QuarantineState.parse(state) })}
      />
      <Select
        size="xs"
        w={300}
        data={reasons}
        value={filter.reason ?? null}
        onChange={(reason) => onSearch({ reason: reason === null ? undefined : QuarantineReason.parse(reason) })}
        placeholder={t('quarantine.anyReason')}
        aria-label={t('quarantine.reason')}
        clearable
      />
      <Select
        size="xs"
        w={170}
        data={[...peers].map(([value, label]) => ({ value, label }))}
        value={filter.peerId ?? null}
        onChange={(peerId) => onNarrow({ peerId: peerId ?? undefined })}
        placeholder={t('quarantine.anyPeer')}
        aria-label={t('quarantine.peer')}
        clearable
      />
      <DayInput
        shown={t('quarantine.fromShort')}
        label={t('quarantine.from')}
        onChange={(atMs) => onNarrow({ fromMs: atMs ?? undefined })}
      />
      <DayInput
        shown={t('quarantine.toShort')}
        label={t('quarantine.to')}
        onChange={(atMs) => onNarrow({ toMs: atMs === null ? undefined : atMs + DAY_MS - 1 })}
      />
    </div>
  );
}

type DayProps = {
  readonly shown: string;
  readonly label: string;
  readonly onChange: (atMs: number | null) => void;
};

/** A day of the browser's zone, as its first millisecond; null while it is none. */
function DayInput({ shown, label, onChange }: DayProps): ReactNode {
  return (
    <TextInput
      size="xs"
      type="date"
      aria-label={label}
      title={label}
      leftSection={<span className={classes.day}>{shown}</span>}
      leftSectionWidth={44}
      onChange={(event) => {
        const atMs = Date.parse(`${event.currentTarget.value}T00:00:00`);
        onChange(Number.isNaN(atMs) ? null : atMs);
      }}
    />
  );
}
