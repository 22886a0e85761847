import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, cleanup, renderHook } from '@testing-library/react';
import type { ReactNode } from 'react';
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { CurrentUser } from '../../../../../shared/contract/sessions.ts';
import type { DecisionCard, Finding, StudyDetail } from '../../../../../shared/contract/studies.ts';
import { History } from '../../../viewport/history.ts';

type Told = { readonly knownDecisionId: string | null; readonly decision: { readonly decision: string } };
const told = vi.hoisted(() => ({
  decideFinding: vi.fn<(said: Told) => Promise<Finding[]>>(),
  findings: vi.fn<() => void>(),
  get: vi.fn<() => void>(),
}));
vi.mock('../../../bridge/client.ts', () => ({ client: { studies: told }, connection: {} }));
// Test files share their processes: the next one gets the real modules again.
afterAll(() => {
  useSession.setState({ state: 'unknown' }, true);
  vi.doUnmock('../../../bridge/client.ts');
  vi.resetModules();
});
const { useSession } = await import('../../../bridge/session.ts');
const { station } = await import('../../../bridge/queries.ts');
const { useDecisions } = await import('./use-decisions.ts');

const ID = '01930000-0000-7000-8000-000000000001';
const card = (decisionId: string, userId: string, decision: DecisionCard['decision'] = 'accepted') =>
  ({
    decisionId,
    decision,
    reason: null,
    aspects: [],
    words: null,
    by: { userId, name: userId },
    atMs: 1,
  }) as unknown as DecisionCard;
const finding = (decision: DecisionCard | null) =>
  ({ findingId: ID, state: 'unverified', label: { display: 'Haemorrhage' }, decision }) as unknown as Finding;
const STUDY = {
  row: { studyId: ID, patient: { patientId: ID } },
  identityVersion: 1,
} as unknown as StudyDetail;
const { queryKey } = station.studies.findings.queryOptions({ input: { studyId: STUDY.row.studyId } });

/** A reader's page with one finding, as it stands decided there; `now` is how the station tells it later. */
function page(standing: DecisionCard | null) {
  const cache = new QueryClient();
  const history = new History();
  const now = (decision: DecisionCard | null) => cache.setQueryData(queryKey, [finding(decision)]);
  now(standing);
  const wrapper = ({ children }: { readonly children: ReactNode }) => (
    <QueryClientProvider client={cache}>{children}</QueryClientProvider>
  );
  const { result } = renderHook(() => useDecisions(STUDY, [finding(standing)], history), { wrapper });
  return { result, history, now };
}
const saidOf = () =>
  told.decideFinding.mock.calls.map(([{ knownDecisionId, decision }]) => [decision.decision, knownDecisionId]);
const quiet = (deed: () => unknown) => act(async () => void deed());

afterEach(cleanup);
beforeEach(() => {
  told.decideFinding.mockReset();
  const user = { userId: 'anna', permissions: ['finding.decide'], site: { zone: 'Etc/UTC' } };
  useSession.setState({ state: 'signed-in', user: user as unknown as CurrentUser }, true);
});

test('one decision behind another of the same reader names the first, which was not on the screen yet', async () => {
  const { result } = page(null);
  told.decideFinding.mockResolvedValue([finding(card('mine', 'anna'))]);
  await quiet(() => {
    result.current.decide(finding(null), { decision: 'accepted' });
    result.current.decide(finding(null), { decision: 'rejected', reason: 'artefact' });
  });
  expect(saidOf()).toEqual([
    ['accepted', null],
    ['rejected', 'mine'],
  ]);
});

test('a key pressed twice before the station answered decides once', async () => {
  const { result } = page(null);
  told.decideFinding.mockResolvedValue([finding(card('mine', 'anna'))]);
  await quiet(() => {
    result.current.decide(finding(null), { decision: 'accepted' });
    result.current.decide(finding(null), { decision: 'accepted' });
  });
  expect(saidOf()).toEqual([['accepted', null]]);
});

test('a colleague’s word that came while a dialog stood open is not taken for one that was seen', async () => {
  const { result, now } = page(null);
  now(card('theirs', 'ben'));
  told.decideFinding.mockRejectedValue(new Error('refused'));
  await quiet(() => result.current.decide(finding(null), { decision: 'rejected', reason: 'artefact' }));
  expect(saidOf()).toEqual([['rejected', null]]);
  expect(result.current.refusal?.findingId).toBe(ID);
});

test('what was seen of a colleague is decided otherwise', async () => {
  const theirs = card('theirs', 'ben');
  const { result } = page(theirs);
  told.decideFinding.mockResolvedValue([finding(card('mine', 'anna', 'rejected'))]);
  await quiet(() => result.current.decide(finding(theirs), { decision: 'rejected', reason: 'artefact' }));
  expect(saidOf()).toEqual([['rejected', 'theirs']]);
});

test('taking one’s own word back does not take back what a colleague said since', async () => {
  const { result, history, now } = page(null);
  told.decideFinding.mockResolvedValueOnce([finding(card('mine', 'anna'))]);
  await quiet(() => result.current.decide(finding(null), { decision: 'accepted' }));
  now(card('theirs', 'ben', 'rejected'));
  told.decideFinding.mockRejectedValue(new Error('refused'));
  await quiet(() => history.undo());
  expect(saidOf()).toEqual([
    ['accepted', null],
    ['withdrawn', null],
  ]);
  now(card('mine', 'anna'));
  await quiet(() => history.redo());
  await quiet(() => history.undo());
  expect(saidOf().at(-1)).toEqual(['withdrawn', 'mine']);
});
