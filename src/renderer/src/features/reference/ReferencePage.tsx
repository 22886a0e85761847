import { Button, SegmentedControl } from '@mantine/core';
import { IconEyeCheck } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Answered } from '../../ui/Answered.tsx';
import { EmptyState } from '../../ui/EmptyState.tsx';
import page from '../../ui/Page.module.css';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';
import { ReferenceCard } from './ReferenceCard.tsx';
import { useReferenceStudies } from './use-reference-studies.ts';

/** What is in studies that models are measured on, said by people who have not seen what the models said. */
export function ReferencePage(): ReactNode {
  const { t } = useTranslation('reference');
  const [which, setWhich] = useState<'open' | 'all'>('open');
  return (
    <div className={page.sheet}>
      <h1 className={page.title}>{t('title')}</h1>
      <p className={page.quiet}>{t('text')}</p>
      <div>
        <SegmentedControl
          size="xs"
          aria-label={t('which')}
          value={which}
          onChange={(value) => setWhich(value === 'all' ? 'all' : 'open')}
          data={(['open', 'all'] as const).map((one) => ({ value: one, label: t(`only.${one}`) }))}
        />
      </div>
      <ReferenceList key={which} which={which} />
    </div>
  );
}

function ReferenceList({ which }: { readonly which: 'open' | 'all' }): ReactNode {
  const { t } = useTranslation('reference');
  const studies = useReferenceStudies(which === 'open' ? 'open' : undefined);
  return (
    <Answered
      answer={studies}
      failed={t('failed')}
      skeleton={<TableSkeleton columns={['2fr', '1fr']} rows={4} rowHeight={96} />}
    >
      {(rows) =>
        rows.length === 0 && studies.fetchMore === null ? (
          <EmptyState icon={<IconEyeCheck size={32} />} title={t(`empty.${which}.title`)}>
            {t(`empty.${which}.text`)}
          </EmptyState>
        ) : (
          <>
            {rows.map((one) => (
              <ReferenceCard key={one.study.studyId} asked={one} />
            ))}
            {studies.fetchMore !== null && (
              <div>
                <Button variant="default" size="xs" onClick={studies.fetchMore}>
                  {t('app:list.more')}
                </Button>
              </div>
            )}
          </>
        )
      }
    </Answered>
  );
}
