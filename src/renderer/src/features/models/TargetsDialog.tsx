import { NumberInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ModelDetail } from '../../../../shared/contract/models.ts';
import { client } from '../../bridge/client.ts';
import page from '../../ui/Page.module.css';
import classes from './models.module.css';
import { SignedDialog } from './SignedDialog.tsx';

const FIELDS = ['sensitivity', 'ppv', 'n', 'positives'] as const;
type Field = (typeof FIELDS)[number];
type Filled = Readonly<Record<Field, number | string>>;
const EMPTY: Filled = { sensitivity: '', ppv: '', n: '', positives: '' };
const isShare = (field: Field) => field === 'sensitivity' || field === 'ppv';

/** Fixes what the model must reach here, label by label, before anything is counted. */
export function TargetsDialog({
  model,
  onClose,
}: {
  readonly model: ModelDetail;
  readonly onClose: () => void;
}): ReactNode {
  const { t } = useTranslation('models');
  const [filled, setFilled] = useState<Readonly<Record<string, Filled>>>({});
  const of = (label: string) => filled[label] ?? EMPTY;
  const isWhole = (label: string) => FIELDS.every((field) => of(label)[field] !== '');
  const isEmpty = (label: string) => FIELDS.every((field) => of(label)[field] === '');
  const ids = model.labels.map(({ id }) => id);
  const targets = ids.filter(isWhole).map((label) => ({
    label,
    sensitivityAtLeast: Number(of(label).sensitivity) / 100,
    ppvAtLeast: Number(of(label).ppv) / 100,
    nAtLeast: Number(of(label).n),
    positivesAtLeast: Number(of(label).positives),
  }));
  return (
    <SignedDialog
      title={t('acceptance.fix')}
      text={t('acceptance.fixText')}
      action={t('acceptance.fix')}
      size="lg"
      isReady={targets.length > 0 && ids.every((label) => isWhole(label) || isEmpty(label))}
      sign={(signature) => client.models.fixTargets({ digest: model.digest, targets, ...signature })}
      onClose={onClose}
    >
      {model.labels.map((label) => (
        <fieldset key={label.id} className={classes.fieldset}>
          <legend className={page.heading}>{label.name}</legend>
          <div className={classes.fields}>
            {FIELDS.map((field) => (
              <NumberInput
                key={field}
                label={t(`acceptance.field.${field}`)}
                value={of(label.id)[field]}
                onChange={(value) => setFilled({ ...filled, [label.id]: { ...of(label.id), [field]: value } })}
                min={isShare(field) ? 0 : 1}
                {...(isShare(field) ? { max: 100, suffix: ' %' } : { allowDecimal: false })}
              />
            ))}
          </div>
        </fieldset>
      ))}
    </SignedDialog>
  );
}
