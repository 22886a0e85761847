import { Anchor, Button, CloseButton, Group, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useId } from 'react';
import { useTranslation } from 'react-i18next';
import { z } from 'zod';
import type { StationStatus } from '../../../shared/contract/station.ts';
import { DEMO_HOSPITAL } from '../../../shared/domain/demo-hospital.ts';
import { useUserPreference } from '../bridge/user-preferences.ts';
import classes from './DemoTour.module.css';
import { PAGES } from './pages.ts';

/** The steps in their order, and the page that a step is about where it has one. */
export const TOUR_STEPS = [
  { id: 'list', page: 'worklist' },
  { id: 'why', page: 'worklist' },
  { id: 'read', page: null },
  { id: 'decide', page: null },
  { id: 'prior', page: null },
  { id: 'models', page: 'models' },
  { id: 'hospital', page: null },
] as const;

const Tour = z.strictObject({
  isPutAway: z.boolean(),
  step: z
    .number()
    .int()
    .min(0)
    .max(TOUR_STEPS.length - 1),
});
const BEGUN = { isPutAway: false, step: 0 };

/** Where somebody is in the tour, and what moves them on; null where the station has no pretend hospital, or has not said yet. */
export function useDemoTour(status: StationStatus | undefined) {
  const { value, isKnown, set } = useUserPreference('tour', Tour, BEGUN);
  const hasHospital = status?.destinations.some(({ name }) => name === DEMO_HOSPITAL.pacs.aeTitle) ?? false;
  if (!status?.demo || !hasHospital || !isKnown) return null;
  return {
    ...value,
    goTo: (step: number) => set({ isPutAway: false, step }),
    putAway: () => set({ ...BEGUN, isPutAway: true }),
    begin: () => set(BEGUN),
  };
}

/** One step of the tour, in a row of its own above the pages: it lies over nothing and takes no focus. */
export function DemoTour(tour: {
  readonly step: number;
  readonly goTo: (step: number) => void;
  readonly putAway: () => void;
}): ReactNode {
  const { t } = useTranslation();
  const title = useId();
  const at = TOUR_STEPS[tour.step] ?? TOUR_STEPS[0];
  const isLast = tour.step === TOUR_STEPS.length - 1;
  const page = PAGES.find(({ id }) => id === at.page);
  return (
    <section className={classes.tour} aria-label={t('tour.label')} aria-describedby={title}>
      <div className={classes.words} aria-live="polite" id={title}>
        <Text component="strong" size="sm" fw={600}>
          {t(`tour.steps.${at.id}.title`)}
        </Text>{' '}
        <Text component="span" size="sm" className={classes.text}>
          {t(`tour.steps.${at.id}.text`)}
        </Text>
      </div>
      {/* A click leaves the focus where it is: the keys that the tour speaks of go to the page, and Enter never to "Next". */}
      <Group gap="xs" wrap="nowrap" onMouseDown={(event) => event.preventDefault()}>
        {page !== undefined && 'page' in at && (
          <Anchor component={Link} to={page.to} size="sm">
            {t(`tour.steps.${at.id as 'list'}.go`)}
          </Anchor>
        )}
        {at.id === 'hospital' && (
          <Anchor href={`http://127.0.0.1:${DEMO_HOSPITAL.pagePort}/`} target="_blank" rel="noreferrer" size="sm">
            {t('tour.hospital')}
          </Anchor>
        )}
        <Text size="xs" className={classes.place}>
          {t('tour.place', { step: tour.step + 1, count: TOUR_STEPS.length })}
        </Text>
        <Button size="compact-sm" variant="default" disabled={tour.step === 0} onClick={() => tour.goTo(tour.step - 1)}>
          {t('tour.back')}
        </Button>
        <Button size="compact-sm" onClick={() => (isLast ? tour.putAway() : tour.goTo(tour.step + 1))}>
          {t(isLast ? 'tour.done' : 'tour.next')}
        </Button>
        <CloseButton size="sm" aria-label={t('tour.putAway')} onClick={tour.putAway} />
      </Group>
    </section>
  );
}
