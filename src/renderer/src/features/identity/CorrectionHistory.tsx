import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { IdentityCorrection } from '../../../../shared/contract/identity.ts';
import { client } from '../../bridge/client.ts';
import { failureOf } from '../../bridge/failure.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { formatMoment } from '../../ui/duration.ts';
import { StudyFaceCard } from '../../ui/StudyFaceCard.tsx';
import page from '../../ui/Page.module.css';
import classes from './identity.module.css';
import { PatientCardOf } from './PatientCardOf.tsx';

type Props = {
  readonly corrections: readonly IdentityCorrection[];
  readonly withStudies: boolean;
  readonly onUndone: () => void;
};

/** Corrections, newest first: what, why, by whom, between whom; each with its way back, or what stands in it. */
export function CorrectionHistory({ corrections, withStudies, onUndone }: Props): ReactNode {
  const { t } = useTranslation('corrections');
  const { site, permissions } = useCurrentUser();
  const undo = useMutation({
    mutationFn: (changeId: string) => client.identity.undo({ changeId }),
    onSuccess: onUndone,
  });
  const failure = undo.isError ? failureOf(undo.error) : null;
  return (
    <ul className={classes.list}>
      {failure !== null && (
        <li role="alert" className={page.bad}>
          {t([`refusal.${failure.detail}`, `app:failure.${failure.code}`, 'app:failure.unexpected-answer'])}
        </li>
      )}
      {corrections.map((one) => (
        <li key={one.changeId} className={`${classes.entry} ${page.stack}`}>
          <div className={page.actions}>
            <strong className={one.undoneAtMs === null ? undefined : classes.undone}>
              {t(`app:code.kind.${one.kind}`)}: {t(`app:code.reason.${one.reason}`)}
            </strong>
            {one.undoneAtMs === null && permissions.includes('identity.correct') && (
              <Button
                size="compact-xs"
                variant="default"
                disabled={!one.mayUndo}
                title={one.mayUndo ? t('identity.says.undo') : undefined}
                loading={undo.isPending && undo.variables === one.changeId}
                onClick={() => undo.mutate(one.changeId)}
              >
                {t('identity.action.undo')}
              </Button>
            )}
            {one.undoneAtMs === null && !one.mayUndo && (
              <span className={page.quiet}>{t('identity.waitsForLater')}</span>
            )}
          </div>
          <p className={page.quiet}>
            {t('identity.by', { who: one.madeBy, at: formatMoment(one.madeAtMs, site.zone) })}
            {one.undoneBy !== null &&
              one.undoneAtMs !== null &&
              ` · ${t('identity.undoneBy', { who: one.undoneBy, at: formatMoment(one.undoneAtMs, site.zone) })}`}
          </p>
          {one.from !== null && one.to !== null && one.from.patientId !== one.to.patientId && (
            <div className={classes.sides}>
              <PatientCardOf patient={one.from} />
              <PatientCardOf patient={one.to} />
            </div>
          )}
          {withStudies && one.studies.map((study) => <StudyFaceCard key={study.studyId} study={study} />)}
        </li>
      ))}
    </ul>
  );
}
