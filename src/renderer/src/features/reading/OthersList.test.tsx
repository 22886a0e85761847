import { fireEvent, screen } from '@testing-library/react';
import { expect, test, vi } from 'vitest';
import { setUpPage, show } from '../../app/test-page.tsx';
import type { KeyObjects } from '../../viewport/third-party/key-objects.ts';
import type { MarkedReport } from '../../viewport/third-party/marked-report.ts';
import { readPresentationState } from '../../viewport/third-party/presentation-state.ts';
import type { Segmentation } from '../../viewport/third-party/segmentation.ts';
import { ThirdPartyBook } from '../../viewport/third-party/third-party-book.ts';
import type { JumpTarget } from './jump-target.ts';
import { OthersList } from './OthersList.tsx';
import { countKeys } from './others-targets.ts';

setUpPage();

const by = {
  person: 'Reader^Other',
  maker: 'Elsewhere',
  dateRaw: '20260116',
  seriesUid: '1.9',
  seriesOf: new Map([['1.1', '1.5']]),
};
const of = (vr: string, ...Value: readonly unknown[]) => ({ vr, Value: [...Value] });
const STATE = readPresentationState(
  {
    '00080016': of('UI', '1.2.840.10008.5.1.4.1.1.11.3'),
    '00080018': of('UI', '9.1'),
    '00700080': of('CS', 'RAINBOW'),
  },
  '1.9',
);
const KEYS: KeyObjects = {
  kind: 'key-objects',
  ...by,
  id: '9.2',
  title: 'Rejected for Quality Reasons',
  isWarning: true,
  reasons: ['Motion'],
  description: null,
  references: new Map([
    ['1.1', new Set([4])],
    ['7.7', null],
  ]),
};
const SEGMENTS: Segmentation = {
  kind: 'segmentation',
  ...by,
  id: '9.3',
  label: 'LIVER',
  description: null,
  values: 'binary',
  fraction: null,
  segments: [
    {
      number: 1,
      label: 'Liver',
      category: 'Organ',
      type: 'Liver',
      colour: [1, 2, 3],
      by: 'AUTOMATIC',
      algorithm: 'Net',
    },
  ],
  frames: [],
};
const REPORT: MarkedReport = {
  kind: 'marked-report',
  ...by,
  id: '9.4',
  title: 'Mammography CAD',
  isByMachine: true,
  isVerified: false,
  undrawn: new Set(['graphics-damaged']),
  marks: [
    {
      number: 1,
      name: 'Mass',
      values: ['Certainty 72 %'],
      places: [{ on: 'images', images: new Map([['1.1', null]]), kind: 'POINT', points: [[5, 6]] }],
    },
  ],
};

function open() {
  if (STATE === null) throw new Error('no state');
  const book = new ThirdPartyBook();
  const onJump = vi.fn<(target: JumpTarget) => void>();
  book.found([STATE, KEYS, SEGMENTS, REPORT], 2);
  show(<OthersList book={book} isHere={(uid) => uid === '1.5'} shown={[]} onJump={onJump} />);
  return { book, onJump };
}

test('nothing is on at first; who made what, that none of it is checked here, and what could not be read is said', () => {
  const { book } = open();
  expect(book.getState()).toMatchObject({ applied: null, isHidden: false });
  expect(screen.getAllByRole<HTMLInputElement>('switch').map(({ checked }) => checked)).toEqual([false, false, false]);
  expect(screen.getByRole('alert').textContent).toContain('2 series sent by others could not be read');
  expect(screen.getByText('not verified here')).toBeTruthy();
  expect(screen.getByText('found by a machine, not verified by anyone')).toBeTruthy();
  expect(screen.getByText(/Not all of it shown: graphics that cannot be read/)).toBeTruthy();
  expect(screen.getByText('⚠ Rejected for Quality Reasons')).toBeTruthy();
});

test('a state of a kind that is not shown cannot be turned on and says why', () => {
  open();
  expect(screen.getByRole<HTMLInputElement>('switch', { name: /RAINBOW/ }).disabled).toBe(true);
  expect(screen.getByText(/cannot be applied here/)).toBeTruthy();
});

test('key images and marks are gone to; one whose series is not named is not', () => {
  const { book, onJump } = open();
  fireEvent.click(screen.getByRole('button', { name: 'Image 1' }));
  expect(onJump.mock.calls[0]?.[0]).toMatchObject({ seriesUid: '1.5', keyImage: { sopUid: '1.1', frameNumber: 4 } });
  expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Image 2' }).disabled).toBe(true);
  fireEvent.click(screen.getByRole('button', { name: /1 · Mass/ }));
  expect(onJump.mock.calls[1]?.[0]).toMatchObject({ seriesUid: '1.5', pixel: [5, 6] });
  expect(book.getState().reports.has('9.4')).toBe(true);
});

test('segments are turned on one by one, and one key takes all off and brings them back', () => {
  const { book } = open();
  expect(book.toggle()).toBe(false);
  fireEvent.click(screen.getByRole('switch', { name: /Liver/ }));
  expect([...book.getState().segments]).toEqual(['9.3/1']);
  expect(screen.getByRole('slider')).toBeTruthy();
  expect([book.toggle(), book.getState().isHidden, book.toggle(), book.getState().isHidden]).toEqual([
    true,
    true,
    true,
    false,
  ]);
});

test('a series counts the key images others picked out of it, faulty ones apart', () => {
  expect(countKeys([KEYS], '1.5')).toEqual({ picked: 0, warned: 1 });
  expect(countKeys(null, '1.5')).toEqual({ picked: 0, warned: 0 });
});
