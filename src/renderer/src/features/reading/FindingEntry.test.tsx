import { MantineProvider } from '@mantine/core';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { CurrentUser } from '../../../../shared/contract/sessions.ts';
import { Finding, type FindingBox, type FindingPart } from '../../../../shared/contract/studies.ts';
import { setUpPage } from '../../app/test-page.tsx';
import { useSession } from '../../bridge/session.ts';
import { type AiView, WHOLE_AI_VIEW } from '../../viewport/ai-view.ts';
import type { Decisions } from './decisions/use-decisions.ts';
import { FindingEntry } from './FindingEntry.tsx';
import type { JumpTarget } from './jump-target.ts';

setUpPage();
beforeAll(() => {
  const site = { siteId: 's', code: 'north', name: 'North', zone: 'Europe/Berlin' };
  useSession.setState({ state: 'signed-in', user: { site } as unknown as CurrentUser }, true);
});
afterAll(() => useSession.setState({ state: 'unknown' }, true));

const ID = '01930000-0000-7000-8000-000000000001';
const KEY = {
  sopUid: '1.3',
  frameNumber: 1,
  centreMm: [0, 0, 0] as [number, number, number],
  frameOfReferenceUid: '1.9',
};

function finding(change: Partial<Finding> = {}): Finding {
  return {
    ...Finding.parse({
      findingId: ID,
      studyId: ID,
      runId: ID,
      revision: 1,
      origin: 'ai',
      state: 'unverified',
      model: { id: 'm', name: 'Blood', version: '1.0.0', clinicalUse: 'none', stage: 'pilot' },
      label: { code: '1', scheme: 'SCT', display: 'Haemorrhage' },
      category: 1,
      score: 0.9412,
      threshold: 0.5,
      ...{ standing: 'flagged', judgedBy: { score: 'probability', unit: null, stacks: 1, flagFrom: 0.5 } },
      measurements: [{ code: 'v', display: 'Volume', value: 23.456, unit: 'mL', part: null }],
      seriesUid: '1.2',
      withdrawn: null,
      keyImage: KEY,
      ...{ parts: [], boxes: [], heatmaps: [] },
    }),
    ...change,
  };
}

const mask = (name: string): FindingPart['mask'] => {
  return { href: `/${name}`, rows: 1, columns: 1, frames: [{ sopUid: '1.3', frameNumber: 1 }] };
};
const box = (more: Partial<FindingBox> = {}): FindingBox => ({
  ...{ score: 0.8765, keyImage: KEY, diameterMm: 8.24, volumeMl: 0.293, ...more },
  frames: [{ sopUid: '1.3', frameNumber: 1, left: 10, top: 20, right: 20, bottom: 26 }],
});

const decisionsOf = (change: Partial<Decisions> = {}): Decisions => ({
  ...{ mayDecide: true, chosen: null, asked: null, refusal: null, isPending: false },
  ...{ choose: vi.fn<Decisions['choose']>(), ask: vi.fn<Decisions['ask']>() },
  ...{ decide: vi.fn<Decisions['decide']>(), press: vi.fn<Decisions['press']>(), ...change },
});

function show(
  change: Partial<Finding> = {},
  onJump = vi.fn<(target: JumpTarget) => void>(),
  decisions = decisionsOf(),
) {
  const one = finding(change);
  const onAiView = vi.fn<(view: AiView) => void>();
  const shown = render(
    <MantineProvider>
      <FindingEntry {...{ finding: one, findings: [one], aiView: WHOLE_AI_VIEW, onAiView, onJump, decisions }} />
    </MantineProvider>,
  );
  return { ...shown, onJump, onAiView, one, decisions };
}
const main = () => screen.getByRole('button', { name: /Haemorrhage.*AI ·/s });
const said = () => main().textContent;

test('names the AI, its standing and its use, its score as a score, and the volume', () => {
  show();
  for (const part of [
    'AI · Blood 1.0.0',
    'unverified',
    'not for clinical use',
    'score 0.94 (flags from 0.50)',
    'Volume 23.5 mL',
  ])
    expect(said()).toContain(part);
  expect(said()).not.toContain('%');
});

