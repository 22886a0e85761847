import { Button, Select, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { PeerQuestion, PeerSummary } from '../../../../shared/contract/peers.ts';
import page from '../../ui/Page.module.css';
import classes from './ArchivePage.module.css';
import { EMPTY_DRAFT, questionOf, type QuestionDraft } from './ask-peer.ts';

type Props = {
  readonly peers: readonly PeerSummary[];
  readonly isAsking: boolean;
  readonly onAsk: (asked: { readonly peerId: string; readonly question: PeerQuestion }) => void;
};

const FIELDS = [
  ['patientName', 'text'],
  ['patientId', 'text'],
  ['birthDate', 'date'],
  ['accession', 'text'],
  ['dateFrom', 'date'],
  ['dateTo', 'date'],
  ['modality', 'text'],
  ['description', 'text'],
] as const;

/** What to look for and where; what cannot be asked is said beside its field, once it was tried. */
export function QuestionForm({ peers, isAsking, onAsk }: Props): ReactNode {
  const { t } = useTranslation('archive');
  const [peerId, setPeerId] = useState(peers[0]?.peerId ?? null);
  const [draft, setDraft] = useState<QuestionDraft>(EMPTY_DRAFT);
  const [wasTried, setWasTried] = useState(false);
  const { question, problems } = questionOf(draft);
  const submit = () => {
    setWasTried(true);
    if (question !== null && peerId !== null) onAsk({ peerId, question });
  };
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
      noValidate
      aria-label={t('form.label')}
    >
      <Select
        size="xs"
        label={t('form.peer')}
        data={peers.map((peer) => ({ value: peer.peerId, label: nameOf(peer, t('peers.archive')) }))}
        value={peerId}
        onChange={setPeerId}
        allowDeselect={false}
      />
      {FIELDS.map(([field, type]) => {
        const problem = wasTried ? problems[field] : undefined;
        return (
          <TextInput
            key={field}
            size="xs"
            type={type}
            label={t(`form.${field}`)}
            placeholder={type === 'text' ? t(`form.hint.${field}`) : undefined}
            value={draft[field]}
            error={problem && t(`form.problem.${problem}`)}
            onChange={(event) => setDraft({ ...draft, [field]: event.currentTarget.value })}
            autoComplete="off"
          />
        );
      })}
      <div className={classes.formActions}>
        <Button type="submit" size="xs" loading={isAsking} leftSection={<IconSearch size={14} />}>
          {t('form.search')}
        </Button>
        <Button size="xs" variant="default" onClick={() => setDraft(EMPTY_DRAFT)}>
          {t('form.clear')}
        </Button>
      </div>
      {wasTried && problems.whole !== undefined && (
        <span role="alert" className={`${page.bad} ${classes.formProblem}`}>
          {t(`form.problem.${problems.whole}`)}
        </span>
      )}
    </form>
  );
}

function nameOf({ aeTitle, isArchive }: PeerSummary, archive: string): string {
  return isArchive ? `${aeTitle} · ${archive}` : aeTitle;
}
