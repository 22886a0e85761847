import { Button, Radio } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ObjectsState } from '../../../../shared/contract/objects.ts';
import { client } from '../../bridge/client.ts';
import { failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { Dialog } from '../../ui/Dialog.tsx';
import { DialogActions } from '../../ui/DialogActions.tsx';
import { Facts } from '../../ui/Facts.tsx';
import { formatBytes } from '../../ui/bytes.ts';
import { useNow } from '../../ui/clock.ts';
import { formatMoment, formatSpan } from '../../ui/duration.ts';
import page from '../../ui/Page.module.css';
import { RefusalText } from '../../ui/RefusalText.tsx';
import { Section } from '../../ui/Section.tsx';
import { WalkProgress } from './WalkProgress.tsx';

const HOW = ['rewrap', 'reseal'] as const;

/** The key that seals what is stored: its age, whether older ones are still needed, and rotating it. */
export function KeyCard({ objects }: { readonly objects: ObjectsState }): ReactNode {
  const { t } = useTranslation('storage');
  const { zone } = useCurrentUser().site;
  const now = useNow();
  const [isAsking, setIsAsking] = useState(false);
  const { rotation, isOfStation, keyMadeAtMs } = objects;
  const isRotating = rotation?.state === 'running';
  return (
    <Section
      title={t('keys.title')}
      actions={
        <Button
          size="xs"
          variant="default"
          disabled={!isOfStation || isRotating}
          title={isOfStation ? undefined : t('refusal.main-site-only')}
          onClick={() => setIsAsking(true)}
        >
          {t('keys.button')}
        </Button>
      }
    >
      <p className={page.quiet}>{t('keys.text')}</p>
      {rotation !== null && isRotating && (
        <WalkProgress walk={rotation} outOf={objects.lastVerification?.objects ?? 0} />
      )}
      <Facts
        facts={[
          [
            t('keys.age'),
            t('keys.ageText', { age: formatSpan(now - keyMadeAtMs), at: formatMoment(keyMadeAtMs, zone) }),
          ],
          [
            t('keys.held'),
            t(objects.keys > 1 && !isRotating ? 'keys.heldOlder' : 'keys.heldText', { count: objects.keys }),
          ],
          [
            t('keys.lastRotation'),
            rotation?.finishedAtMs == null
              ? t(isRotating ? 'keys.rotating' : 'keys.neverRotated')
              : t('keys.rotated', {
                  at: formatMoment(rotation.finishedAtMs, zone),
                  how: t(`keys.how.${rotation.kind === 'reseal' ? 'reseal' : 'rewrap'}`),
                  done: t('walk.done', { count: rotation.objects, size: formatBytes(rotation.bytes) }),
                }),
          ],
          ...(rotation !== null && rotation.faults > 0
            ? [[t('keys.left'), t('keys.leftText', { count: rotation.faults })] as const]
            : []),
        ]}
      />
      {isAsking && <RotateDialog onClose={() => setIsAsking(false)} />}
    </Section>
  );
}

function RotateDialog({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { t } = useTranslation('storage');
  const cache = useQueryClient();
  const [how, setHow] = useState<(typeof HOW)[number]>('rewrap');
  const rotate = useMutation({
    mutationFn: () => client.objects.rotateKeys({ how }),
    async onSuccess() {
      onClose();
      await cache.invalidateQueries({ queryKey: station.objects.key() });
    },
  });
  return (
    <Dialog title={t('keys.ask')} closeLabel={t('cancel')} onClose={onClose}>
      <div className={page.stack}>
        <p>{t('keys.askText')}</p>
        <Radio.Group
          label={t('keys.howLabel')}
          value={how}
          onChange={(value) => setHow(HOW.find((one) => one === value) ?? 'rewrap')}
        >
          <div className={page.stack} style={{ paddingTop: 6 }}>
            {HOW.map((one) => (
              <Radio key={one} value={one} label={t(`keys.how.${one}`)} description={t(`keys.howText.${one}`)} />
            ))}
          </div>
        </Radio.Group>
        <RefusalText failure={rotate.isError ? failureOf(rotate.error) : null} t={t} />
        <DialogActions
          {...{ confirm: t('keys.confirm'), cancel: t('cancel'), isPending: rotate.isPending }}
          onConfirm={() => rotate.mutate()}
          onCancel={onClose}
        />
      </div>
    </Dialog>
  );
}
