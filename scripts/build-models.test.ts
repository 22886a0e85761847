import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { PROOF_MODEL_BASE64 } from '../src/main/station/inference/runner/proof-model.ts';
import { sha256 } from '../src/main/station/inference/runner/model-package.ts';
import { ModelManifest } from '../src/shared/domain/model-manifest.ts';
import { buildHeadCtHyperdense } from './onnx/head-ct-hyperdense.ts';
import { headCtHyperdenseManifest } from './onnx/head-ct-hyperdense-manifest.ts';
import { buildProofModel } from './onnx/proof-model.ts';

const PACKAGE = path.resolve(import.meta.dirname, '../resources/models/head-ct-hyperdense');
const committed = readFileSync(path.join(PACKAGE, 'model.onnx'));
const written = JSON.parse(readFileSync(path.join(PACKAGE, 'manifest.json'), 'utf8')) as object;
const manifest = ModelManifest.parse(written);

test('the committed model is byte for byte what its source builds', () => {
  expect(Buffer.compare(Buffer.from(buildHeadCtHyperdense()), committed)).toBe(0);
});

test('the committed manifest is what its source says of that model', () => {
  expect(written).toEqual(headCtHyperdenseManifest(sha256(committed), manifest.goldenCases));
});

test('the proof model in the runner is what its source builds', () => {
  expect(PROOF_MODEL_BASE64).toBe(Buffer.from(buildProofModel()).toString('base64'));
});

test('the package stays small enough to ship in the repository', () => {
  const bytes = readdirSync(PACKAGE, { recursive: true, encoding: 'utf8' }).reduce((sum, name) => {
    const entry = statSync(path.join(PACKAGE, name));
    return sum + (entry.isFile() ? entry.size : 0);
  }, 0);
  expect(bytes).toBeLessThan(300_000);
});

test('the card tells the version and the threshold of the manifest', () => {
  const card = readFileSync(path.join(PACKAGE, 'card.md'), 'utf8');
  expect(card).toContain(`# Head CT hyperdense blood, ${manifest.version}`);
  expect(card).toContain('Not for clinical use');
  expect(manifest).toMatchObject({ clinicalUse: 'none', labels: [{ flagFrom: 0.5 }] });
});
