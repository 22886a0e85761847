import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ModelDetail } from '../../../../shared/contract/models.ts';
import { Section } from '../../ui/Section.tsx';
import { AcceptanceSection } from './AcceptanceSection.tsx';
import { BreakerSection } from './BreakerSection.tsx';
import { type AskedExposure, ExposureDialog } from './ExposureDialogs.tsx';
import { HistoryTable } from './HistoryTable.tsx';
import { PointsSection } from './PointsSection.tsx';
import { StepsSection } from './StepsSection.tsx';

/** How far the model reaches, who said so and why, and what may be done about it. */
export function ExposureTab({ model }: { readonly model: ModelDetail }): ReactNode {
  const { t } = useTranslation('models');
  const [asked, setAsked] = useState<AskedExposure | null>(null);
  return (
    <>
      <StepsSection model={model} onAsk={setAsked} />
      {model.breaker.state !== 'closed' && <BreakerSection model={model} />}
      <AcceptanceSection model={model} />
      <PointsSection model={model} onAsk={setAsked} />
      <Section title={t('history.title')}>
        <HistoryTable model={model} />
      </Section>
      {asked !== null && <ExposureDialog model={model} asked={asked} onClose={() => setAsked(null)} />}
    </>
  );
}
