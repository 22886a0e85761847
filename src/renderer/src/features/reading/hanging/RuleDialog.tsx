import { NumberInput, Select, TagsInput, TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Dialog } from '../../../ui/Dialog.tsx';
import { DialogActions } from '../../../ui/DialogActions.tsx';
import classes from './hanging.module.css';
import { HangingRule } from './hanging-rule.ts';
import { paneText } from './pane-text.ts';

type Props = {
  readonly rule: HangingRule;
  readonly onSave: (rule: HangingRule) => void;
  readonly onClose: () => void;
};

const PRIORS = ['any', 'with', 'without'] as const;

/** Which studies a rule is about, and what it is called; what hangs where is as it hung when it was kept. */
export function RuleDialog({ rule, onSave, onClose }: Props): ReactNode {
  const { t } = useTranslation('reading');
  const [edited, setEdited] = useState(rule);
  const checked = HangingRule.safeParse(edited);
  const when = (change: Partial<HangingRule['when']>) => setEdited({ ...edited, when: { ...edited.when, ...change } });
  return (
    <Dialog title={t('hanging.keep')} closeLabel={t('hanging.close')} onClose={onClose} size="lg">
      <div className={classes.form}>
        <TextInput
          label={t('hanging.nameOf')}
          value={edited.name}
          maxLength={80}
          onChange={(event) => setEdited({ ...edited, name: event.currentTarget.value })}
        />
        <TagsInput
          label={t('hanging.modalities')}
          value={edited.when.modalities}
          onChange={(modalities) => when({ modalities: modalities.map((one) => one.toUpperCase()) })}
        />
        <TagsInput
          label={t('hanging.bodyParts')}
          value={edited.when.bodyParts}
          onChange={(bodyParts) => when({ bodyParts })}
        />
        <div className={classes.row}>
          <NumberInput
            label={t('hanging.minSeries')}
            min={1}
            max={999}
            value={edited.when.minSeries}
            onChange={(value) => when({ minSeries: Number(value) })}
          />
          <NumberInput
            label={t('hanging.maxSeries')}
            min={1}
            max={999}
            value={edited.when.maxSeries}
            onChange={(value) => when({ maxSeries: Number(value) })}
          />
          <Select
            label={t('hanging.prior')}
            allowDeselect={false}
            value={edited.when.prior}
            data={PRIORS.map((value) => ({ value, label: t(`hanging.priors.${value}`) }))}
            onChange={(value) => when({ prior: PRIORS.find((one) => one === value) ?? 'any' })}
          />
        </div>
        <div>
          <p className={classes.label}>{`${t('hanging.panes')}: ${edited.layout.replace('x', '×')}`}</p>
          <ol className={classes.panes}>
            {edited.panes.map((pane, index) => (
              <li key={index}>{paneText(pane, t)}</li>
            ))}
          </ol>
        </div>
        <DialogActions
          confirm={t('hanging.save')}
          cancel={t('hanging.cancel')}
          isPending={false}
          isDisabled={!checked.success}
          onConfirm={() => checked.success && onSave(checked.data)}
          onCancel={onClose}
        />
      </div>
    </Dialog>
  );
}
