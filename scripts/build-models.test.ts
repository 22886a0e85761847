import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { PROOF_MODEL_BASE64 } from '../src/main/station/inference/runner/proof-model.ts';
import { openModelPackage, sha256 } from '../src/main/station/inference/runner/model-package.ts';
import { replayGoldenCases } from '../src/main/station/inference/runner/replay-golden.ts';
import { ModelManifest } from '../src/shared/domain/model-manifest.ts';
import { buildProofModel } from './onnx/proof-model.ts';
import { SHIPPED_MODELS } from './shipped-models.ts';

const PACKAGES = path.resolve(import.meta.dirname, '../resources/models');

test('what lies in resources/models is what is listed', () => {
  expect(readdirSync(PACKAGES).toSorted()).toEqual(SHIPPED_MODELS.map(({ id }) => id).toSorted());
});

test('the proof model in the runner is what its source builds', () => {
  expect(PROOF_MODEL_BASE64).toBe(Buffer.from(buildProofModel()).toString('base64'));
});

describe.each(SHIPPED_MODELS)('$id', ({ id, build, manifest: describeModel, golden }) => {
  const directory = path.join(PACKAGES, id);
  const committed = readFileSync(path.join(directory, 'model.onnx'));
  const written = JSON.parse(readFileSync(path.join(directory, 'manifest.json'), 'utf8')) as object;
  const manifest = ModelManifest.parse(written);

  test('the committed model is byte for byte what its source builds', () => {
    expect(Buffer.compare(Buffer.from(build()), committed)).toBe(0);
  });

  test('the committed manifest is what its source says of that model', () => {
    expect(written).toEqual(describeModel(sha256(committed), manifest.goldenCases));
    expect(manifest).toMatchObject({ id, clinicalUse: 'none' });
  });

  test('the golden cases are those that its source plans, two at least', () => {
    expect(manifest.goldenCases.map(({ name }) => name)).toEqual(golden.map(({ name }) => name));
    expect(golden.length).toBeGreaterThanOrEqual(2);
  });

  test('its golden cases hold here', async () => {
    const opened = await openModelPackage(directory, { provider: 'cpu', threads: 1 });
    if (!opened.ok) throw new Error(opened.error.code);
    const outcomes = await replayGoldenCases(opened.value);
    expect(outcomes.map(({ name, passed }) => ({ name, passed }))).toEqual(
      golden.map(({ name }) => ({ name, passed: true })),
    );
    expect(Math.max(...outcomes.map(({ largestDeviation }) => largestDeviation))).toBeLessThan(0.1);
  }, 60_000);

  test('the package stays small enough to ship in the repository', () => {
    const bytes = readdirSync(directory, { recursive: true, encoding: 'utf8' }).reduce((sum, name) => {
      const entry = statSync(path.join(directory, name));
      return sum + (entry.isFile() ? entry.size : 0);
    }, 0);
    expect(bytes).toBeLessThan(440_000);
  });

  test('the card tells the version of the manifest and what it is not for', () => {
    const card = readFileSync(path.join(directory, 'card.md'), 'utf8');
    expect(card).toMatch(new RegExp(`^# .*, ${manifest.version.replaceAll('.', '\\.')}\\n`));
    expect(card).toContain('Not for clinical use');
  });
});
