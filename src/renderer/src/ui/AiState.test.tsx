import { cleanup, render } from '@testing-library/react';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { type AiStatus, NOT_RUN_REASONS } from '../../../shared/domain/ai-status.ts';
import { setUpText } from '../app/text/text.ts';
import { AiState } from './AiState.tsx';

beforeAll(() => void setUpText());
afterEach(cleanup);

const flagged: AiStatus = {
  state: 'flagged',
  findings: [{ code: '1', display: 'Intracranial haemorrhage', score: 0.9371, model: 'Reference ICH' }],
};

const every: readonly AiStatus[] = [
  flagged,
  { state: 'no-flag', readSeries: 1, eligibleSeries: 1 },
  { state: 'no-flag', readSeries: 1, eligibleSeries: 2 },
  { state: 'not-applicable', reason: 'comparison' },
  { state: 'not-applicable', reason: 'own' },
  { state: 'awaiting-images' },
  { state: 'no-model' },
  { state: 'waiting' },
  { state: 'running', startedAtMs: 0 },
  { state: 'late', startedAtMs: null },
  ...NOT_RUN_REASONS.map((reason) => ({ state: 'not-run', reason }) as const),
];

test('no state ever says that all is well, shows a percent or a tick, and each names AI', () => {
  for (const ai of every) {
    const { container, unmount } = render(<AiState ai={ai} showScores />);
    const said = container.textContent;
    expect(said).toContain('AI');
    expect(said).not.toMatch(/negative|normal|clear|clean|healthy|no finding|%|✓|✔/i);
    expect(said).not.toMatch(/^ai\.|reason\./);
    expect(container.innerHTML).not.toMatch(/icon-(circle-)?check|green/);
    unmount();
  }
});

test('no flag says of how many series when fewer were read than could be', () => {
  const said = (readSeries: number, eligibleSeries: number) => {
    const { container, unmount } = render(<AiState ai={{ state: 'no-flag', readSeries, eligibleSeries }} />);
    const text = container.textContent;
    unmount();
    return text;
  };
  expect([said(1, 1), said(1, 2)]).toEqual(['AI: no flag', 'AI: no flag (1 of 2 series read)']);
});

test('scores are silent until asked for, and then come with the model, never as a percent', () => {
  const quiet = render(<AiState ai={flagged} />);
  expect(quiet.container.textContent).toBe('AI: Intracranial haemorrhage');
  quiet.unmount();
  const asked = render(<AiState ai={flagged} showScores clinicalUse="none" />);
  expect(asked.container.textContent).toBe(
    'AI: Intracranial haemorrhage (score 0.94, Reference ICH) · not for clinical use',
  );
});
