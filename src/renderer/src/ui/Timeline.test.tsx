import { cleanup, render, screen } from '@testing-library/react';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { TimelineEntry } from '../../../shared/contract/studies.ts';
import { setUpText } from '../app/text/text.ts';
import { Timeline } from './Timeline.tsx';

beforeAll(() => void setUpText());
afterEach(cleanup);

const entry = (seq: number, rest: object) =>
  TimelineEntry.parse({ seq, atMs: seq * 1000, actor: { kind: 'peer', id: 'p', display: null }, ...rest });

test('the newest stands on top, and arrivals stand as one line with their number', () => {
  const entries = [
    entry(3, { kind: 'instance-received', payload: {}, arrivals: { count: 3, firstAtMs: 0 } }),
    entry(4, { kind: 'study-completed', payload: null }),
    entry(5, { kind: 'instance-received', payload: { outcome: 'new' } }),
  ];
  render(<Timeline entries={entries} zone="UTC" />);
  const lines = screen.getAllByRole('listitem').map((line) => line.querySelector('span')?.textContent);
  expect(lines).toEqual(['Image object received: new', 'Images complete', '3 image objects received']);
});
