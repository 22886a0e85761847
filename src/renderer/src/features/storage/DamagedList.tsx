import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { DamagedImage } from '../../../../shared/contract/objects.ts';
import type { StudyId } from '../../../../shared/domain/ids.ts';
import { client } from '../../bridge/client.ts';
import { failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { Answered } from '../../ui/Answered.tsx';
import { DataTable } from '../../ui/DataTable.tsx';
import { formatMoment } from '../../ui/duration.ts';
import page from '../../ui/Page.module.css';
import { RefusalText } from '../../ui/RefusalText.tsx';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';
import { Section } from '../../ui/Section.tsx';
import { StudyLink } from './StudyLink.tsx';
import classes from './storage.module.css';
import { useDamaged } from './use-storage.ts';

/** Images whose bytes cannot be had, study by study, and what is done to get them again. `isReading`: more may be found at any moment. */
export function DamagedList({ isReading }: { readonly isReading: boolean }): ReactNode {
  const { t } = useTranslation('storage');
  const cache = useQueryClient();
  const fetchAgain = useMutation({
    mutationFn: (studyId: StudyId) => client.objects.fetchAgain({ studyId }),
    onSettled: () => cache.invalidateQueries({ queryKey: station.objects.key() }),
  });
  return (
    <Section title={t('damaged.title')}>
      <p className={page.quiet}>{t('damaged.text')}</p>
      <RefusalText failure={fetchAgain.isError ? failureOf(fetchAgain.error) : null} t={t} />
      <Answered
        answer={useDamaged(isReading)}
        failed={t('damaged.failed')}
        skeleton={<TableSkeleton columns={['160px', '1fr', '1fr', '110px']} rows={3} />}
      >
        {(damaged) =>
          damaged.length === 0 ? (
            <p>{t('damaged.empty')}</p>
          ) : (
            <DataTable
              label={t('damaged.title')}
              columns={(['found', 'study', 'damaged', 'done', 'actions'] as const).map((one) => t(`column.${one}`))}
            >
              {[...Map.groupBy(damaged, ({ studyId }) => studyId)].map(([studyId, images]) => (
                <DamagedStudy
                  key={studyId}
                  images={images}
                  isAsking={fetchAgain.isPending && fetchAgain.variables === studyId}
                  onFetch={() => fetchAgain.mutate(studyId)}
                />
              ))}
            </DataTable>
          )
        }
      </Answered>
    </Section>
  );
}

type StudyProps = {
  readonly images: readonly DamagedImage[];
  readonly isAsking: boolean;
  readonly onFetch: () => void;
};

/** More are told by their number alone. */
const MOST_NAMED = 3;

function DamagedStudy({ images, isAsking, onFetch }: StudyProps): ReactNode {
  const { t } = useTranslation('storage');
  const { zone } = useCurrentUser().site;
  const [first] = images;
  if (first === undefined) return null;
  const { fetched, studyId, modality } = first;
  const isUnderWay = fetched?.state === 'queued' || fetched?.state === 'running';
  return (
    <tr>
      <td data-number>{formatMoment(Math.min(...images.map(({ foundAtMs }) => foundAtMs)), zone)}</td>
      <td>
        <StudyLink studyId={studyId} modality={modality} />
        <span className={classes.uid}>{first.studyUid}</span>
      </td>
      <td>
        <span>{t('damaged.images', { count: images.length })}</span>
        {images.slice(0, MOST_NAMED).map(({ sopUid }) => (
          <div key={sopUid} className={classes.uid}>
            {sopUid}
          </div>
        ))}
        {images.length > MOST_NAMED && (
          <div className={classes.uid}>{t('damaged.more', { count: images.length - MOST_NAMED })}</div>
        )}
      </td>
      <td>
        <WhatIsDone fetched={fetched} />
      </td>
      <td>
        <Button size="compact-xs" variant="default" loading={isAsking} disabled={isUnderWay} onClick={onFetch}>
          {t('damaged.fetch')}
        </Button>
      </td>
    </tr>
  );
}

function WhatIsDone({ fetched }: Pick<DamagedImage, 'fetched'>): ReactNode {
  const { t } = useTranslation('storage');
  const { zone } = useCurrentUser().site;
  if (fetched === null) return <span className={page.quiet}>{t('damaged.notAsked')}</span>;
  const { aeTitle, state, code, completed, expected, requestedAtMs } = fetched;
  const counts = expected === null ? String(completed) : `${completed} / ${expected}`;
  return (
    <>
      <span className={state === 'failed' ? page.bad : undefined}>
        {t(`damaged.state.${state}`, { peer: aeTitle ?? '?', counts })}
      </span>
      {code !== null && <span className={page.facts}>{t(`archive:fetchCode.${code}`)}</span>}
      <span className={page.facts}>{t('damaged.askedAt', { at: formatMoment(requestedAtMs, zone) })}</span>
    </>
  );
}
