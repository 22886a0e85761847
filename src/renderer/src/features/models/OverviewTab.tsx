import { Link } from '@tanstack/react-router';
import type { TFunction } from 'i18next';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ModelDetail, OtherModel } from '../../../../shared/contract/models.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { Answered } from '../../ui/Answered.tsx';
import { formatMoment } from '../../ui/duration.ts';
import { Facts } from '../../ui/Facts.tsx';
import page from '../../ui/Page.module.css';
import { Section } from '../../ui/Section.tsx';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';
import { BreakerSection } from './BreakerSection.tsx';
import { CardText } from './CardText.tsx';
import { limitText } from './limit-text.ts';
import classes from './models.module.css';
import { ProviderText } from './ProviderText.tsx';
import { useCard } from './use-models.ts';

/** What the model is, what it may be used for, and its card. */
export function OverviewTab({ model }: { readonly model: ModelDetail }): ReactNode {
  const { t } = useTranslation('models');
  const { zone } = useCurrentUser().site;
  return (
    <div className={classes.pair}>
      <div className={classes.about}>
        <Section title={t('overview.facts')}>
          <Facts
            facts={[
              [t('overview.intendedUse'), model.intendedUse],
              [t('overview.clinicalUse'), t([`clinicalUse.${model.clinicalUse}`, 'clinicalUse.other'])],
              [
                t('overview.uses'),
                model.uses.length === 0 ? t('overview.noUses') : model.uses.map((use) => t(`use.${use}`)).join(', '),
              ],
              [
                t('overview.labels'),
                <ul key="labels" className={classes.list}>
                  {model.labels.map((label) => (
                    <li key={label.id}>{limitText(label, label.flagFrom, t)}</li>
                  ))}
                </ul>,
              ],
              [
                t('overview.operatingPoint'),
                model.operatingPoint === 0
                  ? t('overview.ofManifest')
                  : t('overview.ofSite', { version: model.operatingPoint }),
              ],
              [
                t('overview.since'),
                model.stageSinceMs === null
                  ? t(`stage.${model.stage}`)
                  : t('overview.sinceText', {
                      stage: t(`stage.${model.stage}`),
                      at: formatMoment(model.stageSinceMs, zone),
                      by: model.stageBy?.display ?? model.stageBy?.id ?? t('overview.station'),
                    }),
              ],
              [t('overview.installed'), formatMoment(model.installedAtMs, zone)],
              [t('provider.fact'), <ProviderText key="provider" on={model.computedOn} />],
              ...feedingFacts(model, t),
              [t('overview.package'), t(`package.${model.packageState}`)],
              [
                t('overview.digest'),
                <span key="digest" className={classes.digest}>
                  {model.digest}
                </span>,
              ],
            ]}
          />
        </Section>
        <BreakerSection model={model} />
      </div>
      <Section title={t('overview.card')}>
        <Answered
          answer={useCard(model.digest)}
          failed={t('overview.cardFailed')}
          skeleton={<TableSkeleton columns={['1fr']} rows={6} />}
        >
          {({ text }) =>
            text === null ? <p className={page.quiet}>{t('overview.noCard')}</p> : <CardText text={text} />
          }
        </Answered>
      </Section>
    </div>
  );
}

/** The models that feed it or that it feeds; nothing where it stands alone. */
function feedingFacts(model: ModelDetail, t: TFunction<'models'>): readonly (readonly [string, ReactNode])[] {
  const { fedBy, feeds } = model;
  return [
    ...(fedBy.length === 0
      ? []
      : [
          [
            t('overview.fedBy'),
            <ul key="fed-by" className={classes.list}>
              {fedBy.map(({ modelId, from, below, here }) => (
                <li key={modelId}>
                  {here.length === 0 ? (
                    <strong className={classes.alarm}>{t('overview.feederMissing', { modelId })}</strong>
                  ) : (
                    <OtherModels models={here} />
                  )}
                  {from !== null && below !== null && (
                    <span className={classes.dim}> {t('overview.feederVersions', { from, below })}</span>
                  )}
                </li>
              ))}
            </ul>,
          ] as const,
        ]),
    ...(feeds.length === 0 ? [] : [[t('overview.feeds'), <OtherModels key="feeds" models={feeds} />] as const]),
  ];
}

function OtherModels({ models }: { readonly models: readonly OtherModel[] }): ReactNode {
  const { t } = useTranslation('models');
  return (
    <ul className={classes.list}>
      {models.map(({ digest, name, version, stage }) => (
        <li key={digest}>
          <Link to="/models/$digest" params={{ digest }} className={classes.back}>
            {name}
          </Link>{' '}
          <span className={classes.dim}>{t('comparison.version', { version, stage: t(`stage.${stage}`) })}</span>
        </li>
      ))}
    </ul>
  );
}
