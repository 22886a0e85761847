import { Button, Radio } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ReferenceStudy } from '../../../../shared/contract/truths.ts';
import { client } from '../../bridge/client.ts';
import { failureOf } from '../../bridge/failure.ts';
import page from '../../ui/Page.module.css';
import { RefusalText } from '../../ui/RefusalText.tsx';
import classes from './reference.module.css';
import { StudyFaceCard } from '../../ui/StudyFaceCard.tsx';

type Words = Readonly<Record<string, boolean | null>>;
type Question = ReferenceStudy['questions'][number];
const keyOf = ({ modelId, label }: Pick<Question, 'modelId' | 'label'>): string => `${modelId} ${label}`;

/** One study with what is asked of it; nothing is chosen beforehand, and a word can be said anew. */
export function ReferenceCard({ asked }: { readonly asked: ReferenceStudy }): ReactNode {
  const { t } = useTranslation('reference');
  const { study, questions, isBarred } = asked;
  const [kept, setKept] = useState<Words>(Object.fromEntries(questions.map((one) => [keyOf(one), one.mine])));
  const [words, setWords] = useState<Words>(kept);
  const changed = questions.filter((one) => words[keyOf(one)] !== kept[keyOf(one)]);
  const saving = useMutation({
    async mutationFn() {
      for (const [modelId, some] of Map.groupBy(changed, (one) => one.modelId)) {
        const labels = some.map((one) => ({ label: one.label, isPresent: words[keyOf(one)] === true }));
        await client.truths.record({ studyId: study.studyId, modelId, labels });
      }
    },
    onSuccess: () => setKept(words),
  });
  const left = questions.filter((one) => kept[keyOf(one)] === null).length;
  return (
    <StudyFaceCard study={study}>
      <form
        className={page.stack}
        aria-label={t('of', { accession: study.accession ?? study.studyId.slice(-6) })}
        onSubmit={(event) => {
          event.preventDefault();
          if (changed.length > 0 && !saving.isPending) saving.mutate();
        }}
      >
        <Link className={classes.link} to="/reading/$studyId" params={{ studyId: study.studyId }}>
          {t('images')}
        </Link>
        {isBarred ? (
          <p className={page.warn}>{t('refusal.result-was-seen')}</p>
        ) : (
          <>
            {questions.map((one) => (
              <Radio.Group
                key={keyOf(one)}
                label={one.name}
                value={valueOf(words[keyOf(one)] ?? null)}
                onChange={(value) => setWords({ ...words, [keyOf(one)]: value === 'present' })}
              >
                <div className={classes.answers}>
                  <Radio value="present" label={t('present')} />
                  <Radio value="not-present" label={t('notPresent')} />
                </div>
              </Radio.Group>
            ))}
            <div className={page.actions}>
              <Button type="submit" size="xs" loading={saving.isPending} disabled={changed.length === 0}>
                {t('keep')}
              </Button>
              <span className={page.quiet} role="status">
                {changed.length > 0
                  ? t('notKept')
                  : left === 0
                    ? t('kept')
                    : left === questions.length
                      ? t('open')
                      : t('partly', { count: left })}
              </span>
            </div>
            <RefusalText failure={saving.isError ? failureOf(saving.error) : null} t={t} />
          </>
        )}
      </form>
    </StudyFaceCard>
  );
}

function valueOf(word: boolean | null): string | null {
  if (word === null) return null;
  return word ? 'present' : 'not-present';
}
