import { ActionIcon, Menu } from '@mantine/core';
import { IconLayoutGrid } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { StudyDetail } from '../../../../../shared/contract/studies.ts';
import type { UserPreference } from '../../../bridge/user-preferences.ts';
import type { Panes } from '../panes.ts';
import { HangingEditor } from './HangingEditor.tsx';
import type { HangingRule, HangingRules } from './hanging-rule.ts';
import { ruleFromPanes } from './rule-from-panes.ts';
import { RuleDialog } from './RuleDialog.tsx';

type Props = {
  readonly study: StudyDetail;
  readonly prior: StudyDetail | null;
  readonly panes: Panes;
  /** The rule this study opened by. */
  readonly rule: HangingRule | null;
  readonly hanging: UserPreference<HangingRules>;
};

type Open = { readonly what: 'rules' } | { readonly what: 'new'; readonly rule: HangingRule } | null;

/** Says by which rule the study hangs, keeps what hangs now as a rule of the reader's own, and opens their rules. */
export function HangingMenu({ study, prior, panes, rule, hanging }: Props): ReactNode {
  const { t } = useTranslation('reading');
  const [open, setOpen] = useState<Open>(null);
  const close = () => setOpen(null);
  return (
    <>
      <Menu position="bottom-start" withinPortal>
        <Menu.Target>
          <ActionIcon size={28} variant="subtle" color="gray" aria-label={t('hanging.menu')} title={t('hanging.menu')}>
            <IconLayoutGrid size={17} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>
            {rule === null
              ? t('hanging.byNone')
              : t('hanging.by', { name: t(`hanging.names.${rule.id}`, { defaultValue: rule.name }) })}
          </Menu.Label>
          <Menu.Item
            onClick={() => setOpen({ what: 'new', rule: ruleFromPanes(study, prior, panes, crypto.randomUUID()) })}
          >
            {t('hanging.keep')}
          </Menu.Item>
          <Menu.Item onClick={() => setOpen({ what: 'rules' })}>{t('hanging.edit')}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {open?.what === 'rules' && <HangingEditor hanging={hanging} onClose={close} />}
      {open?.what === 'new' && (
        <RuleDialog
          rule={open.rule}
          onClose={close}
          onSave={(kept) => {
            hanging.set({ ...hanging.value, own: [kept, ...hanging.value.own] });
            setOpen({ what: 'rules' });
          }}
        />
      )}
    </>
  );
}
