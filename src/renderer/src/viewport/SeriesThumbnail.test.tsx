import { cleanup, render } from '@testing-library/react';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { readStack, type StackImage } from './stack.ts';

const made = vi.hoisted(() => ({
  series: vi.fn<() => unknown>(),
  draw: vi.fn<(image: StackImage) => Promise<void>>(async () => undefined),
  register: vi.fn<(presented: { images: readonly StackImage[] }) => () => void>(() => () => undefined),
}));
vi.mock('./use-series.ts', () => ({ useSeries: made.series }));
vi.mock('./thumbnail.ts', () => ({ drawThumbnail: made.draw }));
vi.mock('./third-party/use-third-party.ts', () => ({ registerPresented: made.register }));
// Test files share their processes: the next one gets the real modules again.
afterAll(() => {
  for (const module of ['./use-series.ts', './thumbnail.ts', './third-party/use-third-party.ts']) vi.doUnmock(module);
  vi.resetModules();
});
const { SeriesThumbnail } = await import('./SeriesThumbnail.tsx');
afterEach(cleanup);

const of = (...Value: readonly unknown[]) => ({ Value: [...Value] });

test('a run that opens subtracted, in a window of differences, is small as it opens: as it was stored it is white', () => {
  const run = {
    ...{ '00080060': of('XA'), '00080018': of('9.1'), '00280008': of(3), '00280010': of(4), '00280011': of(4) },
    ...{ '00281050': of(0), '00281051': of(100), '00280101': of(12), '00281090': of('SUB') },
    '00286100': of({ '00286101': of('AVG_SUB'), '00286110': of(1) }),
  };
  const stack = readStack([run], { dicomwebPath: '/d', studyUid: '1', seriesUid: '1.5' });
  made.series.mockReturnValue({ state: 'ready', stack });
  render(<SeriesThumbnail shelf={{} as never} seriesUid="1.5" />);
  const drawn = made.draw.mock.calls[0]?.[0];
  expect(drawn?.subtracted?.maskFrames).toEqual([1]);
  // What the engine is asked for it has been told of.
  expect(made.register.mock.calls[0]?.[0].images).toEqual([drawn]);
});
