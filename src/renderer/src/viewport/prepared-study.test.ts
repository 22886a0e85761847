import { beforeEach, expect, test, vi } from 'vitest';
import { type Session, useSession } from '../bridge/session.ts';
import { err, ok } from '../../../shared/domain/result.ts';
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

const asOf = (revision: number) => ({
  ...{ dicomwebPath: '/dicomweb', studyUid: '1.2', revision, patientId: 'p' },
  identityVersion: 1,
});
const REFUSED = { code: 'unreachable', detail: null, incidentId: null, retryAfterMs: null } as const;
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

test('what was made ready is not taken once the study is another patient’s, or their identity was corrected', async () => {
  await prepareStudy(asOf(14), 'opening', OPENING);
  await takeShelf({ ...asOf(14), patientId: 'other' }).stack('1.2.3');
  await takeShelf({ ...asOf(14), identityVersion: 2 }).stack('1.2.3');
  expect(fetchStack).toHaveBeenCalledTimes(3);
});

test('what could not be made ready is tried again', async () => {
  vi.mocked(fetchStack).mockImplementationOnce(() => Promise.resolve(err({ ...REFUSED })));
  await prepareStudy(asOf(15), 'opening', OPENING);
  await prepareStudy(asOf(15), 'opening', OPENING);
  expect(fetchStack).toHaveBeenCalledTimes(2);
});

test('the study that somebody stays on is made ready as the next one, too, without being asked for again', async () => {
  await prepareStudy(asOf(16), 'opening', OPENING);
  await prepareStudy(asOf(16), 'next', OPENING);
  await prepareStudy(asOf(17), 'opening', OPENING);
  await takeShelf(asOf(16)).stack('1.2.3');
  expect(fetchStack).toHaveBeenCalledTimes(2);
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

test('nothing that was made ready for one person is there for another', async () => {
  const signedIn = (userId: string) => ({ state: 'signed-in', user: { userId } }) as unknown as Session;
  useSession.setState(signedIn('anna'), true);
  await prepareStudy(asOf(18), 'next', OPENING);
  useSession.setState(signedIn('ben'), true);
  await takeShelf(asOf(18)).stack('1.2.3');
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
