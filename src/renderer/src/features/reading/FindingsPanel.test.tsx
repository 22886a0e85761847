import { MantineProvider } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import { render, screen } from '@testing-library/react';
import { expect, test } from 'vitest';
import type { Finding, QualityRemark } from '../../../../shared/contract/studies.ts';
import { AiStatus } from '../../../../shared/domain/ai-status.ts';
import { setUpPage } from '../../app/test-page.tsx';
import { WHOLE_AI_VIEW } from '../../viewport/ai-view.ts';
import { FindingsPanel } from './FindingsPanel.tsx';

setUpPage();

const noRemarks = { data: [], isError: false } as unknown as UseQueryResult<QualityRemark[]>;

/** What the panel says of an empty list. */
function said(ai: AiStatus, remarks = noRemarks): string {
  const findings = { data: [], isPending: false, isError: false } as unknown as UseQueryResult<Finding[]>;
  render(
    <MantineProvider>
      <FindingsPanel
        {...{ findings, remarks, ai, runs: [], aiView: WHOLE_AI_VIEW }}
        onAiView={() => undefined}
        seriesName={() => null}
        onKeyDown={() => undefined}
        onJump={() => undefined}
      />
    </MantineProvider>,
  );
  return screen.getByRole('region', { name: 'AI findings' }).textContent;
}

const LISTED_NOTHING = 'AI ran and listed nothing. That rules nothing out.';

test('an empty list is said to be what AI listed only where AI finished', () => {
  const noFlag = AiStatus.parse({ state: 'no-flag', readSeries: 1, eligibleSeries: 1 });
  expect(said(noFlag)).toContain(LISTED_NOTHING);
});

test.each([
  [{ state: 'awaiting-images' }, 'AI waits for images'],
  [{ state: 'no-model' }, 'No AI for this exam'],
  [{ state: 'waiting' }, 'AI waiting'],
  [{ state: 'running', startedAtMs: 0 }, 'AI running'],
  [{ state: 'late', startedAtMs: null }, 'AI late, still running'],
  [{ state: 'not-run', reason: 'too-few-slices' }, 'AI not run: too few slices'],
] as const)('in state %j it says that there is no result, and why', (ai, words) => {
  const panel = said(AiStatus.parse(ai));
  expect(panel).toContain(`There is no AI result to list. ${words}`);
  expect(panel).not.toContain('listed nothing');
  expect(panel).not.toMatch(/negative|normal|clear\b|no findings/i);
});
