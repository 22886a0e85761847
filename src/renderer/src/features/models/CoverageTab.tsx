import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ModelFigures, SourceCoverage } from '../../../../shared/contract/model-figures.ts';
import type { ModelDetail } from '../../../../shared/contract/models.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { Answered } from '../../ui/Answered.tsx';
import { DataTable } from '../../ui/DataTable.tsx';
import { formatMoment } from '../../ui/duration.ts';
import page from '../../ui/Page.module.css';
import { Section } from '../../ui/Section.tsx';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';
import { CoverageBar } from './CoverageBar.tsx';
import { coverageFace } from './coverage-text.ts';
import { DayBars } from './DayBars.tsx';
import classes from './models.module.css';
import { useFigures } from './use-models.ts';
import { WINDOWS, WindowChooser } from './WindowChooser.tsx';

/** How many of the studies that the model is made for it has read: of all, day by day, and of each scanner and protocol. */
export function CoverageTab({ model }: { readonly model: ModelDetail }): ReactNode {
  const { t } = useTranslation('models');
  const [days, setDays] = useState<number>(WINDOWS[0]);
  return (
    <Answered
      answer={useFigures(model.digest, days)}
      failed={t('coverage.failed')}
      skeleton={<TableSkeleton columns={['2fr', '2fr', '1fr', '1fr']} rows={6} />}
    >
      {(figures) => (
        <>
          <Section title={t('coverage.title')} actions={<WindowChooser days={days} onChange={setDays} />}>
            <p className={page.quiet}>
              {t('coverage.text', {
                percent: Math.round(figures.limits.leastShare * 100),
                days: figures.limits.days,
                studies: figures.limits.leastStudies,
              })}
            </p>
            <CoverageBar
              tally={figures.all}
              alarms={figures.alarms.filter(({ sourceId }) => sourceId === 0)}
              limit={figures.limits.leastShare}
            />
            <DayBars figures={figures} last={days} />
            <AlarmList figures={figures} />
          </Section>
          <Section title={t('coverage.sources')}>
            {figures.sources.length === 0 ? (
              <p className={page.quiet}>{t('coverage.none')}</p>
            ) : (
              <DataTable
                label={t('coverage.sources')}
                columns={(['scanner', 'protocol', 'coverage', 'before', 'noFit', 'waiting'] as const).map((one) =>
                  t(`coverage.column.${one}`),
                )}
              >
                {figures.sources.map((source) => (
                  <SourceRow key={source.sourceId} source={source} figures={figures} />
                ))}
              </DataTable>
            )}
          </Section>
        </>
      )}
    </Answered>
  );
}

function SourceRow({
  source,
  figures,
}: {
  readonly source: SourceCoverage;
  readonly figures: ModelFigures;
}): ReactNode {
  const { t } = useTranslation('models');
  const { run, notRun, noFit, open, before } = source;
  const exams = run + notRun + noFit + open;
  const then = coverageFace(before);
  return (
    <tr>
      <td className={classes.model}>{scannerName(source) || t('coverage.unnamed')}</td>
      <td className={classes.model}>{source.protocol || t('coverage.unnamed')}</td>
      <td>
        <CoverageBar
          tally={source}
          alarms={figures.alarms.filter(({ sourceId }) => sourceId === source.sourceId)}
          limit={figures.limits.leastShare}
        />
      </td>
      <td data-number>
        {then.percent === null ? '–' : t('coverage.share', { percent: then.percent, run: then.run, of: then.of })}
      </td>
      <td data-number>{noFit === 0 ? '–' : t('coverage.of', { count: noFit, of: exams })}</td>
      <td data-number>{open === 0 ? '–' : open}</td>
    </tr>
  );
}

function AlarmList({ figures }: { readonly figures: ModelFigures }): ReactNode {
  const { t } = useTranslation('models');
  const { zone } = useCurrentUser().site;
  if (figures.alarms.length === 0) return null;
  return (
    <ul className={classes.list} aria-label={t('coverage.alarms')}>
      {figures.alarms.map(({ sourceId, cause, raisedAtMs }) => {
        const source = figures.sources.find((one) => one.sourceId === sourceId);
        const of =
          source === undefined
            ? t('coverage.allScanners')
            : [scannerName(source), source.protocol].filter((one) => one !== '').join(', ') || t('coverage.unnamed');
        return (
          <li key={`${sourceId} ${cause}`} className={page.warn}>
            {t(`coverage.says.${cause}`, { of, since: formatMoment(raisedAtMs, zone) })}
          </li>
        );
      })}
    </ul>
  );
}

function scannerName({ manufacturer, scanner }: SourceCoverage): string {
  return [manufacturer, scanner].filter((one) => one !== '').join(' ');
}
