import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeAll, expect, test } from 'vitest';
import { readPart10Header } from '../../dicom/part10.ts';
import { objectPath, openObjectReader, openObjectStore, SEALED } from '../../platform/objects/object-store.ts';
import type { InstanceReference } from '../runner-protocol.ts';
import { type ModelPackage, openModelPackage, sha256 } from './model-package.ts';
import { objectDigest } from './object-digest.ts';
import { maskFileName } from './outbox.ts';
import { runSeries } from './run-series.ts';
import { ballHead, openTestObjects, sliceRecord } from './test-series.ts';

const ROOT = path.resolve(import.meta.dirname, '../../../../..');
const REAL_SERIES = path.join(ROOT, '../shared/data/ct-head-ge');
const never = new AbortController().signal;
let model: ModelPackage;

beforeAll(async () => {
  const opened = await openModelPackage(path.join(ROOT, 'resources/models/head-ct-hyperdense'), {
    provider: 'cpu',
    threads: 2,
  });
  if (!opened.ok) throw new Error(opened.error.code);
  model = opened.value;
});

async function run(
  objects: ReturnType<typeof openTestObjects>,
  instances: readonly InstanceReference[],
  signal = never,
) {
  return runSeries(
    { model, objects: openObjectReader(objects.objectsDir, objects.keys), outboxDir: objects.outboxDir, signal },
    instances,
  );
}

test('finds a ball of blood, measures it and carries it back to the source pixels', async () => {
  const objects = openTestObjects();
  const slices = ballHead({ bleedMm: 14 });
  const instances = await objects.put(slices.toReversed().map(sliceRecord));
  const result = await run(objects, instances);
  if (!result.ok) throw new Error(result.error.code);
  const { outputs, masks, geometry } = result.value;
  const truthMl = (4 / 3) * Math.PI * 1.4 ** 3;
  const [probability, volume] = outputs.map(({ value }) => value);
  expect(probability).toBeGreaterThan(0.9);
  expect(Math.abs((volume ?? 0) - truthMl)).toBeLessThan(0.15 * truthMl);
  expect(geometry).toMatchObject({ slices: 14, rows: 128, minSpacingMm: 5, maxSpacingMm: 5, tiltDegrees: 0 });

  const [mask] = masks;
  if (mask === undefined) throw new Error('no mask');
  expect(mask.slices.map(({ sopUid }) => sopUid)).toEqual(slices.map(({ sopUid }) => sopUid));
  const [x, y, z] = mask.largest?.centreMm ?? [];
  expect(Math.hypot((x ?? 0) - 25, y ?? 0, z ?? 0)).toBeLessThan(1.5);
  expect(['2.25.1006', '2.25.1007']).toContain(mask.largest?.keySopUid);

  const packed = readFileSync(path.join(objects.outboxDir, maskFileName(mask.digest)));
  expect([sha256(packed), packed.length]).toEqual([mask.digest, mask.sizeBytes]);
  const bits = gunzipSync(packed);
  expect(bits.length).toBe((14 * 128 * 128) / 8);
  const counts = slices.map((_, index) => ones(bits.subarray(index * 2048, (index + 1) * 2048)));
  expect(counts).toEqual(mask.slices.map(({ pixels }) => pixels));
  expect(readdirSync(objects.outboxDir)).toHaveLength(1);
});

test('says nothing of a head without blood', async () => {
  const objects = openTestObjects();
  const result = await run(objects, await objects.put(ballHead({ bleedMm: 0 }).map(sliceRecord)));
  expect(result.ok && result.value.outputs.map(({ value }) => value < 0.01)).toEqual([true, true]);
  expect(result.ok && result.value.masks[0]).toMatchObject({ pixels: 0, largest: null });
});

test('names what stops it: an object that is gone, too few slices, no room, a cancel', async () => {
  const objects = openTestObjects();
  const instances = await objects.put(ballHead({ bleedMm: 0 }).map(sliceRecord));
  const gone = instances.map((instance, index) => (index === 3 ? { ...instance, digest: 'f'.repeat(64) } : instance));
  const aborted = AbortSignal.abort();
  const codes = [
    await run(objects, gone),
    await run(objects, instances.slice(0, 5)),
    await run({ ...objects, outboxDir: path.join(objects.outboxDir, 'missing') }, instances),
    await run(objects, instances, aborted),
  ].map((result) => (result.ok ? 'ok' : result.error.code));
  expect(codes).toEqual(['object-missing', 'too-few-slices', 'outbox-full', 'cancelled']);
});

test('computes on no object whose pixels are not as they were received', async () => {
  const objects = openTestObjects();
  const instances = await objects.put(ballHead({ bleedMm: 12 }).map(sliceRecord));
  const file = objectPath(objects.objectsDir, instances[10]?.digest ?? '', SEALED);
  const bytes = readFileSync(file);
  bytes[bytes.length - 100] = (bytes[bytes.length - 100] ?? 0) ^ 0xff;
  writeFileSync(file, bytes);
  expect(await run(objects, instances)).toEqual({ ok: false, error: { code: 'object-damaged' } });
});

test('raises no flag on the real head CT, whose slices are tilted and unevenly spaced and show no bleed', async (context) => {
  if (!existsSync(REAL_SERIES)) {
    console.error('skipped: ../shared/data/ct-head-ge is not here');
    return context.skip();
  }
  const objects = openTestObjects();
  const store = openObjectStore(objects.objectsDir, objects.keys);
  const instances: InstanceReference[] = [];
  for (const name of readdirSync(REAL_SERIES).filter((file) => file.endsWith('.dcm'))) {
    const file = readFileSync(path.join(REAL_SERIES, name));
    const header = readPart10Header(file);
    if (!header.ok) throw new Error(header.error.code);
    const incoming = await store.receive();
    await incoming.write(file);
    const digest = objectDigest(file) ?? '';
    await incoming.keep(digest);
    const { sopInstanceUid: sopUid, transferSyntaxUid } = header.value;
    instances.push({ sopUid, digest, encoding: SEALED, transferSyntaxUid });
  }
  const result = await run(objects, instances);
  if (!result.ok) throw new Error(result.error.code);
  const flagFrom = model.manifest.labels[0]?.flagFrom ?? 0;
  expect(result.value.outputs[0]?.value).toBeLessThan(flagFrom);
  expect(result.value.geometry).toMatchObject({ slices: 28, rows: 512, columns: 512 });
  expect(result.value.geometry.tiltDegrees).toBeCloseTo(18.5, 1);
});

function ones(bytes: Uint8Array): number {
  let count = 0;
  for (let byte of bytes) for (; byte !== 0; byte &= byte - 1) count += 1;
  return count;
}
