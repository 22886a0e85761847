import { fireEvent, screen } from '@testing-library/react';
import { expect, test, vi } from 'vitest';
import { setUpPage, show } from '../../app/test-page.tsx';
import { dataSetRows } from './data-set-rows.ts';
import { DocumentView } from './DocumentView.tsx';
import type { openPdf as OpenPdf } from './pdf/open-pdf.ts';
import { sharpnessOf } from './pdf/pdf-zoom.ts';
import { readSrTree } from './sr-tree.ts';

vi.mock('./pdf/open-pdf.ts', () => ({ openPdf }));
const openPdf = vi.hoisted(() => vi.fn<typeof OpenPdf>());

setUpPage();

const HERE = { patient: { mrn: '4711', underInvestigation: false }, priorOf: null };

const of = (vr: string, ...Value: readonly unknown[]) => ({ vr, Value: [...Value] });
const code = (meaning: string, value = 'X') => of('SQ', { '00080100': of('SH', value), '00080104': of('LO', meaning) });
const item = (type: string, name: string, rest: Readonly<Record<string, unknown>> = {}) => ({
  '0040A010': of('CS', 'CONTAINS'),
  '0040A040': of('CS', type),
  '0040A043': code(name),
  ...rest,
});
const measured = (value: string, unit: string) => ({
  '0040A300': of('SQ', { '0040A30A': of('DS', value), '004008EA': code('unit', unit) }),
});
const REPORT = {
  '00080060': of('CS', 'SR'),
  '00080070': of('LO', 'Elsewhere'),
  '0040A040': of('CS', 'CONTAINER'),
  '0040A043': code('Imaging Measurement Report'),
  '0040A491': of('CS', 'COMPLETE'),
  '0040A493': of('CS', 'UNVERIFIED'),
  '0040A730': of(
    'SQ',
    item('CONTAINER', 'Measurement Group', {
      '0040A730': of(
        'SQ',
        item('NUM', 'Diameter', measured('12.5', 'mm')),
        item('NUM', 'Count', measured('3', '{count}')),
        item('NUM', 'Volume', { '0040A301': code('Measurement failure') }),
        item('CODE', 'Finding', { '0040A168': code('Nodule') }),
        item('IMAGE', 'Source', {
          '00081199': of('SQ', { '00081155': of('UI', '1.2.3'), '00081160': of('IS', 4, 5) }),
        }),
        item('PNAME', 'Observer', { '0040A123': of('PN', { Alphabetic: 'Reader^One' }) }),
      ),
    }),
    { '0040A010': of('CS', 'INFERRED FROM'), '0040DB73': of('UL', 1, 1, 2) },
  ),
};

test('a report is read with its coded names, numbers with their units, and why a number is missing', () => {
  const tree = readSrTree(REPORT);
  const [group, reference] = tree?.children ?? [];
  expect(group?.children.map(({ name, value }) => [name, value])).toEqual([
    ['Diameter', '12.5 mm'],
    ['Count', '3'],
    ['Volume', 'Measurement failure'],
    ['Finding', 'Nodule'],
    ['Source', '1.2.3 (4, 5)'],
    ['Observer', 'Reader^One'],
  ]);
  expect(reference?.value).toBe('1.1.2');
  expect(readSrTree({ '00080060': of('CS', 'ECG') })).toBeNull();
});

test('a report that is deeper or longer than any real one is cut, says so, and is not followed for ever', () => {
  const nest = (depth: number): Record<string, unknown> =>
    item('CONTAINER', 'again', depth === 0 ? {} : { '0040A730': of('SQ', nest(depth - 1)) });
  const cut: boolean[] = [];
  for (let one = readSrTree(nest(100) as never); one !== null; one = one.children[0] ?? null) cut.push(one.isCut);
  expect(cut).toEqual([...Array.from({ length: 32 }, () => false), true]);
  const wide = { '0040A730': of('SQ', ...Array.from({ length: 6000 }, () => item('TEXT', 'one'))) };
  const tree = readSrTree(wide);
  expect([tree?.children.length, tree?.isCut]).toEqual([4999, true]);
  show(<DocumentView {...HERE} documents={[{ ...REPORT, ...nest(40) }]} />);
  expect(screen.getByRole('note').textContent).toMatch(/not all shown/i);
});