test('stays AI when a person accepted it: only *unverified* goes, and the mark is filled', () => {
  const { container } = show({ state: 'accepted' });
  expect(said()).toContain('AI · Blood 1.0.0');
  expect(said()).not.toContain('unverified');
  expect(container.querySelector('[data-standing="confirmed"]')).not.toBeNull();
});

test('keeps a rejected finding on the list, hollow, with nothing to draw', () => {
  const { container } = show({ state: 'rejected', boxes: [box()] });
  expect(said()).toContain('Haemorrhage');
  expect(container.querySelector('[data-standing="suspected"]')).not.toBeNull();
  expect(screen.queryByRole('button', { name: 'Marks of Haemorrhage' })).toBeNull();
});

test('jumps to the middle of what is on its key image, and offers no jump without one', () => {
  const { onJump } = show({ boxes: [box()] });
  fireEvent.click(main());
  cleanup();
  show({ keyImage: null }, onJump);
  fireEvent.click(main());
  expect(onJump.mock.calls).toEqual([[{ seriesUid: '1.2', keyImage: KEY, pixel: [14.5, 22.5], mask: null }]]);
});

test('what is uncertain has a word and a mark of its own, is called no flag, and has no urgency', () => {
  const judgedBy = { score: 'probability', unit: null, stacks: 1, flagFrom: 0.9 } as const;
  const { container } = show({ standing: 'uncertain', score: 0.6, threshold: 0.5, judgedBy });
  expect(said()).toContain('uncertain');
  expect(said()).toContain('no flag');
  expect(said()).toContain('score 0.60 (uncertain from 0.50, flags from 0.90)');
  expect(said()).not.toContain('ACR');
  expect(container.querySelector('[data-standing="suspected"], [data-standing="confirmed"]')).toBeNull();
});

test('where small is bad it says so: flagged at a score and below, the lowest of several parts', () => {
  const judgedBy = { score: 'number', unit: '%', stacks: 2, flagFrom: 35, flagWhen: 'at-most' } as const;
  show({ score: 31, threshold: 35, judgedBy });
  expect(said()).toContain('value 31 % (flags at 35 % and below), the lowest of 2 parts');
  cleanup();
  show({ standing: 'uncertain', score: 38, threshold: 40, judgedBy });
  expect(said()).toContain('value 38 % (uncertain at 40 % and below, flags at 35 % and below)');
});

test('a finding of several parts says what it was judged by, and each part its own size and image', () => {
  const second = { ...KEY, sopUid: '1.4', frameOfReferenceUid: '1.10' };
  const { onJump } = show({
    ...{ score: 1.25, threshold: 1, judgedBy: { score: 'volume-ml', unit: 'mL', stacks: 2, flagFrom: 1 } },
    measurements: [
      { code: 'v', display: 'Volume', value: 0.75, unit: 'mL', part: 1 },
      { code: 'v', display: 'Volume', value: 0.5, unit: 'mL', part: 2 },
    ],
    parts: [
      { part: 1, keyImage: KEY, mask: mask('mask-1') },
      { part: 2, keyImage: second, mask: mask('mask-2') },
    ],
  });
  expect(said()).toContain('marked volume 1.25 mL (flags from 1 mL), the sum of 2 parts');
  // The sum is what it was judged by, and is given as the size of nothing.
  expect(said()).not.toContain('Volume 1.25');
  const part = screen.getByRole('button', { name: /Part 2 of 2/ });
  expect(part.textContent).toContain('Volume 0.5 mL');
  fireEvent.click(part);
  expect(onJump).toHaveBeenCalledWith({ seriesUid: '1.2', keyImage: second, pixel: null, mask: mask('mask-2') });
});

