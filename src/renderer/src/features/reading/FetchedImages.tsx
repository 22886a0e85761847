import { Button } from '@mantine/core';
import { IconCloudDownload } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { StudyDetail } from '../../../../shared/contract/studies.ts';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { FetchingNotice } from './FetchingNotice.tsx';
import { useFetchingBack } from './use-fetching-back.ts';

type Props = {
  readonly now: StudyDetail;
  readonly study: StudyDetail;
  /** An image was on the screen. */
  readonly isDisplayed: boolean;
  readonly children: ReactNode;
};

/** The room, where there is anything to see; while images come back from the archive, how. What was displayed stays. */
export function FetchedImages({ now, study, isDisplayed, children }: Props): ReactNode {
  const { t } = useTranslation('reading');
  const fetching = useFetchingBack(now);
  const [isEnough, setIsEnough] = useState(false);
  const here = now.row.images.received - now.letGo;
  // An image that is not back yet would be shown as one that cannot be had.
  const isComing = fetching.state === 'asking' || fetching.state === 'on-its-way';
  const isShown = isDisplayed || isEnough || now.letGo === 0 || (here > 0 && !isComing);
  // Reports, documents and waveforms are read here too.
  const isAnything = study.series.length + study.hidden.rejectedSeries.length > 0;
  if (!isAnything)
    return <EmptyState title={t('empty.title')}>{t('empty.text', { count: study.series.length })}</EmptyState>;
  return (
    <>
      {fetching.state !== 'all-here' && <FetchingNotice fetching={fetching} />}
      {isShown ? (
        children
      ) : (
        <EmptyState icon={<IconCloudDownload size={28} />} title={t('fetching.title')}>
          <p>{t('fetching.text')}</p>
          {here > 0 && (
            <Button variant="default" size="xs" onClick={() => setIsEnough(true)}>
              {t('fetching.enough', { count: here })}
            </Button>
          )}
        </EmptyState>
      )}
    </>
  );
}
