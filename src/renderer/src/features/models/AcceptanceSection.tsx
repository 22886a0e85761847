import { Button } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { AcceptanceCard, ModelDetail } from '../../../../shared/contract/models.ts';
import { ACCEPTANCE_PERMISSIONS, ACCEPTANCE_ROLES, type AcceptanceRole } from '../../../../shared/domain/exposure.ts';
import { client } from '../../bridge/client.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { Answered } from '../../ui/Answered.tsx';
import { DataTable } from '../../ui/DataTable.tsx';
import { formatMoment } from '../../ui/duration.ts';
import page from '../../ui/Page.module.css';
import { Section } from '../../ui/Section.tsx';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';
import { AcceptanceReportView } from './AcceptanceReportView.tsx';
import { percentDown } from './coverage-text.ts';
import classes from './models.module.css';
import { Reserved } from './Reserved.tsx';
import { SignedDialog } from './SignedDialog.tsx';
import { TargetsDialog } from './TargetsDialog.tsx';
import { useAcceptances, useHistory } from './use-models.ts';

/** What was promised of the model here before anything was counted, what it came to, and who signed. */
export function AcceptanceSection({ model }: { readonly model: ModelDetail }): ReactNode {
  const { t } = useTranslation('models');
  const { permissions } = useCurrentUser();
  const [isFixing, setIsFixing] = useState(false);
  return (
    <Section
      title={t('acceptance.title')}
      actions={
        permissions.includes('models.own') ? (
          <Button variant="default" onClick={() => setIsFixing(true)}>
            {t('acceptance.fix')}
          </Button>
        ) : (
          <Reserved what={t('acceptance.fix')} permission="models.own" />
        )
      }
    >
      <p className={page.quiet}>{t('acceptance.text')}</p>
      <Answered
        answer={useAcceptances(model.digest)}
        failed={t('acceptance.failed')}
        skeleton={<TableSkeleton columns={['1fr', '2fr', '1fr']} rows={2} />}
      >
        {(acceptances) =>
          acceptances.length === 0 ? (
            <p className={page.quiet}>{t('acceptance.none')}</p>
          ) : (
            <DataTable
              label={t('acceptance.title')}
              columns={(['fixed', 'targets', 'state', 'actions'] as const).map((one) => t(`acceptance.column.${one}`))}
            >
              {acceptances.map((acceptance) => (
                <AcceptanceRow key={acceptance.acceptanceId} model={model} acceptance={acceptance} />
              ))}
            </DataTable>
          )
        }
      </Answered>
      {isFixing && <TargetsDialog model={model} onClose={() => setIsFixing(false)} />}
    </Section>
  );
}

type RowProps = { readonly model: ModelDetail; readonly acceptance: AcceptanceCard };

function AcceptanceRow({ model, acceptance }: RowProps): ReactNode {
  const { t } = useTranslation('models');
  const { zone } = useCurrentUser().site;
  const [isShown, setIsShown] = useState(false);
  const name = (id: string) => model.labels.find((label) => label.id === id)?.name ?? id;
  return (
    <>
      <tr>
        <td>
          {acceptance.fixedBy.display ?? acceptance.fixedBy.id}
          <div className={classes.dim}>{formatMoment(acceptance.fixedAtMs, zone)}</div>
          <div className={classes.dim}>{acceptance.reason}</div>
        </td>
        <td>
          <ul className={classes.list}>
            {acceptance.targets.map((target) => (
              <li key={target.label}>
                {t('acceptance.target', {
                  label: name(target.label),
                  sensitivity: percentDown(target.sensitivityAtLeast),
                  ppv: percentDown(target.ppvAtLeast),
                  n: target.nAtLeast,
                  positives: target.positivesAtLeast,
                })}
              </li>
            ))}
          </ul>
        </td>
        <td>
          {t(`acceptance.state.${acceptance.state}`)}
          {acceptance.signatures.map(({ as, by, atMs }) => (
            <div key={as} className={classes.dim}>
              {t('acceptance.signedAs', {
                role: t(`app:role.${as}`),
                by: by.display ?? by.id,
                at: formatMoment(atMs, zone),
              })}
            </div>
          ))}
        </td>
        <td>
          {acceptance.state !== 'replaced' && (
            <Button size="compact-xs" variant="default" aria-expanded={isShown} onClick={() => setIsShown(!isShown)}>
              {t(isShown ? 'acceptance.hideReport' : 'acceptance.showReport')}
            </Button>
          )}
        </td>
      </tr>
      {isShown && (
        <tr>
          <td colSpan={4}>
            <AcceptanceReportView model={model} acceptanceId={acceptance.acceptanceId}>
              {(reportDigest, isMet) => (
                <SignButtons acceptance={acceptance} reportDigest={reportDigest} isMet={isMet} />
              )}
            </AcceptanceReportView>
          </td>
        </tr>
      )}
    </>
  );
}

/** Who still signs; where it is not this person's to sign, or not yet, why. */
function SignButtons(props: {
  readonly acceptance: AcceptanceCard;
  readonly reportDigest: string;
  readonly isMet: boolean;
}): ReactNode {
  const { acceptance, reportDigest, isMet } = props;
  const { t } = useTranslation('models');
  const [as, setAs] = useState<AcceptanceRole | null>(null);
  const { digest, acceptanceId } = acceptance;
  const refusal = useRefusalToSign(acceptance, isMet);
  if (acceptance.state !== 'open') return null;
  const open = ACCEPTANCE_ROLES.filter((role) => !acceptance.signatures.some((one) => one.as === role));
  return (
    <>
      <p>{t('acceptance.waitsFor', { roles: open.map((role) => t(`app:role.${role}`)).join(', ') })}</p>
      <div className={page.actions}>
        {open.map((role) => {
          const why = refusal(role);
          return why === null ? (
            <Button key={role} onClick={() => setAs(role)}>
              {t('acceptance.signAs', { role: t(`app:role.${role}`) })}
            </Button>
          ) : (
            <span key={role} className={page.quiet}>
              {t('acceptance.cannotSign', { role: t(`app:role.${role}`), why: t(`refusal.${why}`) })}
            </span>
          );
        })}
        {as !== null && (
          <SignedDialog
            title={t('acceptance.signAs', { role: t(`app:role.${as}`) })}
            text={t(open.length === 1 ? 'acceptance.signTextLast' : 'acceptance.signText')}
            action={t('sign.action')}
            asksReason={false}
            sign={({ password }) => client.models.signAcceptance({ digest, acceptanceId, as, reportDigest, password })}
            onClose={() => setAs(null)}
          />
        )}
      </div>
    </>
  );
}

type SignRefusal = 'signature-not-permitted' | 'targets-not-met' | 'signer-installed-it' | 'signer-signed-already';

/** What keeps the person at this page from signing in a role, as the station would say; null: nothing that can be seen from here. */
function useRefusalToSign(acceptance: AcceptanceCard, isMet: boolean): (as: AcceptanceRole) => SignRefusal | null {
  const { permissions, userId } = useCurrentUser();
  const history = useHistory(acceptance.digest);
  const isInstaller =
    history.state === 'ready' && history.data.some(({ to, by }) => to === 'verified' && by.id === userId);
  return (as) => {
    if (!permissions.includes(ACCEPTANCE_PERMISSIONS[as])) return 'signature-not-permitted';
    if (isInstaller) return 'signer-installed-it';
    if (acceptance.signatures.some(({ by }) => by.id === userId)) return 'signer-signed-already';
    return isMet ? null : 'targets-not-met';
  };
}
