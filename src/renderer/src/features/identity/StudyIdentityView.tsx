import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { PatientIdentity, StudyIdentity } from '../../../../shared/contract/identity.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { formatDicomDate } from '../../ui/dicom-date.ts';
import { formatPersonName } from '../../ui/person-name.ts';
import { StudyFaceCard } from '../../ui/StudyFaceCard.tsx';
import type { AskedCorrection } from './asked-correction.ts';
import { CorrectionDialog } from './CorrectionDialog.tsx';
import { CorrectionHistory } from './CorrectionHistory.tsx';
import page from '../../ui/Page.module.css';
import classes from './identity.module.css';
import { PatientCardOf } from './PatientCardOf.tsx';
import { SeriesChooser } from './SeriesChooser.tsx';

type Props = { readonly identity: StudyIdentity; readonly onCorrected: () => void };
type Asked = { readonly correction: AskedCorrection; readonly other?: PatientIdentity };

/** The study, its patient and everybody who might be meant, side by side, with every correction that can be made. */
export function StudyIdentityView({ identity, onCorrected }: Props): ReactNode {
  const { t } = useTranslation('corrections');
  const may = useCurrentUser().permissions.includes('identity.correct');
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [asked, setAsked] = useState<Asked | null>(null);
  const { study, patient, statedByObjects: stated, series, hidden, others, similar, corrections } = identity;
  const ask = (correction: AskedCorrection, other?: PatientIdentity) =>
    setAsked(other === undefined ? { correction } : { correction, other });
  const action = (label: string, correction: AskedCorrection, disabled = false, other?: PatientIdentity) =>
    may && (
      <Button size="xs" variant="default" disabled={disabled} onClick={() => ask(correction, other)}>
        {t(`identity.action.${label}`)}
      </Button>
    );
  return (
    <div className={page.sheet}>
      <h1 className={page.title}>{t('identity.title')}</h1>
      <StudyFaceCard study={study}>
        <div className={page.actions}>
          {study.isShown && (
            <Button size="xs" component={Link} to={`/reading/${study.studyId}`}>
              {t('identity.open')}
            </Button>
          )}
          {action('move', { kind: 'move' })}
          {action('hideStudy', { kind: 'hide', level: 'study', subjects: [] }, !study.isShown)}
          {identity.isConfirmable && action('confirm', { kind: 'confirm' })}
          {identity.inDoubt && !identity.isConfirmable && (
            <Button size="xs" variant="default" component={Link} to="/quarantine">
              {t('identity.toQuarantine')}
            </Button>
          )}
        </div>
      </StudyFaceCard>
      {identity.inDoubt && <p className={classes.grave}>{t('identity.inDoubt')}</p>}
      <div className={classes.columns}>
        <Section title={t('identity.patient')}>
          <PatientCardOf
            patient={patient}
            title={t('identity.identityVersion', { version: patient.identityVersion })}
          />
          {stated !== null && (
            <div className={page.stack}>
              <h3 className={classes.heading}>{t('identity.statedByObjects')}</h3>
              <span data-phi>
                {[formatPersonName(stated.name), formatDicomDate(stated.birthDateRaw), stated.sex]
                  .filter(Boolean)
                  .join(' · ')}
              </span>
              <p className={page.quiet}>{t('identity.statedText')}</p>
            </div>
          )}
          {identity.splitFrom !== null && <StudyFaceCard study={identity.splitFrom} title={t('identity.splitFrom')} />}
          <h3 className={classes.heading}>{t('identity.others')}</h3>
          {others.length === 0 && <p className={page.quiet}>{t('identity.noOthers')}</p>}
          {others.map((one) => (
            <StudyFaceCard key={one.studyId} study={one} />
          ))}
        </Section>
        <Section title={t('identity.similar')}>
          {similar.length === 0 && <p className={page.quiet}>{t('identity.noSimilar')}</p>}
          {similar.map((one) => (
            <PatientCardOf key={one.patient.patientId} patient={one.patient}>
              <div className={page.actions}>
                {action('mergeWith', { kind: 'merge' }, false, one.patient)}
                {action('moveTo', { kind: 'move' }, false, one.patient)}
              </div>
              {one.studies.map((face) => (
                <StudyFaceCard key={face.studyId} study={face} />
              ))}
            </PatientCardOf>
          ))}
          <div className={page.actions}>{action('merge', { kind: 'merge' })}</div>
        </Section>
        <Section title={t('identity.series')}>
          <SeriesChooser series={series} chosen={chosen} onChoose={setChosen} />
          <div className={page.actions}>
            <span className={page.quiet}>{t('identity.chosen', { count: chosen.size })}</span>
            {action('split', { kind: 'split', seriesIds: [], sopUids: [...chosen] }, chosen.size === 0)}
            {action('hideChosen', { kind: 'hide', level: 'instance', subjects: [...chosen] }, chosen.size === 0)}
          </div>
          <h3 className={classes.heading}>{t('identity.hidden')}</h3>
          <p className={page.quiet}>{t(hidden.length === 0 ? 'identity.noHidden' : 'identity.hiddenText')}</p>
          <ul className={classes.list}>
            {hidden.map((one) => (
              <li key={`${one.sopUid} ${one.changeId}`}>
                {t('identity.hiddenLine', {
                  number: one.number ?? one.sopUid,
                  reason: t(`app:code.reason.${one.reason}`),
                })}
              </li>
            ))}
          </ul>
        </Section>
        <Section title={t('identity.history')}>
          {corrections.length === 0 && <p className={page.quiet}>{t('identity.noHistory')}</p>}
          <CorrectionHistory corrections={corrections} withStudies={false} onUndone={onCorrected} />
        </Section>
      </div>
      {asked !== null && (
        <CorrectionDialog
          identity={identity}
          asked={asked.correction}
          other={asked.other}
          onClose={() => setAsked(null)}
          onDone={() => {
            setAsked(null);
            setChosen(new Set());
            onCorrected();
          }}
        />
      )}
    </div>
  );
}

function Section({ title, children }: { readonly title: string; readonly children: ReactNode }): ReactNode {
  return (
    <section className={page.stack} aria-label={title}>
      <h2 className={classes.heading}>{title}</h2>
      {children}
    </section>
  );
}
