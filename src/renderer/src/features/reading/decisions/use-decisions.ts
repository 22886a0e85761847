import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { DecisionCard, Finding, StudyDetail } from '../../../../../shared/contract/studies.ts';
import type { FindingDecision, FindingVerdict } from '../../../../../shared/domain/finding-decision.ts';
import { client } from '../../../bridge/client.ts';
import { type Failure, failureOf } from '../../../bridge/failure.ts';
import { station } from '../../../bridge/queries.ts';
import { useCurrentUser } from '../../../bridge/session.ts';
import { announce } from '../../../ui/announcer.ts';
import type { History } from '../../../viewport/history.ts';

/** What a verdict is asked for in words of. */
export type AskedVerdict = 'rejected' | 'modified';

/** A reader's words on the findings of a study: which one they chose, what is asked of them, and how to decide and take back. */
export type Decisions = {
  readonly mayDecide: boolean;
  /** The finding that keys speak of while a viewport has the focus. */
  readonly chosen: string | null;
  readonly choose: (findingId: string) => void;
  /** What a dialog asks; null while none is open. */
  readonly asked: { readonly finding: Finding; readonly verdict: AskedVerdict } | null;
  readonly ask: (finding: Finding, verdict: AskedVerdict | null) => void;
  readonly decide: (finding: Finding, decision: FindingDecision) => void;
  /** What a key does: of the finding that has the focus, or was chosen. */
  readonly press: (decision: FindingVerdict['decision']) => void;
  /** What the station did not take, and of which finding. */
  readonly refusal: { readonly findingId: string; readonly failure: Failure } | null;
  readonly isPending: boolean;
};

/** Decides findings at the station, each as the reader has it before them; what was decided is taken back as everything else here is. */
export function useDecisions(study: StudyDetail, findings: readonly Finding[], history: History): Decisions {
  const { t } = useTranslation('reading');
  const cache = useQueryClient();
  const { userId, permissions } = useCurrentUser();
  const mayDecide = permissions.includes('finding.decide');
  const [chosen, choose] = useState<string | null>(null);
  const [asked, setAsked] = useState<Decisions['asked']>(null);
  const [refusal, setRefusal] = useState<Decisions['refusal']>(null);
  const [pending, setPending] = useState(0);
  // One after the other: each says which decision stood when it was made.
  const line = useRef(Promise.resolve());
  const { studyId, patient } = study.row;
  const { identityVersion } = study;

  const tell = useCallback(
    (findingId: string, decision: FindingDecision, seen: DecisionCard | null) => {
      const options = station.studies.findings.queryOptions({ input: { studyId } });
      const isOwn = (card: DecisionCard | null) => card?.by.userId === userId;
      const send = async () => {
        const known = cache.getQueryData(options.queryKey)?.find((one) => one.findingId === findingId);
        // Taken back already, perhaps by its button: nothing is left to take back.
        if (known === undefined || (decision.decision === 'withdrawn' && known.decision === null)) return;
        // A key that is held, or pressed twice, says it once.
        if (decision.decision === 'accepted' && known.decision?.decision === 'accepted' && isOwn(known.decision))
          return;
        // A reader's own former word is what they had in mind; a colleague's only where it was on the screen.
        const { decisionId = null } = (isOwn(known.decision) ? known.decision : seen) ?? {};
        const said = { studyId, findingId: known.findingId, patientId: patient.patientId, identityVersion, decision };
        const after = await client.studies.decideFinding({
          ...said,
          knownDecisionId: known.decision === null ? null : decisionId,
        });
        // What was on its way before would bring the former decision back.
        await cache.cancelQueries({ queryKey: options.queryKey });
        cache.setQueryData(options.queryKey, after);
        setRefusal(null);
        announce(t(`decision.done.${decision.decision}`, { name: known.label.display }));
        void cache.invalidateQueries({ queryKey: station.studies.get.key({ input: { studyId } }) });
      };
      setPending((count) => count + 1);
      line.current = line.current
        .then(send)
        .catch((error: unknown) => {
          setRefusal({ findingId, failure: failureOf(error) });
          void cache.invalidateQueries({ queryKey: options.queryKey });
        })
        .finally(() => setPending((count) => count - 1));
    },
    [cache, studyId, patient.patientId, identityVersion, userId, t],
  );

  const decide = (finding: Finding, decision: FindingDecision) => {
    const { findingId } = finding;
    const before = decisionAgain(finding.decision);
    const sayAgain = (what: FindingDecision) => () => {
      // What a colleague decided since is theirs: taking one's own word back leaves it, and says so.
      tell(findingId, what, null);
      return true;
    };
    tell(findingId, decision, finding.decision);
    history.note({ undo: sayAgain(before), redo: sayAgain(decision) });
  };

  const ask = (finding: Finding, verdict: AskedVerdict | null) =>
    setAsked(verdict === null ? null : { finding, verdict });

  const press = (decision: FindingVerdict['decision']) => {
    const focused = document.activeElement?.closest<HTMLElement>('[data-finding]')?.dataset['finding'];
    const finding = findings.find(({ findingId }) => findingId === (focused ?? chosen));
    if (finding === undefined) return announce(t('decision.chooseFirst'));
    if (finding.state === 'superseded') return announce(t('refusal.finding-superseded'));
    if (decision !== 'accepted') return ask(finding, decision);
    if (finding.decision?.decision !== 'accepted') decide(finding, { decision });
  };

  return { mayDecide, chosen, choose, asked, ask, decide, press, refusal, isPending: pending > 0 };
}

/** What stood before, to be said again: a verdict as it was, or that there was none. */
function decisionAgain(card: DecisionCard | null): FindingDecision {
  if (card === null) return { decision: 'withdrawn' };
  const { decision, reason, aspects, words } = card;
  if (decision === 'rejected') return { decision, reason: reason ?? 'other', words: words ?? undefined };
  return decision === 'modified' ? { decision, aspects, words: words ?? '' } : { decision };
}
