import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { AuditEvent } from '../../../../shared/contract/audit.ts';
import { formatMoment } from '../../ui/duration.ts';
import { eventText } from '../../ui/story-text.ts';
import { actorName } from '../../ui/Timeline.tsx';
import classes from './AuditPage.module.css';
import type { AuditFilter } from './use-audit-events.ts';

type Props = {
  readonly event: AuditEvent | null;
  readonly zone: string;
  readonly onFilter: (changed: AuditFilter) => void;
};

/** One event whole: as it stands in the ledger, with its hash, and the ways on to its study and its actor. */
export function EventCard({ event, zone, onFilter }: Props): ReactNode {
  const { t } = useTranslation();
  if (event === null) return <p className={classes.hint}>{t('audit.choose')}</p>;
  const { studyId } = event;
  const facts: readonly (readonly [string, string])[] = [
    ['seq', String(event.seq)],
    ['at', formatMoment(event.atMs, zone)],
    ['kind', event.kind],
    ['actor', `${actorName(event.actor)} (${t(`audit.actorKind.${event.actor.kind}`)})`],
    ['correlation', event.correlationId],
    ['hash', event.hash],
  ];
  return (
    <section className={classes.card}>
      <h2 className={classes.cardTitle}>{eventText(event.kind, event.payload, t)}</h2>
      <div className={classes.actions}>
        {studyId !== null && (
          <Button variant="default" onClick={() => onFilter({ study: studyId, kind: undefined, actor: undefined })}>
            {t('audit.toStudy')}
          </Button>
        )}
        <Button variant="default" onClick={() => onFilter({ actor: event.actor.id })}>
          {t('audit.toActor')}
        </Button>
      </div>
      <dl className={classes.facts}>
        {facts.map(([name, value]) => (
          <div key={name} className={classes.fact}>
            <dt>{t(`audit.fact.${name}`)}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <h3 className={classes.cardTitle}>{t('audit.payload')}</h3>
      <pre className={classes.payload}>
        {event.payload === null ? t('audit.erased') : JSON.stringify(event.payload, null, 2)}
      </pre>
    </section>
  );
}