test('a data set is lines with their names, items below their sequence', () => {
  const { rows, isCut } = dataSetRows(REPORT);
  expect(rows[0]).toMatchObject({ tag: '0008,0060', name: 'Modality', vr: 'CS', value: 'SR', depth: 0 });
  expect(rows.find(({ depth }) => depth === 1)).toMatchObject({ tag: '0008,0100' });
  expect(isCut).toBe(false);
});

test('the page names the maker and what state the report is in', () => {
  show(<DocumentView {...HERE} documents={[REPORT]} />);
  expect(screen.getByRole('heading').textContent).toBe('Imaging Measurement Report');
  expect(screen.getByText(/Elsewhere/)).toBeTruthy();
  expect(screen.getByText(/not verified/i)).toBeTruthy();
  expect(screen.getByText('12.5 mm')).toBeTruthy();
});

test('whom a document names itself is said, and that it is another patient’s or an earlier exam’s', () => {
  const of4712 = { ...REPORT, '00100010': of('PN', { Alphabetic: 'Roe^John' }), '00100020': of('LO', '4712') };
  const priorOf = { dateRaw: '20240101' } as Parameters<typeof DocumentView>[0]['priorOf'];
  show(<DocumentView {...HERE} priorOf={priorOf} documents={[of4712]} />);
  for (const words of [/Roe/, /4712/, /another MRN/, /2024/])
    expect(screen.getAllByText(words).length).toBeGreaterThan(0);
});

test('a document of a patient in doubt says so, and all that it says is hidden with names', () => {
  const inDoubt = { mrn: '4711', underInvestigation: true };
  const shown = show(<DocumentView {...HERE} patient={inDoubt} documents={[REPORT]} />);
  expect(screen.getByText(/UNDER INVESTIGATION/)).toBeTruthy();
  expect(screen.getByText('Reader^One').closest('[data-phi]')).not.toBeNull();
  shown(<DocumentView {...HERE} key="other" documents={[encapsulated('text/xml', inline('<a/>'))]} />);
  expect(screen.queryByText(/UNDER INVESTIGATION/)).toBeNull();
  expect(screen.getByText('0042,0012').closest('[data-phi]')).not.toBeNull();
});

test('over pictures a document keeps its keys to itself, and Escape or its button goes back to them', () => {
  const [below, onClose] = [vi.fn<() => void>(), vi.fn<() => void>()];
  const over = (close?: () => void) => (
    // oxlint-disable-next-line jsx-a11y/no-static-element-interactions -- as the viewport around it.
    <div onKeyDown={below}>
      <DocumentView {...HERE} documents={[REPORT]} {...(close && { onClose: close })} />
    </div>
  );
  const shown = show(over(onClose));
  const back = screen.getByRole('button', { name: 'Back to the images' });
  expect(document.activeElement).toBe(back);
  fireEvent.keyDown(back, { key: '*' });
  fireEvent.keyDown(back, { key: 'Escape' });
  fireEvent.click(back);
  expect([below.mock.calls.length, onClose.mock.calls.length]).toEqual([0, 2]);
  shown(over());
  expect(screen.queryByRole('button', { name: 'Back to the images' })).toBeNull();
  fireEvent.keyDown(screen.getByText('Reader^One'), { key: '.' });
  expect(below).toHaveBeenCalledTimes(1);
});

