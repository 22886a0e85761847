import { beforeEach, expect, test, vi } from 'vitest';
import { useSession } from '../bridge/session.ts';
import { ok } from '../../../shared/domain/result.ts';
import { fetchStack } from './dicomweb.ts';
import type { StackImage } from './stack.ts';
import { loadAhead } from './loaded-image.ts';
import { prepareStudy, takeShelf } from './prepared-study.ts';

vi.mock('./engine.ts', () => ({
  shareNow: () => 2 ** 29,
  registerImages: () => undefined,
  forgetImages: () => undefined,
}));
vi.mock('./loaded-image.ts', () => ({ loadAhead: vi.fn<typeof loadAhead>(() => Promise.resolve()) }));
vi.mock('./dicomweb.ts', () => ({ fetchStack: vi.fn<typeof fetchStack>() }));

const asOf = (revision: number) => ({ dicomwebPath: '/dicomweb', studyUid: '1.2', revision });
const OPENING = { series: ['1.2.3'], images: 0 };

beforeEach(() => {
  vi.mocked(fetchStack).mockReset();
  vi.mocked(fetchStack).mockImplementation(({ seriesUid }) =>
    Promise.resolve(ok({ seriesUid, modality: 'CT', images: [] })),
  );
});

test('what was made ready of a study is taken for it, once', async () => {
  await prepareStudy(asOf(1), 'opening', OPENING);
  await takeShelf(asOf(1)).stack('1.2.3');
  expect(fetchStack).toHaveBeenCalledTimes(1);
  await takeShelf(asOf(1)).stack('1.2.3');
  expect(fetchStack).toHaveBeenCalledTimes(2);
});

test('a study that got images since it was made ready is asked for anew: its late slices are on the screen', async () => {
  await prepareStudy(asOf(11), 'opening', OPENING);
  await takeShelf(asOf(12)).stack('1.2.3');
  expect(fetchStack).toHaveBeenCalledTimes(2);
  await prepareStudy(asOf(13), 'opening', OPENING);
  expect(fetchStack).toHaveBeenCalledTimes(3);
});

test('a study whose page was quicker is asked for once, and again after it was left', async () => {
  const open = takeShelf(asOf(10));
  await open.stack('1.2.3');
  await prepareStudy(asOf(10), 'opening', OPENING);
  expect(fetchStack).toHaveBeenCalledTimes(1);
  open.close();
  await prepareStudy(asOf(10), 'opening', OPENING);
  expect(fetchStack).toHaveBeenCalledTimes(2);
});

test('nothing that was made ready outlives a signing out', async () => {
  await prepareStudy(asOf(4), 'opening', OPENING);
  useSession.setState({ state: 'signed-out' });
  await takeShelf(asOf(4)).stack('1.2.3');
  expect(fetchStack).toHaveBeenCalledTimes(2);
});

test('the study that follows stays ready while somebody stays on the rows of others', async () => {
  await prepareStudy(asOf(5), 'next', OPENING);
  await prepareStudy(asOf(6), 'opening', OPENING);
  await prepareStudy(asOf(7), 'opening', OPENING);
  expect(fetchStack).toHaveBeenCalledTimes(3);
  await takeShelf(asOf(5)).stack('1.2.3');
  await takeShelf(asOf(7)).stack('1.2.3');
  expect(fetchStack).toHaveBeenCalledTimes(3);
  await takeShelf(asOf(6)).stack('1.2.3');
  expect(fetchStack).toHaveBeenCalledTimes(4);
});

test('images are made ready from the one a study opens at outwards', async () => {
  const images = ['1', '2', '3', '4', '5'].map((sopUid) => ({ sopUid, frame: 1, bytes: 10 }) as unknown as StackImage);
  vi.mocked(fetchStack).mockImplementation(({ seriesUid }) =>
    Promise.resolve(ok({ seriesUid, modality: 'CT', images })),
  );
  const ready = () => vi.mocked(loadAhead).mock.calls.map(([image]) => image?.sopUid);
  await prepareStudy(asOf(8), 'next', { series: ['1.2.3'], images: 2, frame: { sopUid: '2', frameNumber: 1 } });
  expect(ready()).toEqual(['2', '3']);
  vi.mocked(loadAhead).mockClear();
  await prepareStudy(asOf(9), 'next', { series: ['1.2.3'], images: 1 });
  expect(ready()).toEqual(['3']);
});
