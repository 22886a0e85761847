import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ModelDetail, PossibleStep } from '../../../../shared/contract/models.ts';
import { findStep } from '../../../../shared/domain/exposure.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { DataTable } from '../../ui/DataTable.tsx';
import page from '../../ui/Page.module.css';
import { Section } from '../../ui/Section.tsx';
import type { AskedExposure } from './ExposureDialogs.tsx';
import classes from './models.module.css';
import { Reserved, rolesWith } from './Reserved.tsx';

const RUNS: ReadonlySet<string> = new Set(['silent', 'pilot', 'general']);

type Asks = { readonly model: ModelDetail; readonly onAsk: (asked: AskedExposure) => void };

/** Where the model stands, and every step that leads from there: who takes it, and what is missing where it cannot be taken. */
export function StepsSection({ model, onAsk }: Asks): ReactNode {
  const { t } = useTranslation('models');
  const { permissions } = useCurrentUser();
  const { rollback } = model;
  const maySuspend = permissions.includes('models.suspend');
  // Suspending has its own button: it needs nothing and comes first.
  const steps = model.steps.filter(({ to }) => to !== 'suspended');
  const isNowhereToGoBack = rollback.stage === null && rollback.version === null;
  return (
    <Section
      title={t('exposure.title')}
      actions={
        <>
          {maySuspend && RUNS.has(model.stage) && (
            <Button color="red" variant="light" onClick={() => onAsk({ kind: 'suspend' })}>
              {t('exposure.suspend')}
            </Button>
          )}
          {maySuspend && rollback.stage !== null && (
            <Button variant="default" onClick={() => onAsk({ kind: 'rollback', to: 'stage-before' })}>
              {t('exposure.rollback.stage-before')}
            </Button>
          )}
          {maySuspend && rollback.version !== null && (
            <Button variant="default" onClick={() => onAsk({ kind: 'rollback', to: 'version-before' })}>
              {t('exposure.rollback.version-before')}
            </Button>
          )}
          {isNowhereToGoBack && <span className={page.quiet}>{t('exposure.nothingBefore')}</span>}
          {model.permittedUses.length > 0 &&
            (permissions.includes('models.lead') ? (
              <Button variant="default" onClick={() => onAsk({ kind: 'uses' })}>
                {t('uses.change')}
              </Button>
            ) : (
              <Reserved what={t('uses.change')} permission="models.lead" />
            ))}
        </>
      }
    >
      <p>{t(`exposure.says.${model.stage}`)}</p>
      {model.pilot !== null && model.stage === 'pilot' && (
        <p className={page.quiet}>
          {t('pilot.says', {
            percent: Math.round(model.pilot.share * 100),
            exams: model.pilot.descriptions.length === 0 ? t('pilot.allExams') : model.pilot.descriptions.join(', '),
            people:
              model.pilot.groups.length === 0
                ? t('pilot.allPeople')
                : model.pilot.groups.map(({ name }) => name).join(', '),
          })}
        </p>
      )}
      {steps.length > 0 && (
        <DataTable
          label={t('exposure.steps')}
          columns={(['step', 'then', 'who', 'missing'] as const).map((one) => t(`exposure.column.${one}`))}
        >
          {steps.map((step) => (
            <StepRow key={step.to} model={model} step={step} onAsk={onAsk} />
          ))}
        </DataTable>
      )}
    </Section>
  );
}

/** A step that cannot be taken is no button: it is a name with the reasons beside it. */
function StepRow({ model, step, onAsk }: Asks & { readonly step: PossibleStep }): ReactNode {
  const { t } = useTranslation('models');
  const { to, missing } = step;
  const name = t('exposure.step', { stage: t(`stage.${to}`) });
  const permission = findStep(model.stage, to)?.permission;
  return (
    <tr>
      <td>
        {missing.length === 0 ? (
          <Button size="compact-xs" variant="default" onClick={() => onAsk({ kind: 'step', to })}>
            {name}
          </Button>
        ) : (
          <span className={classes.dim}>{name}</span>
        )}
      </td>
      <td className={classes.model}>{t(`exposure.stepText.${to}`)}</td>
      <td>
        {permission !== undefined &&
          rolesWith(permission)
            .map((role) => t(`app:role.${role}`))
            .join(', ')}
      </td>
      <td className={classes.missing}>
        {missing.length === 0 ? t('exposure.nothingMissing') : missing.map((one) => t(`refusal.${one}`)).join(' ')}
      </td>
    </tr>
  );
}
