import { expect, test } from 'vitest';
import type { Finding, StudyDetail } from '../../../../shared/contract/studies.ts';
import { opensWith } from './begin-study.ts';
import { SHIPPED_HANGING } from './hanging/hanging-rule.ts';

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