test.each([
  [900, 1200, 2, 2],
  [2000, 2600, 4, 1.754],
  // A strip: its area would do, and no browser draws so long a canvas.
  [100, 50_000, 1, 0.3277],
  [4000, 40, 8, 4.096],
])('a page %i by %i on a screen of %f is drawn at %f', (width, height, screenHas, drawnAt) => {
  expect(sharpnessOf(width, height, screenHas)).toBeCloseTo(drawnAt, 3);
});

const encapsulated = (type: string, value: object) => ({
  '00420010': of('ST', 'Letter'),
  '00420012': of('LO', type),
  '00420011': { vr: 'OB', ...value },
  '00420015': of('UL', 5),
});
const inline = (text: string) => ({ InlineBinary: btoa(text) });

test('an encapsulated document is saved as it was under a file name that says nothing, and says when it cannot be had', async () => {
  const saved: [string, number][] = [];
  let size = 0;
  const createObjectURL = (blob: Blob) => {
    size = blob.size;
    return 'blob:x';
  };
  vi.stubGlobal('URL', Object.assign(URL, { createObjectURL, revokeObjectURL: () => undefined }));
  vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function click(this: HTMLAnchorElement) {
    saved.push([this.download, size]);
  });
  const shown = show(<DocumentView {...HERE} documents={[encapsulated('text/XML', inline('<a/>\n\0'))]} />);
  expect(screen.getByText('0042,0012')).toBeTruthy();
  fireEvent.click(screen.getByRole('button', { name: /save/i }));
  await vi.waitFor(() => expect(saved).toEqual([['document.xml', 5]]));
  shown(<DocumentView {...HERE} key="other" documents={[encapsulated('model/stl', {})]} />);
  fireEvent.click(screen.getByRole('button', { name: /save/i }));
  await screen.findByRole('alert');
  vi.restoreAllMocks();
});

test('a PDF is opened with its own bytes and turned over page by page; each page says whether all of it is there', async () => {
  const drawn: number[] = [];
  openPdf.mockResolvedValue({
    ok: true,
    value: {
      pages: 2,
      draw: async (page) => {
        drawn.push(page);
        return { text: `words ${page}`, isWhole: page === 1 };
      },
    },
  });
  vi.spyOn(Element.prototype, 'clientWidth', 'get').mockReturnValue(600);
  Element.prototype.scrollTo = () => undefined;
  show(<DocumentView {...HERE} documents={[encapsulated('application/pdf', inline('%PDF\n\0'))]} />);
  await screen.findByText('words 1');
  expect(openPdf.mock.calls[0]?.[0]).toHaveLength(5);
  expect(screen.queryByText(/not all shown/i)).toBeNull();
  fireEvent.keyDown(screen.getByRole('region', { name: 'Pages of the document' }), { key: 'PageDown' });
  await screen.findByText('words 2');
  expect(screen.getByText(/not all shown/i)).toBeTruthy();
  expect([drawn, screen.getByText('Page 2 of 2')]).toEqual([[1, 2], expect.anything()]);
  expect(screen.getByRole('button', { name: 'Next page' })).toHaveProperty('disabled', true);
  vi.restoreAllMocks();
});

test('a PDF that was left before it could be opened is not opened', async () => {
  const real = await vi.importActual<{ readonly openPdf: typeof OpenPdf }>('./pdf/open-pdf.ts');
  await expect(real.openPdf(new Uint8Array(4), AbortSignal.abort())).rejects.toThrow(/abort/i);
});

test.each([
  ['encrypted', /password/],
  ['damaged', /damaged, or none/],
  ['too-large', /too large/],
  ['too-slow', /too long/],
] as const)('a PDF that is %s says so, and can be saved', async (code, words) => {
  openPdf.mockResolvedValue({ ok: false, error: { code } });
  show(<DocumentView {...HERE} documents={[encapsulated('application/pdf', inline('%PDF'))]} />);
  expect((await screen.findByRole('alert')).textContent).toMatch(words);
  expect(screen.getByRole('button', { name: /save/i })).toBeTruthy();
});