test('lists boxes with score, diameter and volume, the first ones until somebody asks, and jumps to each', () => {
  const boxes = [box(), box({ diameterMm: null, volumeMl: null }), ...Array.from({ length: 5 }, () => box())];
  const { onJump } = show({ boxes, judgedBy: { score: 'best-box', unit: null, stacks: 1, flagFrom: 0.5 } });
  expect(said()).toContain('best box 0.94');
  expect(screen.getByRole('button', { name: /Box 1/ }).textContent).toContain('score 0.88 · 8.24 mm · 0.293 mL');
  expect(screen.getByRole('button', { name: /Box 2/ }).textContent).not.toContain('mm');
  expect(screen.queryByRole('button', { name: /Box 6/ })).toBeNull();
  fireEvent.click(screen.getByRole('button', { name: 'Show 2 more' }));
  fireEvent.click(screen.getByRole('button', { name: /Box 7/ }));
  expect(onJump).toHaveBeenCalledWith({ seriesUid: '1.2', keyImage: KEY, pixel: [14.5, 22.5], mask: null });
});

test('is hidden and shown by itself, and so is its heatmap', () => {
  const heatmap = { ...mask('heatmap-1'), low: 0, high: 1 };
  const { onAiView } = show({ heatmaps: [heatmap] });
  fireEvent.click(screen.getByRole('button', { name: 'Marks of Haemorrhage' }));
  expect(onAiView.mock.calls[0]?.[0].hiddenFindings).toEqual(new Set([ID]));
  fireEvent.click(screen.getByRole('switch', { name: 'Heatmap' }));
  expect(onAiView.mock.calls[1]?.[0].heatmapOf).toBeNull();
});

test('of a model that was suspended or retired since the reader is told so', () => {
  const stands = show().container.textContent;
  expect(stands).not.toMatch(/suspended|retired/);
  cleanup();
  expect(show({ withdrawn: 'suspended' }).container.textContent).toContain('model suspended since');
  cleanup();
  expect(show({ withdrawn: 'retired' }).container.textContent).toContain('model retired since');
});

const DECIDED = {
  ...{ decisionId: ID, decision: 'modified', reason: null, aspects: ['side'], words: 'on the left' },
  ...{ by: { userId: ID, name: 'Dr Demo' }, atMs: Date.UTC(2026, 0, 15, 9) },
};

test('says who decided what of it, in which words, and stays AI; what stands is decided otherwise or taken back', () => {
  const decision = Finding.shape.decision.parse(DECIDED);
  const { container, one, decisions } = show({ state: 'modified', decision });
  for (const words of ['Modified by Dr Demo, 2026-01-15 10:00', 'side', '“on the left”', 'AI · Blood 1.0.0'])
    expect(container.textContent).toContain(words);
  fireEvent.click(screen.getByRole('button', { name: 'Accept · Y: Haemorrhage' }));
  fireEvent.click(screen.getByRole('button', { name: 'Reject · N: Haemorrhage, with a reason' }));
  fireEvent.click(screen.getByRole('button', { name: 'Take back: what was decided of Haemorrhage' }));
  expect(vi.mocked(decisions.decide).mock.calls).toEqual([
    [one, { decision: 'accepted' }],
    [one, { decision: 'withdrawn' }],
  ]);
  expect(vi.mocked(decisions.ask).mock.calls).toEqual([[one, 'rejected']]);
});

test('who may not decide, and what newer images took the place of, has no such buttons; a refusal stands in words', () => {
  show({}, vi.fn(), decisionsOf({ mayDecide: false }));
  expect(screen.queryByRole('group', { name: 'Decide Haemorrhage' })).toBeNull();
  cleanup();
  show({ state: 'superseded' });
  expect(screen.queryByRole('group', { name: 'Decide Haemorrhage' })).toBeNull();
  cleanup();
  const failure = { code: 'conflict', detail: 'decided-meanwhile', incidentId: null, retryAfterMs: null } as const;
  show({}, vi.fn(), decisionsOf({ refusal: { findingId: ID, failure } }));
  expect(screen.getByRole('alert').textContent).toBe('Somebody else decided it meanwhile. Look again, then decide.');
});
