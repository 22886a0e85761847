import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ModelDetail, OperatingPointCard } from '../../../../shared/contract/models.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { DataTable } from '../../ui/DataTable.tsx';
import { formatMoment } from '../../ui/duration.ts';
import page from '../../ui/Page.module.css';
import { Section } from '../../ui/Section.tsx';
import { actorName } from './actor-name.ts';
import type { AskedExposure } from './ExposureDialogs.tsx';
import { limitText } from './limit-text.ts';
import classes from './models.module.css';
import { Reserved } from './Reserved.tsx';

type Asks = { readonly model: ModelDetail; readonly onAsk: (asked: AskedExposure) => void };

/** From which scores on, or at which and below, the model flags here, who proposed them and who signed. */
export function PointsSection({ model, onAsk }: Asks): ReactNode {
  const { t } = useTranslation('models');
  const { permissions, site } = useCurrentUser();
  const labelOf = (id: string) =>
    model.labels.find((label) => label.id === id) ?? { name: id, flagWhen: 'at-least' as const };
  const limits = ({ flagFrom }: OperatingPointCard) =>
    Object.entries(flagFrom)
      .map(([id, from]) => limitText(labelOf(id), from, t))
      .join('; ');
  return (
    <Section
      title={t('point.title')}
      actions={
        permissions.includes('models.own') ? (
          <Button variant="default" onClick={() => onAsk({ kind: 'propose-point' })}>
            {t('point.propose')}
          </Button>
        ) : (
          <Reserved what={t('point.propose')} permission="models.own" />
        )
      }
    >
      <p className={page.quiet}>{t('point.text')}</p>
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
              {point.state === 'proposed' && <SignPoint point={point} onAsk={onAsk} />}
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

/** Signing is for a medical lead, and for another person than who proposed. */
function SignPoint({ point, onAsk }: Pick<Asks, 'onAsk'> & { readonly point: OperatingPointCard }): ReactNode {
  const { t } = useTranslation('models');
  const { permissions, userId } = useCurrentUser();
  const name = t('point.sign', { version: point.version });
  if (!permissions.includes('models.lead')) return <Reserved what={name} permission="models.lead" />;
  if (point.chosenBy?.id === userId) return <span className={classes.dim}>{t('refusal.signer-chose-it')}</span>;
  return (
    <Button size="compact-xs" variant="default" onClick={() => onAsk({ kind: 'sign-point', version: point.version })}>
      {name}
    </Button>
  );
}
