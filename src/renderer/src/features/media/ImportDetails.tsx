import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ImportSummary } from '../../../../shared/contract/media.ts';
import { client } from '../../bridge/client.ts';
import { failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { IncidentNotice } from '../../ui/IncidentNotice.tsx';
import { StudyFaceCard } from '../../ui/StudyFaceCard.tsx';
import { HowFar } from './HowFar.tsx';
import page from '../../ui/Page.module.css';
import classes from './MediaPage.module.css';
import { useUploads } from './uploads.ts';

const WHILE_RUNNING_MS = 1000;

/** One import: how far it is, what became of each study and which files were not taken, with the reason. */
export function ImportDetails({ importId }: { readonly importId: string }): ReactNode {
  const { t } = useTranslation('media');
  const cache = useQueryClient();
  const query = useQuery({
    ...station.imports.get.queryOptions({ input: { importId } }),
    refetchInterval: ({ state }) => (state.data?.state === 'running' ? WHILE_RUNNING_MS : false),
  });
  const cancel = useMutation({
    mutationFn: () => client.imports.cancel({ importId }),
    onSettled: () => cache.invalidateQueries({ queryKey: station.imports.key() }),
  });
  const resume = useMutation({
    mutationFn: () => client.imports.resume({ importId }),
    onSettled: () => cache.invalidateQueries({ queryKey: station.imports.key() }),
  });
  if (query.isError && query.data === undefined)
    return <IncidentNotice title={t('failed')} failure={failureOf(query.error)} onRetry={() => void query.refetch()} />;
  if (query.data === undefined) return <p className={page.quiet}>{t('app:loading')}</p>;
  const summary = query.data;
  return (
    <div className={page.stack}>
      <h2 className={page.title}>{t(`import.source.${summary.source}`, { place: summary.place ?? '' })}</h2>
      <div aria-live="polite">
        {summary.state === 'running' ? <HowFar card={summary} /> : t(`import.state.${summary.state}`)}
      </div>
      {summary.code !== null && <p className={page.bad}>{t(`import.code.${summary.code}`)}</p>}
      <Unsent importId={importId} />
      <Counts summary={summary} />
      {summary.state === 'running' && (
        <div className={page.actions}>
          <Button variant="default" loading={cancel.isPending} onClick={() => cancel.mutate()}>
            {t('import.cancel')}
          </Button>
        </div>
      )}
      {summary.source === 'folder' && (summary.state === 'failed' || summary.state === 'cancelled') && (
        <div className={page.actions}>
          <Button variant="default" loading={resume.isPending} onClick={() => resume.mutate()}>
            {t('import.resume')}
          </Button>
        </div>
      )}
      {resume.isError && (
        <IncidentNotice
          title={t('import.notResumed')}
          failure={failureOf(resume.error)}
          onRetry={() => resume.mutate()}
        />
      )}
      <Taken summary={summary} />
      <Refused summary={summary} />
    </div>
  );
}

/** What never left this browser; the station cannot know of it. */
function Unsent({ importId }: { readonly importId: string }): ReactNode {
  const { t } = useTranslation('media');
  const upload = useUploads((all) => all[importId]);
  if (upload === undefined || upload.failed + upload.unread === 0) return null;
  return (
    <p className={page.bad} role="alert">
      {upload.failed > 0 && t('import.sendingFailed', { count: upload.failed })}{' '}
      {upload.unread > 0 && t('import.unread', { count: upload.unread })}
    </p>
  );
}

function Counts({ summary }: { readonly summary: ImportSummary }): ReactNode {
  const { t } = useTranslation('media');
  return (
    <dl className={classes.counts}>
      {(['stored', 'duplicates', 'quarantined', 'notDicom', 'failed'] as const).map((name) => (
        <div key={name}>
          <dd>{summary.counts[name]}</dd>
          <dt>{t(`import.counts.${name}`)}</dt>
        </div>
      ))}
    </dl>
  );
}

function Taken({ summary }: { readonly summary: ImportSummary }): ReactNode {
  const { t } = useTranslation('media');
  const { permissions } = useCurrentUser();
  return (
    <section className={page.stack} aria-label={t('import.studies')}>
      <h3 className={page.heading}>{t('import.studies')}</h3>
      {summary.taken.length === 0 && <p className={page.quiet}>{t('import.noStudies')}</p>}
      {summary.taken.map(({ studyUid, study, ...counts }) => (
        <div key={studyUid} className={page.stack}>
          {study !== null && (
            <StudyFaceCard study={study}>
              <div className={page.actions}>
                {permissions.includes('study.open') && (
                  <Button size="compact-xs" component={Link} to={`/reading/${study.studyId}`}>
                    {t('import.open')}
                  </Button>
                )}
                <Button size="compact-xs" variant="default" component={Link} to={`/identity/${study.studyId}`}>
                  {t('import.identity')}
                </Button>
                <span className={page.quiet}>{t('import.studyCounts', counts)}</span>
              </div>
            </StudyFaceCard>
          )}
          {study === null && <p className={page.quiet}>{t('import.studyCounts', counts)}</p>}
        </div>
      ))}
    </section>
  );
}

function Refused({ summary }: { readonly summary: ImportSummary }): ReactNode {
  const { t } = useTranslation('media');
  const { permissions } = useCurrentUser();
  const { counts, refused } = summary;
  const all = counts.notDicom + counts.failed + counts.quarantined;
  if (all === 0) return null;
  return (
    <section className={page.stack} aria-label={t('import.refused')}>
      <div className={page.actions}>
        <h3 className={page.heading}>{t('import.refused')}</h3>
        {counts.quarantined > 0 && permissions.includes('quarantine.read') && (
          <Button size="compact-xs" variant="default" component={Link} to="/quarantine">
            {t('import.quarantine')}
          </Button>
        )}
      </div>
      {all > refused.length && <p className={page.quiet}>{t('import.refusedMore', { shown: refused.length, all })}</p>}
      <ul className={classes.refused}>
        {refused.map(({ name, code }, index) => (
          // Two ZIPs may hold files of one name.
          <li key={`${index} ${name}`}>
            <span className={classes.name}>{name}</span>
            <span className={page.quiet}>{t([`import.fileCode.${code}`, `app:quarantine.${code}`])}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
