import { beforeEach, expect, test, vi } from 'vitest';
import { useSession } from '../bridge/session.ts';
import { ok } from '../../../shared/domain/result.ts';
import { fetchStack } from './dicomweb.ts';
import { prepareStudy, takeShelf } from './prepared-study.ts';

vi.mock('./engine.ts', () => ({
  shareNow: () => 2 ** 29,
  registerImages: () => undefined,
  forgetImages: () => undefined,
}));
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
  await prepareStudy(asOf(1), OPENING);
  await takeShelf(asOf(1)).stack('1.2.3');
  expect(fetchStack).toHaveBeenCalledTimes(1);
  await takeShelf(asOf(1)).stack('1.2.3');
  expect(fetchStack).toHaveBeenCalledTimes(2);
});

test('a study that got images since it was made ready is asked for anew: its late slices are on the screen', async () => {
  await prepareStudy(asOf(1), OPENING);
  await takeShelf(asOf(2)).stack('1.2.3');
  expect(fetchStack).toHaveBeenCalledTimes(2);
  await prepareStudy(asOf(3), OPENING);
  expect(fetchStack).toHaveBeenCalledTimes(3);
});

test('nothing that was made ready outlives a signing out', async () => {
  await prepareStudy(asOf(4), OPENING);
  useSession.setState({ state: 'signed-out' });
  await takeShelf(asOf(4)).stack('1.2.3');
  expect(fetchStack).toHaveBeenCalledTimes(2);
});
