import { ActionIcon, Button, MultiSelect, NumberInput, Select, Textarea, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconTrash } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { RoutingState } from '../../../../shared/contract/routing.ts';
import { LONGEST_EXPRESSION, type RuleFault } from '../../../../shared/domain/triage-rule.ts';
import {
  ROUTING_MODES,
  type RoutingGroup,
  RoutingMode,
  type RoutingReader,
  RoutingSet,
} from '../../../../shared/domain/triage-routing.ts';
import { client } from '../../bridge/client.ts';
import page from '../../ui/Page.module.css';
import { Section } from '../../ui/Section.tsx';
import { ReaderFields } from './ReaderFields.tsx';
import { RoutingTried } from './RoutingTried.tsx';
import { SignDialog } from './SignDialog.tsx';
import classes from './triage.module.css';
import { useRuleFaults } from './use-triage.ts';
import { VariableList } from './VariableList.tsx';

type Props = { readonly set: RoutingSet; readonly people: RoutingState['people']; readonly onClose: () => void };

const CHECK_AFTER_MS = 300;
const KINDS = ['groups', 'skills'] as const;

/** Who reads what and when, as it is being changed: conditions checked as they are written, all tried on what waits, then proposed. */
export function RoutingEditor({ set, people, onClose }: Props): ReactNode {
  const { t } = useTranslation('triage');
  const [draft, setDraft] = useState<RoutingSet>(set);
  const [unread, setUnread] = useState<ReadonlySet<string>>(new Set());
  const [settled] = useDebouncedValue(draft, CHECK_AFTER_MS);
  const faults = useRuleFaults([...settled.groups, ...settled.skills].map(({ when }) => when));
  const [tried, setTried] = useState<RoutingSet | null>(null);
  const [isProposing, setIsProposing] = useState(false);
  const conditions = [...draft.groups, ...draft.skills];
  const isWhole =
    RoutingSet.safeParse(draft).success &&
    unread.size === 0 &&
    conditions.every(({ when }) => faults.get(when) === null);
  const addable = people.filter(({ userId }) => draft.readers.every((reader) => reader.userId !== userId));
  const changeReader = (next: RoutingReader) =>
    setDraft({ ...draft, readers: draft.readers.map((one) => (one.userId === next.userId ? next : one)) });
  return (
    <>
      <Section
        title={t('routing.change')}
        actions={
          <>
            <Button size="xs" variant="default" onClick={onClose}>
              {t('cancel')}
            </Button>
            <Button size="xs" variant="default" disabled={!isWhole} onClick={() => setTried(draft)}>
              {t('routing.try')}
            </Button>
            <Button size="xs" disabled={!isWhole} onClick={() => setIsProposing(true)}>
              {t('propose')}
            </Button>
          </>
        }
      >
        <div className={classes.fields}>
          <Select
            label={t('routing.modeLabel')}
            allowDeselect={false}
            data={ROUTING_MODES.map((mode) => ({ value: mode, label: t(`routing.modeName.${mode}`) }))}
            value={draft.mode}
            onChange={(mode) => setDraft({ ...draft, mode: RoutingMode.parse(mode) })}
          />
          <NumberInput
            label={t('routing.openShare')}
            min={10}
            max={90}
            allowDecimal={false}
            value={Math.round(draft.openShare * 100)}
            onChange={(share) => setDraft({ ...draft, openShare: Number(share) / 100 })}
          />
          <NumberInput
            label={t('routing.batch')}
            min={1}
            max={20}
            allowDecimal={false}
            value={draft.batch}
            onChange={(batch) => setDraft({ ...draft, batch: Number(batch) })}
          />
        </div>
        {tried !== null && <RoutingTried set={tried} />}
      </Section>
      {KINDS.map((kind) => (
        <Section key={kind} title={t(`routing.${kind}`)}>
          <p className={page.quiet}>{t(`routing.${kind}Text`)}</p>
          {draft[kind].map((one) => (
            <ConditionFields
              key={one.id}
              condition={one}
              fault={faults.get(one.when)}
              onChange={(next) => setDraft({ ...draft, [kind]: draft[kind].map((o) => (o.id === one.id ? next : o)) })}
              onRemove={() => setDraft(without(draft, kind, one.id))}
            />
          ))}
          <div className={page.actions}>
            <Button
              size="xs"
              variant="default"
              onClick={() => setDraft({ ...draft, [kind]: [...draft[kind], aNew(kind, draft)] })}
            >
              {t(`routing.add.${kind}`)}
            </Button>
          </div>
        </Section>
      ))}
      <Section title={t('routing.readers')}>
        <p className={page.quiet}>{t('routing.hoursText')}</p>
        {draft.readers.map((reader) => (
          <ReaderFields
            key={reader.userId}
            reader={reader}
            name={people.find(({ userId }) => userId === reader.userId)?.displayName ?? t('routing.noLonger')}
            set={draft}
            onChange={changeReader}
            onReadable={(isReadable) => setUnread(toggled(unread, reader.userId, !isReadable))}
            onRemove={() => {
              setUnread(toggled(unread, reader.userId, false));
              setDraft({ ...draft, readers: draft.readers.filter(({ userId }) => userId !== reader.userId) });
            }}
          />
        ))}
        <MultiSelect
          label={t('routing.add.readers')}
          data={addable.map(({ userId, displayName }) => ({ value: userId, label: displayName }))}
          value={[]}
          searchable
          maw={320}
          onChange={(ids) =>
            setDraft({
              ...draft,
              readers: [
                ...draft.readers,
                ...ids.map((userId) => ({
                  userId,
                  groups: [],
                  skills: [],
                  shifts: [],
                  breaks: [],
                  minutesPerPoint: 2,
                })),
              ],
            })
          }
        />
      </Section>
      <VariableList />
      {isProposing && (
        <SignDialog
          title={t('propose')}
          text={t('proposal.text')}
          action={t('propose')}
          asks={['reason']}
          act={async ({ reason }) => {
            await client.routing.propose({ set: draft, reason });
            onClose();
          }}
          onClose={() => setIsProposing(false)}
        />
      )}
    </>
  );
}

