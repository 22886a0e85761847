import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { Finding } from '../../../../shared/contract/studies.ts';
import { setUpText } from '../../app/text/text.ts';
import { FindingEntry } from './FindingEntry.tsx';

beforeAll(() => void setUpText());
afterEach(cleanup);

const ID = '01930000-0000-7000-8000-000000000001';

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
      measurements: [{ code: 'v', display: 'Volume', value: 23.456, unit: 'ml' }],
      seriesUid: '1.2',
      keyImage: { sopUid: '1.3', centreMm: [0, 0, 0] },
      mask: null,
    }),
    ...change,
  };
}

const said = () => screen.getByRole('button').textContent;

test('names the AI, its standing and its use, its score as a score, and the volume', () => {
  render(<FindingEntry finding={finding()} onJump={() => undefined} />);
  for (const part of ['AI · Blood 1.0.0', 'unverified', 'not for clinical use', 'score 0.94', 'Volume 23.5 ml']) {
    expect(said()).toContain(part);
  }
  expect(said()).not.toContain('%');
});

test('stays AI when a person accepted it: only *unverified* goes, and the mark is filled', () => {
  const { container } = render(<FindingEntry finding={finding({ state: 'accepted' })} onJump={() => undefined} />);
  expect(said()).toContain('AI · Blood 1.0.0');
  expect(said()).not.toContain('unverified');
  expect(container.querySelector('[data-standing]')?.getAttribute('data-standing')).toBe('confirmed');
});

test('keeps a rejected finding on the list, hollow', () => {
  const { container } = render(<FindingEntry finding={finding({ state: 'rejected' })} onJump={() => undefined} />);
  expect(said()).toContain('Haemorrhage');
  expect(container.querySelector('[data-standing]')?.getAttribute('data-standing')).toBe('suspected');
});

test('jumps when chosen, and offers no jump without a key image', () => {
  const jump = vi.fn<() => void>();
  render(<FindingEntry finding={finding()} onJump={jump} />);
  fireEvent.click(screen.getByRole('button'));
  cleanup();
  render(<FindingEntry finding={finding({ keyImage: null })} onJump={jump} />);
  fireEvent.click(screen.getByRole('button'));
  expect(jump).toHaveBeenCalledTimes(1);
});
