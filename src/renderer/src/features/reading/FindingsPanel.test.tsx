import { MantineProvider } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import { render, screen } from '@testing-library/react';
import type { ReactNode } from 'react';
import { afterAll, expect, test, vi } from 'vitest';
import type { Finding, QualityRemark } from '../../../../shared/contract/studies.ts';
import { AiStatus } from '../../../../shared/domain/ai-status.ts';
import { StudyId } from '../../../../shared/domain/ids.ts';
import { setUpPage } from '../../app/test-page.tsx';
import { WHOLE_AI_VIEW } from '../../viewport/ai-view.ts';
import type { Decisions } from './decisions/use-decisions.ts';
import { FindingsPanel } from './FindingsPanel.tsx';

/** Links go nowhere here: there is no router. */
vi.mock('@tanstack/react-router', () => ({
  Link: ({ children }: { children: ReactNode }) => <a href="/">{children}</a>,
}));

setUpPage();
// Files share their modules: the next one has the real thing again.
afterAll(() => vi.doUnmock('@tanstack/react-router'));

/** Nobody here may decide. */
const NO_DECISIONS: Decisions = {
  ...{ mayDecide: false, chosen: null, asked: null, refusal: null, isPending: false },
  ...{ choose: () => undefined, ask: () => undefined, decide: () => undefined, press: () => undefined },
};

const noRemarks = { data: [], isError: false } as unknown as UseQueryResult<QualityRemark[]>;

/** What the panel says of an empty list. */
function said(ai: AiStatus, remarks = noRemarks): string {
  const findings = { data: [], isPending: false, isError: false } as unknown as UseQueryResult<Finding[]>;
  render(
    <MantineProvider>
      <FindingsPanel
        {...{ findings, remarks, ai, runs: [], aiView: WHOLE_AI_VIEW, decisions: NO_DECISIONS }}
        urgency={{ level: 'routine', standing: 'ordinary', raises: 0 }}
        studyId={StudyId.parse('0196c0de-0000-7000-8000-000000000001')}
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

test('a remark on quality stands under its own heading, with its series and its model, and is no finding and no flag', () => {
  const remark = {
    ...{ remarkId: 'r', studyId: 's', runId: 'u', revision: 1, isSuperseded: false, seriesUid: '1.2', keyImage: null },
    withdrawn: null,
    model: { id: 'q', name: 'Quality', version: '1.0.0', clinicalUse: 'none', stage: 'general' },
    label: { code: 'noise', scheme: '99TEST', display: 'Noisy images' },
    ...{ score: 0.8, threshold: 0.5, judgedBy: { score: 'probability', unit: null, stacks: 1, flagFrom: 0.5 } },
    measurements: [{ code: 'hu', display: 'Noise', value: 31.4, unit: "[hnsf'U]", part: null }],
  };
  const remarks = { data: [remark, { ...remark, remarkId: 'old', isSuperseded: true }], isError: false };
  const panel = said(
    AiStatus.parse({ state: 'no-flag', readSeries: 1, eligibleSeries: 1 }),
    remarks as unknown as UseQueryResult<QualityRemark[]>,
  );
  expect(panel).toContain(LISTED_NOTHING);
  const quality = screen.getByRole('region', { name: 'Image quality, by AI' }).textContent;
  expect(quality.match(/Noisy images/g)).toHaveLength(1);
  for (const words of ['score 0.80 (remarked from 0.50)', 'Noise 31.4', 'AI · Quality 1.0.0', 'not for clinical use'])
    expect(quality).toContain(words);
  expect(quality).not.toMatch(/flag|ACR|urgent/i);
});

test('remarks that could not be loaded are said to be missing', () => {
  const failed = { data: undefined, isError: true, error: new Error('gone'), refetch: () => undefined };
  said(
    AiStatus.parse({ state: 'no-flag', readSeries: 1, eligibleSeries: 1 }),
    failed as unknown as UseQueryResult<QualityRemark[]>,
  );
  expect(screen.getByText('Remarks on image quality could not be loaded')).toBeTruthy();
});