/** An id stays with a group or skill through its versions, and its name may change. */
function aNew(kind: (typeof KINDS)[number], draft: RoutingSet): RoutingGroup {
  const taken = new Set(draft[kind].map(({ id }) => id));
  let number = taken.size + 1;
  while (taken.has(`${kind}-${number}`)) number += 1;
  return { id: `${kind}-${number}`, name: '', when: '' };
}

function without(draft: RoutingSet, kind: (typeof KINDS)[number], id: string): RoutingSet {
  const readers = draft.readers.map((reader) => ({ ...reader, [kind]: reader[kind].filter((one) => one !== id) }));
  return { ...draft, [kind]: draft[kind].filter((one) => one.id !== id), readers };
}

function toggled(ids: ReadonlySet<string>, id: string, isIn: boolean): ReadonlySet<string> {
  const others = [...ids].filter((one) => one !== id);
  return new Set(isIn ? [...others, id] : others);
}

type FieldsProps = {
  readonly condition: RoutingGroup;
  /** Null: it is a condition. Undefined: nobody said yet. */
  readonly fault: RuleFault | null | undefined;
  readonly onChange: (condition: RoutingGroup) => void;
  readonly onRemove: () => void;
};

function ConditionFields({ condition, fault, onChange, onRemove }: FieldsProps): ReactNode {
  const { t } = useTranslation('triage');
  return (
    <fieldset className={classes.rule} aria-label={condition.name || t('routing.unnamed')}>
      <div className={classes.ruleHead}>
        <TextInput
          label={t('column.name')}
          value={condition.name}
          maxLength={60}
          onChange={({ currentTarget }) => onChange({ ...condition, name: currentTarget.value })}
        />
        <Textarea
          className={classes.grows ?? ''}
          label={t('column.when')}
          value={condition.when}
          maxLength={LONGEST_EXPRESSION}
          autosize
          minRows={1}
          spellCheck={false}
          classNames={{ input: classes.code ?? '' }}
          error={
            fault === null || fault === undefined
              ? undefined
              : t(`ruleFault.${fault.code}`, { message: fault.message, at: fault.start + 1 })
          }
          onChange={({ currentTarget }) => onChange({ ...condition, when: currentTarget.value })}
        />
        <ActionIcon variant="subtle" color="gray" mb={4} aria-label={t('routing.remove')} onClick={onRemove}>
          <IconTrash size={16} />
        </ActionIcon>
      </div>
    </fieldset>
  );
}
