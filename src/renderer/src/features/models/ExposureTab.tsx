import { Button } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type {
  ExposureRecord,
  ModelActor,
  ModelDetail,
  OperatingPointCard,
} from '../../../../shared/contract/models.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { Answered } from '../../ui/Answered.tsx';
import { DataTable } from '../../ui/DataTable.tsx';
import { formatMoment } from '../../ui/duration.ts';
import page from '../../ui/Page.module.css';
import { Section } from '../../ui/Section.tsx';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';
import { AcceptanceSection } from './AcceptanceSection.tsx';
import { type AskedExposure, ExposureDialog } from './ExposureDialogs.tsx';
import classes from './models.module.css';
import { useHistory } from './use-models.ts';

const RUNS: ReadonlySet<string> = new Set(['silent', 'pilot', 'general']);

/** How far the model reaches, who said so and why, and what may be done about it. */
export function ExposureTab({ model }: { readonly model: ModelDetail }): ReactNode {
  const { t } = useTranslation('models');
  const [asked, setAsked] = useState<AskedExposure | null>(null);
  return (
    <>
      <StepsSection model={model} onAsk={setAsked} />
      <AcceptanceSection model={model} />
      <PointsSection model={model} onAsk={setAsked} />
      <Section title={t('history.title')}>
        <HistoryTable model={model} />
      </Section>
      {asked !== null && <ExposureDialog model={model} asked={asked} onClose={() => setAsked(null)} />}
    </>
  );
}

type Asks = { readonly model: ModelDetail; readonly onAsk: (asked: AskedExposure) => void };

function StepsSection({ model, onAsk }: Asks): ReactNode {
  const { t } = useTranslation('models');
  const { permissions } = useCurrentUser();
  const { rollback } = model;
  const maySuspend = permissions.includes('models.suspend');
  // Suspending has its own button: it needs nothing and comes first.
  const steps = model.steps.filter(({ to }) => to !== 'suspended');
  const suspendNeeded = maySuspend && RUNS.has(model.stage);
  return (
    <Section
      title={t('exposure.title')}
      actions={
        <>
          {suspendNeeded && (
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
          {permissions.includes('models.lead') && model.permittedUses.length > 0 && (
            <Button variant="default" onClick={() => onAsk({ kind: 'uses' })}>
              {t('uses.change')}
            </Button>
          )}
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
        <DataTable label={t('exposure.steps')} columns={[t('exposure.column.step'), t('exposure.column.missing')]}>
          {steps.map(({ to, missing }) => (
            <tr key={to}>
              <td>
                <Button
                  size="compact-xs"
                  variant="default"
                  disabled={missing.length > 0}
                  onClick={() => onAsk({ kind: 'step', to })}
                >
                  {t('exposure.step', { stage: t(`stage.${to}`) })}
                </Button>
              </td>
              <td className={classes.missing}>
                {missing.length === 0
                  ? t('exposure.nothingMissing')
                  : missing.map((one) => t(`refusal.${one}`)).join(' ')}
              </td>
            </tr>
          ))}
        </DataTable>
      )}
    </Section>
  );
}

function PointsSection({ model, onAsk }: Asks): ReactNode {
  const { t } = useTranslation('models');
  const { permissions, site } = useCurrentUser();
  const name = (id: string) => model.labels.find((label) => label.id === id)?.name ?? id;
  const limits = ({ flagFrom }: OperatingPointCard) =>
    Object.entries(flagFrom)
      .map(([id, from]) =>
        from === null
          ? t('overview.neverFlags', { name: name(id) })
          : t('overview.flags', { name: name(id), flagFrom: from }),
      )
      .join('; ');
  return (
    <Section
      title={t('point.title')}
      actions={
        permissions.includes('models.own') && (
          <Button variant="default" onClick={() => onAsk({ kind: 'propose-point' })}>
            {t('point.propose')}
          </Button>
        )
      }
    >
      <DataTable
        label={t('point.title')}
        columns={(['version', 'limits', 'state', 'chosen', 'signed'] as const).map((one) => t(`point.column.${one}`))}
      >
        {model.operatingPoints.map((point) => (
          <tr key={point.version}>
            <td>
              {point.version === 0
                ? t('overview.ofManifest')
                : (point.name ?? t('point.version', { version: point.version }))}
            </td>
            <td>{limits(point)}</td>
            <td>
              {t(`point.state.${point.state}`)}{' '}
              {point.state === 'proposed' && permissions.includes('models.lead') && (
                <Button
                  size="compact-xs"
                  variant="default"
                  onClick={() => onAsk({ kind: 'sign-point', version: point.version })}
                >
                  {t('point.sign', { version: point.version })}
                </Button>
              )}
            </td>
            <td>
              {actorName(point.chosenBy) ?? '–'}
              {point.chosenAtMs !== null && (
                <span className={classes.dim}> {formatMoment(point.chosenAtMs, site.zone)}</span>
              )}
              {point.reason !== null && <div className={classes.dim}>{point.reason}</div>}
            </td>
            <td>
              {actorName(point.signedBy) ?? '–'}
              {point.signedAtMs !== null && (
                <span className={classes.dim}> {formatMoment(point.signedAtMs, site.zone)}</span>
              )}
            </td>
          </tr>
        ))}
      </DataTable>
    </Section>
  );
}

function HistoryTable({ model }: { readonly model: ModelDetail }): ReactNode {
  const { t } = useTranslation('models');
  return (
    <Answered
      answer={useHistory(model.digest)}
      failed={t('history.failed')}
      skeleton={<TableSkeleton columns={['1fr', '1fr', '1fr', '2fr']} rows={4} />}
    >
      {(records) =>
        records.length === 0 ? (
          <p className={page.quiet}>{t('history.none')}</p>
        ) : (
          <DataTable
            label={t('history.title')}
            columns={(['at', 'what', 'by', 'why'] as const).map((one) => t(`history.column.${one}`))}
          >
            {records.map((record) => (
              <RecordRow key={record.stepId} record={record} />
            ))}
          </DataTable>
        )
      }
    </Answered>
  );
}

function RecordRow({ record }: { readonly record: ExposureRecord }): ReactNode {
  const { t } = useTranslation('models');
  const { zone } = useCurrentUser().site;
  return (
    <tr>
      <td data-number>{formatMoment(record.atMs, zone)}</td>
      <td>
        {t('history.fromTo', { from: t(`stage.${record.from}`), to: t(`stage.${record.to}`) })}
        <div className={classes.dim}>{t(`history.cause.${record.cause}`)}</div>
      </td>
      <td>{actorName(record.by) ?? '–'}</td>
      <td className={classes.model}>
        {record.by.kind === 'service' && record.reason === 'drift' ? t('history.drift') : (record.reason ?? '–')}
      </td>
    </tr>
  );
}

/** A person by name, anything else by its id; null for nobody. */
export function actorName(actor: ModelActor | null): string | null {
  return actor === null ? null : (actor.display ?? actor.id);
}
