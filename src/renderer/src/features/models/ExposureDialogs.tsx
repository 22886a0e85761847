import { Button, Checkbox, NumberInput, TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ModelDetail } from '../../../../shared/contract/models.ts';
import type { ExposureStage } from '../../../../shared/domain/exposure.ts';
import type { ModelUse } from '../../../../shared/domain/model-manifest.ts';
import { client } from '../../bridge/client.ts';
import page from '../../ui/Page.module.css';
import classes from './models.module.css';
import { type DraftPilot, PilotFields, scopeOf } from './PilotFields.tsx';
import { PilotPreviewList } from './PilotPreviewList.tsx';
import { SignedDialog } from './SignedDialog.tsx';

/** What is asked of the exposure of a model. */
export type AskedExposure =
  | { readonly kind: 'step'; readonly to: ExposureStage }
  | { readonly kind: 'suspend' }
  | { readonly kind: 'rollback'; readonly to: 'stage-before' | 'version-before' }
  | { readonly kind: 'uses' }
  | { readonly kind: 'propose-point' }
  | { readonly kind: 'sign-point'; readonly version: number };

type Props = { readonly model: ModelDetail; readonly onClose: () => void };

/** The dialog of one asked change; each is signed with a reason. */
export function ExposureDialog({ model, asked, onClose }: Props & { readonly asked: AskedExposure }): ReactNode {
  const { t } = useTranslation('models');
  const { digest } = model;
  switch (asked.kind) {
    case 'step':
      return <StepDialog model={model} to={asked.to} onClose={onClose} />;
    case 'uses':
      return <UsesDialog model={model} onClose={onClose} />;
    case 'propose-point':
      return <PointDialog model={model} onClose={onClose} />;
    case 'suspend':
      return (
        <SignedDialog
          title={t('exposure.suspend')}
          text={t('exposure.suspendText')}
          action={t('exposure.suspend')}
          sign={(signature) => client.models.suspend({ digest, ...signature })}
          onClose={onClose}
        />
      );
    case 'rollback':
      return (
        <SignedDialog
          title={t(`exposure.rollback.${asked.to}`)}
          text={t(`exposure.rollbackText.${asked.to}`, {
            stage: model.rollback.stage === null ? '' : t(`stage.${model.rollback.stage}`),
            version: model.rollback.version?.version ?? '',
          })}
          action={t(`exposure.rollback.${asked.to}`)}
          sign={(signature) => client.models.rollback({ digest, to: asked.to, ...signature })}
          onClose={onClose}
        />
      );
    case 'sign-point':
      return (
        <SignedDialog
          title={t('point.sign', { version: asked.version })}
          text={t('point.signText')}
          action={t('sign.action')}
          sign={(signature) => client.models.signOperatingPoint({ digest, version: asked.version, ...signature })}
          onClose={onClose}
        />
      );
  }
}

function StepDialog({ model, to, onClose }: Props & { readonly to: ExposureStage }): ReactNode {
  const { t } = useTranslation('models');
  const isPilot = to === 'pilot';
  const [draft, setDraft] = useState<DraftPilot>({
    groups: model.pilot?.groups ?? [],
    descriptions: model.pilot?.descriptions ?? [],
    percent: model.pilot === null ? 100 : Math.round(model.pilot.share * 100),
  });
  const scope = isPilot ? scopeOf(draft) : null;
  const shown =
    to === 'general' ? model.otherVersions.filter(({ stage }) => stage === 'general' || stage === 'pilot') : [];
  return (
    <SignedDialog
      title={t('exposure.step', { stage: t(`stage.${to}`) })}
      text={[
        t(`exposure.stepText.${to}`),
        ...shown.map(({ version }) => t('exposure.replaces', { version })),
        t('exposure.signedAlone'),
      ].join(' ')}
      action={t('exposure.step', { stage: t(`stage.${to}`) })}
      {...(isPilot && { size: 'xl' as const })}
      isReady={!isPilot || scope !== null}
      sign={(signature) =>
        client.models.step({ digest: model.digest, to, ...signature, ...(scope !== null && { pilot: scope }) })
      }
      onClose={onClose}
    >
      {isPilot && (
        <>
          <PilotFields draft={draft} onChange={setDraft} />
          <PilotPreviewList digest={model.digest} scope={scope} />
        </>
      )}
    </SignedDialog>
  );
}

function UsesDialog({ model, onClose }: Props): ReactNode {
  const { t } = useTranslation('models');
  const [uses, setUses] = useState<readonly ModelUse[]>(model.uses);
  return (
    <SignedDialog
      title={t('uses.change')}
      text={t('uses.text')}
      action={t('sign.action')}
      sign={(signature) => client.models.setUses({ digest: model.digest, uses: [...uses], ...signature })}
      onClose={onClose}
    >
      <div className={classes.fields}>
        {model.permittedUses.map((use) => (
          <Checkbox
            key={use}
            label={t(`use.${use}`)}
            checked={uses.includes(use)}
            onChange={({ currentTarget: { checked } }) =>
              setUses(checked ? [...uses, use] : uses.filter((one) => one !== use))
            }
          />
        ))}
      </div>
    </SignedDialog>
  );
}

function PointDialog({ model, onClose }: Props): ReactNode {
  const { t } = useTranslation('models');
  const [name, setName] = useState('');
  const [flagFrom, setFlagFrom] = useState<Readonly<Record<string, number | string>>>(
    Object.fromEntries(model.labels.map((label) => [label.id, label.flagFrom ?? ''])),
  );
  const isValid = model.labels.every(({ id }) => {
    const value = flagFrom[id] ?? '';
    return value === '' || Number.isFinite(Number(value));
  });
  const sign = ({ reason, password }: { readonly reason: string; readonly password: string }) =>
    client.models.chooseOperatingPoint({
      ...{ digest: model.digest, reason, password, name: name.trim() === '' ? null : name.trim() },
      flagFrom: Object.fromEntries(
        model.labels.map(({ id }) => {
          const value = flagFrom[id] ?? '';
          return [id, value === '' ? null : Number(value)];
        }),
      ),
    });
  return (
    <SignedDialog
      title={t('point.propose')}
      text={t('point.proposeText')}
      action={t('point.propose')}
      isReady={isValid}
      sign={sign}
      onClose={onClose}
    >
      {model.offeredPoints.length > 0 && (
        <div className={page.actions}>
          <span className={page.quiet}>{t('point.offered')}</span>
          {model.offeredPoints.map((offered) => (
            <Button
              key={offered.id}
              size="compact-xs"
              variant="default"
              onClick={() => {
                setName(offered.name);
                setFlagFrom(Object.fromEntries(model.labels.map(({ id }) => [id, offered.flagFrom[id] ?? ''])));
              }}
            >
              {offered.name}
            </Button>
          ))}
        </div>
      )}
      <TextInput
        label={t('point.name')}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        maxLength={64}
      />
      <div className={classes.fields}>
        {model.labels.map((label) => (
          <NumberInput
            key={label.id}
            label={t(label.flagWhen === 'at-most' ? 'point.flagBelow' : 'point.flagFrom', { label: label.name })}
            value={flagFrom[label.id] ?? ''}
            onChange={(value) => setFlagFrom({ ...flagFrom, [label.id]: value })}
            step={0.01}
            placeholder={t('point.never')}
          />
        ))}
      </div>
    </SignedDialog>
  );
}
