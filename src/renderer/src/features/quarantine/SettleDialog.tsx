import { Radio, Select } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { FiledAgain, QuarantineDetail, StudySettlement } from '../../../../shared/contract/quarantine.ts';
import { DISCARD_REASONS, DiscardReason } from '../../../../shared/domain/correction.ts';
import { client } from '../../bridge/client.ts';
import { failureOf } from '../../bridge/failure.ts';
import { Dialog } from '../../ui/Dialog.tsx';
import { DialogActions } from '../../ui/DialogActions.tsx';
import { formatDicomDate } from '../../ui/dicom-date.ts';
import { formatPersonName } from '../../ui/person-name.ts';
import { StudyFaceCard } from '../../ui/StudyFaceCard.tsx';
import page from '../../ui/Page.module.css';
import { RefusalText } from '../../ui/RefusalText.tsx';
import type { SettleAction } from './settle-actions.ts';
import { SettlingAll } from './SettlingAll.tsx';
import { useSettleAll } from './use-settle-all.ts';

type Props = {
  readonly object: QuarantineDetail;
  readonly action: SettleAction;
  readonly onClose: () => void;
  /** `outcome`: of this object alone, where it was filed again alone. */
  readonly onSettled: (outcome: FiledAgain | null) => void;
};

/** Says what an action does and to whose study, asks for how many and for a reason where one is owed, and does it. */
export function SettleDialog({ object, action, onClose, onSettled }: Props): ReactNode {
  const { t } = useTranslation('corrections');
  const [reason, setReason] = useState<DiscardReason | null>(null);
  const [isAll, setIsAll] = useState(false);
  // As many as the person was told of, whatever is settled or comes meanwhile.
  const [alike] = useState(object.study === null ? 0 : object.heldAlike);
  const settle = useMutation({ mutationFn: () => perform(object.quarantineId, action, reason), onSuccess: onSettled });
  const step = useMutation({ mutationFn: (after: string | undefined) => performStep(object, action, reason, after) });
  const all = useSettleAll(step.mutateAsync);
  const failure = settle.isError ? failureOf(settle.error) : null;
  const name = action.kind === 'release' ? `quarantine.release.${action.release}` : `quarantine.${action.kind}`;
  const says = action.kind === 'release' ? `quarantine.releaseText.${action.release}` : `${name}Text`;
  const face = isAll ? object.study : (object.standsIn ?? object.study);
  // The card shows whom it does not become: beside it stands whom it does.
  const isOfItsOwn = action.kind === 'release' && action.release === 'as-a-study-of-its-own' && face !== null;
  const whose = (
    <>
      {isOfItsOwn && (
        <>
          <p data-phi>{t('quarantine.namesItself', namedPatient(object.attributes))}</p>
          <p>{t('quarantine.staysAsItIs')}</p>
        </>
      )}
      {face !== null && <StudyFaceCard study={face} />}
    </>
  );
  const leave = all.run === null ? onClose : () => onSettled(null);
  return (
    <Dialog
      title={t(name)}
      closeLabel={t('quarantine.cancel')}
      onClose={all.run?.state === 'running' ? all.stop : leave}
    >
      {all.run !== null ? (
        <div className={page.stack}>
          {whose}
          <SettlingAll run={all.run} total={alike} onStop={all.stop} onGoOn={all.goOn} onClose={leave} />
        </div>
      ) : (
        <div className={page.stack}>
          <p>{t(says)}</p>
          {alike > 1 && action.kind !== 'takeBack' && (
            <Radio.Group
              label={t('quarantine.all.which')}
              value={isAll ? 'all' : 'one'}
              onChange={(which) => setIsAll(which === 'all')}
            >
              <div className={page.stack}>
                <Radio value="one" mt={6} label={t('quarantine.all.onlyThis')} />
                <Radio
                  value="all"
                  label={t('quarantine.all.allOf', { count: alike })}
                  description={t('quarantine.all.allOfText', { why: t(`app:quarantine.${object.reason}`) })}
                />
              </div>
            </Radio.Group>
          )}
          {whose}
          {action.kind === 'discard' && (
            <Select
              label={t('quarantine.because')}
              data={DISCARD_REASONS.map((one) => ({ value: one, label: t(`app:code.reason.${one}`) }))}
              value={reason}
              onChange={(one) => setReason(one === null ? null : DiscardReason.parse(one))}
              required
            />
          )}
          {isAll && <p className={page.warn}>{t(`quarantine.all.sure.${action.kind}`, { count: alike })}</p>}
          <RefusalText failure={failure} t={t} />
          <DialogActions
            confirm={isAll ? t('quarantine.all.confirm', { count: alike }) : t('quarantine.confirm')}
            cancel={t('quarantine.cancel')}
            isPending={settle.isPending}
            isDisabled={action.kind === 'discard' && reason === null}
            onConfirm={() => (isAll ? all.begin() : settle.mutate())}
            onCancel={onClose}
          />
        </div>
      )}
    </Dialog>
  );
}

/** Whom an object names, in the words the card beside it has; a dash for what it does not say. */
function namedPatient(attributes: QuarantineDetail['attributes']) {
  const stated = new Map(attributes.map(({ keyword, held }) => [keyword, held]));
  return {
    name: formatPersonName(stated.get('PatientName') ?? null) ?? '–',
    born: formatDicomDate(stated.get('PatientBirthDate') ?? null) ?? '–',
    mrn: stated.get('PatientID') || '–',
  };
}

async function perform(
  quarantineId: string,
  action: SettleAction,
  reason: DiscardReason | null,
): Promise<FiledAgain | null> {
  if (action.kind === 'retry') return client.quarantine.retry({ quarantineId });
  if (action.kind === 'release') return client.quarantine.release({ quarantineId, release: action.release });
  if (action.kind === 'takeBack') await client.quarantine.takeBack({ quarantineId });
  else if (reason !== null) await client.quarantine.discard({ quarantineId, reason });
  return null;
}

/** One step over all that are held of the object's study for its reason. */
async function performStep(
  { study, reason }: QuarantineDetail,
  action: SettleAction,
  because: DiscardReason | null,
  after: string | undefined,
) {
  const settlement = settlementOf(action, because);
  if (study === null || settlement === null) throw new Error('nothing to settle of no study');
  return client.quarantine.settleStudy({ studyId: study.studyId, settlement, reason, after });
}

function settlementOf(action: SettleAction, because: DiscardReason | null): StudySettlement | null {
  switch (action.kind) {
    case 'retry':
      return { how: 'retry' };
    case 'release':
      return { how: 'release', release: action.release };
    case 'discard':
      return because === null ? null : { how: 'discard', reason: because };
    case 'takeBack':
      return null;
  }
}
