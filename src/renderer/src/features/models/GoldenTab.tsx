import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ModelDetail } from '../../../../shared/contract/models.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { Answered } from '../../ui/Answered.tsx';
import { DataTable } from '../../ui/DataTable.tsx';
import { formatMoment } from '../../ui/duration.ts';
import page from '../../ui/Page.module.css';
import { Section } from '../../ui/Section.tsx';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';
import classes from './models.module.css';
import { ProviderText } from './ProviderText.tsx';
import { useGolden } from './use-models.ts';

const MOST_SHOWN = 9999;

/** What the package's own cases gave on this machine, on each provider, the last time. */
export function GoldenTab({ model }: { readonly model: ModelDetail }): ReactNode {
  const { t } = useTranslation('models');
  const { zone } = useCurrentUser().site;
  return (
    <Answered
      answer={useGolden(model.digest)}
      failed={t('golden.failed')}
      skeleton={<TableSkeleton columns={['2fr', '1fr', '1fr']} rows={4} />}
    >
      {(verifications) =>
        verifications.length === 0 ? (
          <p className={page.quiet}>{t('golden.none')}</p>
        ) : (
          <>
            <Section title={t('tab.golden')}>
              <p className={page.quiet}>{t('golden.text')}</p>
              <p>
                {t('provider.fact')}: <ProviderText on={model.computedOn} />
              </p>
            </Section>
            {verifications.map(({ provider, providerVersion, machine, verifiedAtMs, code, golden }) => (
              <Section
                key={`${provider} ${providerVersion} ${machine}`}
                title={
                  provider === 'none'
                    ? t('golden.noProvider')
                    : t('golden.title', { provider: provider.toUpperCase(), version: providerVersion })
                }
              >
                {machine !== '' && <p className={page.quiet}>{t('golden.machine', { machine })}</p>}
                <p className={classes.tone} data-tone={code === null ? 'good' : 'bad'}>
                  {code === null
                    ? t('golden.holds', { count: golden.length, at: formatMoment(verifiedAtMs, zone) })
                    : t('golden.broken', {
                        because: t([`golden.code.${code}`, 'golden.code.other'], { code }),
                        at: formatMoment(verifiedAtMs, zone),
                      })}
                </p>
                {golden.length > 0 && (
                  <DataTable
                    label={t('golden.cases', { provider })}
                    columns={(['case', 'result', 'deviation'] as const).map((one) => t(`golden.column.${one}`))}
                  >
                    {golden.map(({ name, passed, largestDeviation }) => (
                      <tr key={name}>
                        <td className={classes.model}>{name}</td>
                        <td className={classes.tone} data-tone={passed ? 'good' : 'bad'}>
                          {t(passed ? 'golden.passed' : 'golden.differs')}
                        </td>
                        <td data-number>{deviationText(largestDeviation)}</td>
                      </tr>
                    ))}
                  </DataTable>
                )}
              </Section>
            ))}
          </>
        )
      }
    </Answered>
  );
}

/** In tolerances of the package; what could not be compared is farther than any. */
function deviationText(value: number): string {
  if (value > MOST_SHOWN) return `> ${MOST_SHOWN}`;
  return value === 0 ? '0' : value.toPrecision(2);
}
