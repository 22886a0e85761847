import type { QueryClient } from '@tanstack/react-query';
import { beforeEach, expect, test, vi } from 'vitest';
import type { Finding, StudyDetail } from '../../../../shared/contract/studies.ts';
import type { StudyId } from '../../../../shared/domain/ids.ts';
import { type Session, useSession } from '../../bridge/session.ts';
import { prepareStudy } from '../../viewport/prepared-study.ts';
import { makeReady, opensWith } from './begin-study.ts';
import { SHIPPED_HANGING } from './hanging/hanging-rule.ts';

vi.mock('../../viewport/prepared-study.ts', () => ({
  asOf: (of: StudyDetail) => of.dicomwebPath,
  prepareStudy: vi.fn<typeof prepareStudy>(() => Promise.resolve()),
}));

const signedIn = (userId: string) => ({ state: 'signed-in', user: { userId } }) as unknown as Session;
beforeEach(() => {
  vi.mocked(prepareStudy).mockClear();
  useSession.setState(signedIn('anna'), true);
});

const series = (seriesUid: string, modality: string, description: string, instances: number) => ({
  ...{ seriesId: seriesUid, seriesUid, number: null, description, modality, instances, displayable: true },
});

function study(description: string, all: ReturnType<typeof series>[], ai = 'finished'): StudyDetail {
  const exam = { description, bodyPart: null, modality: all[0]?.modality ?? null, dateRaw: null };
  return { series: all, runs: [], priors: [], row: { exam, ai: { state: ai } } } as unknown as StudyDetail;
}

const HEAD = [series('scout', 'CT', 'Scout', 1), series('thin', 'CT', '1.0', 160), series('thick', 'CT', '5.0', 30)];

const found = (seriesUid: string, sopUid: string) =>
  ({ seriesUid, standing: 'flagged', state: 'proposed', keyImage: { sopUid, frameNumber: 1 } }) as unknown as Finding;

test('asks for the series that hang at once, the one under the eye first, and for its middle image', () => {
  const opening = opensWith(study('Abdomen', HEAD), SHIPPED_HANGING, []);
  expect(opening).toEqual({ series: ['thin'], images: 1, frame: null });
});

test('asks for the image that AI flagged first, in the series it is in', () => {
  const opening = opensWith(study('Abdomen', HEAD, 'flagged'), SHIPPED_HANGING, [found('thick', '1.7')]);
  expect(opening).toEqual({ series: ['thick'], images: 1, frame: { sopUid: '1.7', frameNumber: 1 } });
});

test('asks for no image while it is not known where AI found something', () => {
  const opening = opensWith(study('Abdomen', HEAD, 'flagged'), SHIPPED_HANGING, null);
  expect(opening).toEqual({ series: ['thin'], images: 0, frame: null });
});

test('asks for all films of a study that hangs by what they say of themselves', () => {
  const films = ['RCC', 'LCC', 'RMLO', 'LMLO'].map((view) => series(view, 'MG', view, 1));
  expect(opensWith(study('Mammography', films), SHIPPED_HANGING, [])).toEqual({
    series: ['RCC', 'LCC', 'RMLO', 'LMLO'],
    images: 0,
  });
});

/** A cache whose answers come when they are let. */
function slowCache() {
  const answers: ((answered: StudyDetail) => void)[] = [];
  const cache = {
    query: () => new Promise<StudyDetail>((resolve) => answers.push(resolve)),
    getQueryData: () => undefined,
  } as unknown as QueryClient;
  const answer = (at: number, name: string) =>
    answers[at]?.({ ...study('Abdomen', HEAD), dicomwebPath: name, letGo: 0 });
  return { cache, answer, ready: () => vi.mocked(prepareStudy).mock.calls.map(([of, place]) => [of, place]) };
}

test('an answer that comes late for a row that was left makes nothing ready', async () => {
  const { cache, answer, ready } = slowCache();
  const asked = ['a', 'b'].map((id) => makeReady(cache, id as StudyId, 'opening'));
  const next = makeReady(cache, 'c' as StudyId, 'next');
  for (const [at, name] of [
    [1, 'b'],
    [0, 'a'],
    [2, 'c'],
  ] as const)
    answer(at, name);
  await Promise.all([...asked, next]);
  expect(ready()).toEqual([
    ['b', 'opening'],
    ['c', 'next'],
  ]);
});

test.each(['signs out', 'is somebody else now'])('nothing is made ready for one who %s meanwhile', async (what) => {
  const { cache, answer, ready } = slowCache();
  const asked = makeReady(cache, 'a' as StudyId, 'opening');
  useSession.setState(what === 'signs out' ? { state: 'signed-out' } : signedIn('ben'), true);
  answer(0, 'a');
  await asked;
  expect(ready()).toEqual([]);
});
