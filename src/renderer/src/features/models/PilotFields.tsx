import { Button, Fieldset, MultiSelect, NumberInput, TagsInput, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { PilotScope } from '../../../../shared/domain/exposure.ts';
import { Answered } from '../../ui/Answered.tsx';
import page from '../../ui/Page.module.css';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';
import { useReaders } from './use-models.ts';

type Group = PilotScope['groups'][number];
/** A pilot as far as it is filled in. */
export type DraftPilot = {
  readonly groups: readonly Group[];
  readonly descriptions: readonly string[];
  readonly percent: number | string;
};

/** The scope as it would be signed; null while something of it is missing. */
export function scopeOf({ groups, descriptions, percent }: DraftPilot): PilotScope | null {
  const parsed = PilotScope.safeParse({ groups, descriptions, share: Number(percent) / 100 });
  return percent !== '' && parsed.success ? parsed.data : null;
}

type Props = { readonly draft: DraftPilot; readonly onChange: (draft: DraftPilot) => void };

/** To whom a pilot shows what the model says, of which exams, and of what share of them. */
export function PilotFields({ draft, onChange }: Props): ReactNode {
  const { t } = useTranslation('models');
  const { groups, descriptions, percent } = draft;
  const change = (place: number, group: Partial<Group>) =>
    onChange({ ...draft, groups: groups.map((one, index) => (index === place ? { ...one, ...group } : one)) });
  return (
    <>
      <NumberInput
        label={t('pilot.share')}
        description={t('pilot.shareText')}
        value={percent}
        onChange={(value) => onChange({ ...draft, percent: value })}
        min={1}
        max={100}
        suffix=" %"
        required
      />
      <TagsInput
        label={t('pilot.descriptions')}
        description={t('pilot.descriptionsText')}
        value={[...descriptions]}
        onChange={(value) => onChange({ ...draft, descriptions: value })}
        acceptValueOnBlur
        maxTags={50}
      />
      <Answered
        answer={useReaders()}
        failed={t('pilot.readersFailed')}
        skeleton={<TableSkeleton columns={['1fr', '2fr']} rows={1} />}
      >
        {(readers) => (
          <div className={page.stack}>
            <p className={page.quiet}>{t(groups.length === 0 ? 'pilot.everyone' : 'pilot.someOnly')}</p>
            {groups.map((group, place) => (
              <Fieldset key={place} legend={t('pilot.group', { number: place + 1 })} variant="unstyled">
                <div className={page.stack}>
                  <TextInput
                    label={t('pilot.groupName')}
                    value={group.name}
                    onChange={({ currentTarget: { value } }) => change(place, { name: value })}
                    maxLength={60}
                    required
                  />
                  <MultiSelect
                    label={t('pilot.groupPeople')}
                    value={group.userIds}
                    onChange={(userIds) => change(place, { userIds })}
                    data={readers.map(({ userId, displayName }) => ({ value: userId, label: displayName }))}
                    searchable
                    required
                  />
                </div>
                <Button
                  size="compact-xs"
                  variant="subtle"
                  mt={6}
                  onClick={() => onChange({ ...draft, groups: groups.toSpliced(place, 1) })}
                >
                  {t('pilot.removeGroup', { number: place + 1 })}
                </Button>
              </Fieldset>
            ))}
            <div>
              <Button
                size="compact-xs"
                variant="default"
                onClick={() => onChange({ ...draft, groups: [...groups, { name: '', userIds: [] }] })}
              >
                {t('pilot.addGroup')}
              </Button>
            </div>
          </div>
        )}
      </Answered>
    </>
  );
}
