import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { ModelManifest } from '../src/shared/domain/model-manifest.ts';
import { describeEvaluation } from './evaluation-doc.ts';
import { Evaluation } from './evaluation-file.ts';
import { SHIPPED_MODELS } from './shipped-models.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const [BEGIN, END] = ['<!-- measured: begin -->\n', '<!-- measured: end -->'];
const PAGE = path.join(ROOT, 'docs/models.md');

const measured = SHIPPED_MODELS.map(({ id }) => {
  const directory = path.join(ROOT, 'resources/models', id);
  const evaluation = Evaluation.parse(JSON.parse(readFileSync(path.join(directory, 'evaluation.json'), 'utf8')));
  const manifest = ModelManifest.parse(JSON.parse(readFileSync(path.join(directory, 'manifest.json'), 'utf8')));
  return { id, directory, evaluation, manifest };
});

/** The page with what stands between the marks put in anew. */
function withMeasured(file: string, text: string): string {
  const page = readFileSync(file, 'utf8');
  const [before = '', rest = ''] = page.split(BEGIN);
  const [, after = ''] = rest.split(END);
  return `${before}${BEGIN}\n${text}\n\n${END}${after}`;
}

test('docs/models.md tells of every shipped model what was measured', async () => {
  const text = measured.map(({ evaluation, manifest }) => `### ${manifest.name}\n\n${describeEvaluation(evaluation)}`);
  await expect(withMeasured(PAGE, text.join('\n\n'))).toMatchFileSnapshot(PAGE);
});

describe.each(measured)('$id', ({ directory, evaluation, manifest }) => {
  test('its card tells the same', async () => {
    const card = path.join(directory, 'card.md');
    await expect(withMeasured(card, describeEvaluation(evaluation))).toMatchFileSnapshot(card);
  });

  test('what was measured is this model, on phantoms that it was not tuned on', () => {
    expect([evaluation.version, evaluation.modelDigest]).toEqual([manifest.version, manifest.modelDigest]);
    const { tunedOn, firstSeed, cases } = evaluation;
    expect(cases.map(({ index }) => index)).toEqual(cases.map((_, index) => index));
    expect(firstSeed >= tunedOn.firstSeed + tunedOn.count || firstSeed + cases.length <= tunedOn.firstSeed).toBe(true);
  });
});

test('shares, intervals and errors are worked out of the rows', () => {
  const row = (index: number, truthMl: number, saidMl: number, isFlagged: boolean) => {
    return { index, kind: truthMl === 0 ? 'none' : 'subdural', sliceMm: 5, truthMl, saidMl, isFlagged };
  };
  const text = describeEvaluation({
    ...{ model: 'head-ct-hyperdense', version: '1.0.0', modelDigest: '', firstSeed: 10, real: [] },
    tunedOn: { firstSeed: 0, count: 3 },
    cases: [row(0, 10, 8, true), row(1, 20, 18, true), row(2, 30, 26, true), row(3, 8, 0, false), row(4, 0, 0, false)],
  });
  expect(text).toContain('| **sensitivity**, all bleeds | 3 of 4 | 75 % | 30 % to 95 % |');
  expect(text).toContain('| **specificity** | 1 of 1 | 100 % | 21 % to 100 % |');
  expect(text).toContain(
    '| volume of all that were found | 3 | -2.0 mL | -3.0 mL to -2.0 mL | -13 % | -4.9 mL to -0.4 mL |',
  );
  expect(text).toContain('seeds 10 to 14; tuned on 3 others, seeds 0 to 2');
});
