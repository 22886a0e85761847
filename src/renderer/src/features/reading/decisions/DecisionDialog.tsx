import { Button, Checkbox, Radio, Stack, Textarea } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import {
  FindingVerdict,
  MODIFIED_ASPECTS,
  type ModifiedAspect,
  REJECTION_REASONS,
  type RejectionReason,
} from '../../../../../shared/domain/finding-decision.ts';
import { Dialog } from '../../../ui/Dialog.tsx';
import page from '../../../ui/Page.module.css';
import type { Decisions } from './use-decisions.ts';

/** Asks why a finding is rejected, or in what it is otherwise than AI said. */
export function DecisionDialog({ asked, ask, decide }: Pick<Decisions, 'asked' | 'ask' | 'decide'>): ReactNode {
  const { t } = useTranslation('reading');
  const [reason, setReason] = useState<RejectionReason | null>(null);
  const [aspects, setAspects] = useState<readonly ModifiedAspect[]>([]);
  const [words, setWords] = useState('');
  if (asked === null) return null;
  const { finding, verdict } = asked;
  const said = words.trim() === '' ? {} : { words };
  const wish = FindingVerdict.safeParse(
    verdict === 'rejected' ? { decision: verdict, reason, ...said } : { decision: verdict, aspects, ...said },
  );
  const close = () => ask(finding, null);
  const title = t(`decision.title.${verdict}`, { name: finding.label.display });
  return (
    <Dialog title={title} closeLabel={t('decision.cancel')} onClose={close}>
      <form
        className={page.stack}
        onSubmit={(event) => {
          event.preventDefault();
          if (!wish.success) return;
          decide(finding, wish.data);
          close();
        }}
      >
        {verdict === 'rejected' ? (
          <Radio.Group
            label={t('decision.why')}
            value={reason}
            onChange={(value) => setReason(REJECTION_REASONS.find((one) => one === value) ?? null)}
            required
          >
            <Stack gap={6} mt={6}>
              {REJECTION_REASONS.map((one, index) => (
                <Radio key={one} value={one} label={t(`decision.reason.${one}`)} data-autofocus={index === 0} />
              ))}
            </Stack>
          </Radio.Group>
        ) : (
          <Checkbox.Group
            label={t('decision.inWhat')}
            value={[...aspects]}
            onChange={(values) => setAspects(MODIFIED_ASPECTS.filter((one) => values.includes(one)))}
            required
          >
            <Stack gap={6} mt={6}>
              {MODIFIED_ASPECTS.map((one, index) => (
                <Checkbox key={one} value={one} label={t(`decision.aspect.${one}`)} data-autofocus={index === 0} />
              ))}
            </Stack>
          </Checkbox.Group>
        )}
        <Textarea
          label={t(verdict === 'modified' ? 'decision.isWhat' : 'decision.words')}
          description={t('decision.wordsText')}
          required={verdict === 'modified' || reason === 'other'}
          value={words}
          onChange={({ currentTarget }) => setWords(currentTarget.value)}
          maxLength={500}
          autosize
          minRows={2}
        />
        <div className={page.actions}>
          <Button type="submit" disabled={!wish.success}>
            {t(`decision.confirm.${verdict}`)}
          </Button>
          <Button variant="default" onClick={close}>
            {t('decision.cancel')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
