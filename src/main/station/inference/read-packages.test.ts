import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ZipFile } from 'yazl';
import { describeFault } from '../../../shared/domain/package-fault.ts';
import { canonicalPayload } from '../platform/ledger/event.ts';
import { openLog } from '../platform/log.ts';
import { aManifest } from '../testing/models.ts';
import { SIGNATURE_FILE } from './package-signature.ts';
import { readPackage } from './read-package.ts';
import { readPackages } from './read-packages.ts';
import { PACKAGE_LIMITS, UNFINISHED, unpackPackage } from './unpack-package.ts';

const MODEL = Buffer.from('the model');
const all = (folder: string) => ({ folder, only: 'all' as const });
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const MANIFEST = { ...aManifest(), modelDigest: sha256(MODEL) };
const FILES: Readonly<Record<string, Uint8Array>> = {
  'manifest.json': Buffer.from(JSON.stringify(MANIFEST)),
  'model.onnx': MODEL,
  'golden/case.gz': Buffer.from('golden'),
};
let root: string;
let folder: string;
let unpackInto: string;

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'wetread-packages-'));
  folder = path.join(root, 'packages');
  unpackInto = path.join(root, 'data/models');
  mkdirSync(folder);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function makePackage(name: string, files: Readonly<Record<string, Uint8Array | null>> = {}): string {
  const directory = path.join(folder, name);
  for (const [file, bytes] of Object.entries({ ...FILES, ...files })) {
    if (bytes === null) continue;
    mkdirSync(path.dirname(path.join(directory, file)), { recursive: true });
    writeFileSync(path.join(directory, file), bytes);
  }
  return directory;
}

async function makeZip(name: string, files: Readonly<Record<string, Uint8Array>> = FILES): Promise<string> {
  const zip = new ZipFile();
  for (const [file, bytes] of Object.entries(files)) zip.addBuffer(Buffer.from(bytes), file);
  zip.end();
  const pieces: Buffer[] = [];
  for await (const piece of zip.outputStream) pieces.push(Buffer.from(piece as Uint8Array));
  const file = path.join(folder, name);
  writeFileSync(file, Buffer.concat(pieces));
  return file;
}

const withManifest = (change: object) => ({ 'manifest.json': Buffer.from(JSON.stringify({ ...MANIFEST, ...change })) });
async function faultsOf(
  directory: string,
  signers: Parameters<typeof readPackage>[1] = [],
): Promise<readonly string[]> {
  const read = await readPackage(directory, signers);
  return read.ok ? [] : read.error.faults.map(describeFault);
}
const quiet = openLog('silent');

test('reads a package whose files are the ones its manifest names', async () => {
  const directory = makePackage('good');
  expect(await readPackage(directory, [])).toMatchObject({
    ok: true,
    value: { manifest: MANIFEST, directory, signature: { state: 'unsigned' } },
  });
});

test('says of each file that is missing or another which it is and what was expected', async () => {
  const other = Buffer.from('another');
  const weights = [{ file: 'model.onnx.data', digest: sha256(MODEL) }];
  expect(await faultsOf(path.join(folder, 'nowhere'))).toEqual(['manifest-missing manifest.json: is "ENOENT"']);
  expect(await faultsOf(makePackage('a', { 'model.onnx': null, 'golden/case.gz': null }))).toEqual([
    'file-missing modelDigest: is "model.onnx", expected a file that can be read (ENOENT)',
    'file-missing goldenCases.0.inputs.volume.file: is "golden/case.gz", expected a file that can be read (ENOENT)',
  ]);
  expect(await faultsOf(makePackage('b', { 'model.onnx': other }))).toEqual([
    `digest-differs modelDigest: is "${sha256(MODEL)}", expected ${sha256(other)}, the SHA-256 of model.onnx`,
  ]);
  const external = { ...withManifest({ externalData: weights }), 'model.onnx.data': other };
  expect(await faultsOf(makePackage('c', external))).toEqual([
    `digest-differs externalData.0.digest: is "${sha256(MODEL)}", expected ${sha256(other)}, the SHA-256 of model.onnx.data`,
  ]);
  expect(await faultsOf(makePackage('d', { ...external, 'model.onnx.data': MODEL }))).toEqual([]);
});

test('weights lie beside the model file, where that names them', async () => {
  const deep = {
    ...withManifest({ modelFile: 'net/model.onnx', externalData: [{ file: 'w.data', digest: sha256(MODEL) }] }),
    ...{ 'model.onnx': null, 'net/model.onnx': MODEL, 'net/w.data': MODEL },
  };
  expect(await faultsOf(makePackage('deep', deep))).toEqual([]);
});

test('a signature by a known signer is told, one of a signer nobody knows proves nothing, and a wrong one refuses', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url').toString('base64');
  const signed = (text: string, signer = 'Vendor') => ({
    'signature.json': Buffer.from(
      JSON.stringify({
        ...{ algorithm: 'ed25519', signer },
        signature: sign(null, Buffer.from(text), privateKey).toString('base64'),
      }),
    ),
  });
  const good = makePackage('signed', signed(canonicalPayload(MANIFEST)));
  for (const key of [pem, raw])
    expect(await readPackage(good, [{ name: 'Vendor', publicKey: key }])).toMatchObject({
      value: { signature: { state: 'signed', by: 'Vendor' } },
    });
  expect(await readPackage(good, [{ name: 'Somebody', publicKey: pem }])).toMatchObject({
    value: { signature: { state: 'signer-unknown', by: 'Vendor' } },
  });
  const edited = makePackage('edited', { ...signed(canonicalPayload(MANIFEST)), ...withManifest({ name: 'Edited' }) });
  expect(await faultsOf(edited, [{ name: 'Vendor', publicKey: pem }])).toEqual([
    'signature-wrong signature.json: is "Vendor", expected the signature of the manifest as it is written (RFC 8785)',
  ]);
  const cut = makePackage('cut', { 'signature.json': Buffer.from('{"algorithm":"none"}') });
  expect(await faultsOf(cut)).toEqual([
    'signature-unreadable signature.json: expected algorithm ed25519, signer, and signature in base64',
  ]);
});

test('a package that cannot be used is logged with each fault and told, and the others still run, folders and ZIPs', async () => {
  makePackage('bad', { 'manifest.json': Buffer.from('{') });
  makePackage('good');
  await makeZip('other.zip', { ...FILES, ...withManifest({ id: 'zipped' }) });
  writeFileSync(path.join(folder, 'README.md'), '');
  writeFileSync(path.join(folder, 'cut.ZIP'), 'PK');
  const lines: string[] = [];
  const log = openLog('info', { write: (line: string) => lines.push(line) });
  const read = await readPackages([all(folder)], { unpackInto, signers: [], log });
  if (!read.ok) throw new Error(read.error.code);
  expect(read.value.packages.map(({ manifest }) => manifest.id)).toEqual(['bleed', 'zipped']);
  expect(read.value.refused.map(({ packagePath, faults }) => [path.basename(packagePath), faults[0]?.code])).toEqual([
    ['bad', 'manifest-not-json'],
    ['cut.ZIP', 'zip-unreadable'],
  ]);
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
    { event: 'model-package-refused', package: 'bad', code: 'manifest-not-json' },
    { event: 'model-package-refused', package: 'cut.ZIP', code: 'zip-unreadable' },
  ]);
});

test('a folder that is configured and not there is named, and nothing is read or written', async () => {
  await makeZip('good.zip');
  const missing = path.join(folder, 'nowhere');
  expect(await readPackages([all(folder), all(missing)], { unpackInto, signers: [], log: quiet })).toEqual({
    ok: false,
    error: { code: 'model-folder-unreadable', details: [`${missing}: ENOENT`] },
  });
  expect(existsSync(unpackInto)).toBe(false);
});

test('only the packages that are asked for by name are read, and one that is not there is named', async () => {
  await makeZip('good.zip');
  await makeZip('other.zip');
  const tools = { unpackInto, signers: [], log: quiet };
  const read = await readPackages([{ folder, only: ['good.zip'] }], tools);
  expect(read.ok && read.value).toMatchObject({ packages: [{}], refused: [] });
  expect(await readPackages([{ folder, only: ['good.zip', 'gone'] }], tools)).toEqual({
    ok: false,
    error: { code: 'model-folder-unreadable', details: [`${folder}: no package gone`] },
  });
  expect(await readPackages([{ folder, only: [] }], tools)).toEqual({ ok: true, value: { packages: [], refused: [] } });
});

test('a ZIP is unpacked once, below its digest, also where its files lie in one folder; what a killed start left is swept', async () => {
  const inFolder = Object.fromEntries(Object.entries(FILES).map(([name, bytes]) => [`bleed/${name}`, bytes]));
  const file = await makeZip('bleed.zip', { ...inFolder, '__MACOSX/bleed/._model.onnx': MODEL });
  mkdirSync(path.join(unpackInto, `${UNFINISHED}left`), { recursive: true });
  const tools = { unpackInto, signers: [], log: quiet };
  const first = await readPackages([all(folder)], tools);
  const [one] = first.ok ? first.value.packages : [];
  expect(one?.directory).toBe(path.join(unpackInto, sha256(readFileSync(file))));
  expect(readdirSync(unpackInto)).toEqual([path.basename(one?.directory ?? '')]);
  expect(readdirSync(one?.directory ?? '').toSorted()).toEqual(['golden', 'manifest.json', 'model.onnx']);
  // Nothing is written a second time: what was found stays as it is.
  writeFileSync(path.join(one?.directory ?? '', 'mark'), '');
  expect((await readPackages([all(folder)], tools)).ok).toBe(true);
  expect(existsSync(path.join(one?.directory ?? '', 'mark'))).toBe(true);
});

test('what was unpacked of a ZIP that is another or gone is removed at the next start, and nothing else', async () => {
  const tools = { unpackInto, signers: [], log: quiet };
  const unpackedOf = async () => {
    const read = await readPackages([all(folder)], tools);
    if (!read.ok) throw new Error(read.error.code);
    return read.value.packages.map(({ directory }) => path.basename(directory));
  };
  const kept = await makeZip('kept.zip', { ...FILES, ...withManifest({ id: 'kept' }) });
  await makeZip('bleed.zip');
  await unpackedOf();
  const outside = path.join(root, 'outside');
  mkdirSync(outside);
  writeFileSync(path.join(outside, 'precious'), '');
  mkdirSync(path.join(unpackInto, 'by-hand'));
  writeFileSync(path.join(unpackInto, 'a'.repeat(64)), 'a file');
  symlinkSync(outside, path.join(unpackInto, 'b'.repeat(64)));
  await makeZip('bleed.zip', { ...FILES, ...withManifest({ version: '2.0.0' }) });
  const now = await unpackedOf();
  const others = ['a'.repeat(64), 'b'.repeat(64), 'by-hand'];
  expect(readdirSync(unpackInto).toSorted()).toEqual([...now, ...others].toSorted());
  rmSync(path.join(folder, 'bleed.zip'));
  rmSync(kept);
  expect(await unpackedOf()).toEqual([]);
  expect(readdirSync(unpackInto).toSorted()).toEqual(others.toSorted());
  expect(existsSync(path.join(outside, 'precious'))).toBe(true);
});

test('nothing that was unpacked is removed while a folder of packages cannot be read, nor what is a package itself', async () => {
  const tools = { unpackInto, signers: [], log: quiet };
  await makeZip('bleed.zip');
  await readPackages([all(folder)], tools);
  const [unpacked = ''] = readdirSync(unpackInto);
  const missing = path.join(root, 'share-that-is-away');
  expect((await readPackages([all(folder), all(missing)], tools)).ok).toBe(false);
  rmSync(path.join(folder, 'bleed.zip'));
  const read = await readPackages([all(unpackInto)], tools);
  expect(read.ok && read.value.packages.map(({ directory }) => directory)).toEqual([path.join(unpackInto, unpacked)]);
});

test.each<[string, () => Promise<string>, Partial<typeof PACKAGE_LIMITS>, string]>([
  ['too many entries', () => makeZip('a.zip'), { entries: 2 }, 'zip-too-many-entries'],
  ['too much in it', () => makeZip('b.zip'), { totalBytes: 100 }, 'zip-too-large'],
  ['no manifest', () => makeZip('c.zip', { 'model.onnx': MODEL }), {}, 'manifest-missing'],
  ['its manifest too deep', () => makeZip('d.zip', { 'a/b/manifest.json': MODEL }), {}, 'manifest-missing'],
  [
    'a file where another entry has a folder',
    () => makeZip('e.zip', { ...FILES, golden: MODEL }),
    {},
    'zip-unreadable',
  ],
])('a ZIP with %s is refused and leaves nothing behind', async (_what, make, limits, code) => {
  mkdirSync(unpackInto, { recursive: true });
  const unpacked = await unpackPackage(await make(), unpackInto, { ...PACKAGE_LIMITS, ...limits });
  expect(unpacked).toMatchObject({ ok: false, error: { code } });
  expect(readdirSync(unpackInto)).toEqual([]);
});

test('a ZIP whose names lead out of it, or whose bytes are damaged, is refused and leaves nothing behind', async () => {
  mkdirSync(unpackInto, { recursive: true });
  const sound = readFileSync(await makeZip('sound.zip', { ...FILES, 'xx/evil': MODEL }));
  const renamed = Buffer.from(sound.toString('latin1').replaceAll('xx/evil', '../evil'), 'latin1');
  const damaged = Buffer.from(sound);
  damaged.write('t', sound.indexOf('the model') + 1);
  const codes: string[] = [];
  for (const [name, bytes] of Object.entries({ renamed, damaged })) {
    const file = path.join(folder, `${name}.zip`);
    writeFileSync(file, bytes);
    const unpacked = await unpackPackage(file, unpackInto);
    codes.push(unpacked.ok ? 'unpacked' : unpacked.error.code);
  }
  expect(codes).toEqual(['zip-name-unsafe', 'zip-unreadable']);
  expect([readdirSync(unpackInto), existsSync(path.join(root, 'data/evil'))]).toEqual([[], false]);
});

test('a copied package is the same package', async () => {
  const directory = makePackage('good');
  cpSync(directory, path.join(folder, 'copy'), { recursive: true });
  const read = await readPackages([all(folder)], { unpackInto, signers: [], log: quiet });
  expect(new Set(read.ok ? read.value.packages.map(({ digest }) => digest) : []).size).toBe(1);
});

test('one package in two places is taken once, and the other place is told', async () => {
  makePackage('a');
  makePackage('b');
  const read = await readPackages([all(folder)], { unpackInto, signers: [], log: quiet });
  if (!read.ok) throw new Error(read.error.code);
  expect(read.value.packages.map(({ directory }) => path.basename(directory))).toEqual(['a']);
  expect(
    read.value.refused.map(({ packagePath, faults }) => [path.basename(packagePath), faults.map(describeFault)]),
  ).toEqual([
    [
      'b',
      ['package-twice is "b", expected a package that lies in one place: this one was found before, and that is used'],
    ],
  ]);
});

test('a ZIP that was cut off says that it is not whole', async () => {
  const file = await makeZip('cut.zip');
  writeFileSync(file, readFileSync(file).subarray(0, 200));
  mkdirSync(unpackInto, { recursive: true });
  const unpacked = await unpackPackage(file, unpackInto);
  expect(unpacked.ok ? [] : unpacked.error.faults.map(describeFault)).toEqual([
    'zip-unreadable expected a ZIP that is whole: its list of entries cannot be read',
  ]);
});

test.skipIf(process.platform === 'win32').each(['manifest.json', 'model.onnx', 'golden/case.gz', SIGNATURE_FILE])(
  'a pipe that nobody writes, or a device without end, in the place of %s is no file',
  async (file) => {
    const directory = makePackage('odd', { [file]: null });
    mkdirSync(path.dirname(path.join(directory, file)), { recursive: true });
    execFileSync('mkfifo', [path.join(directory, file)]);
    expect((await faultsOf(directory)).join()).toContain('not-a-file');
    rmSync(path.join(directory, file));
    symlinkSync('/dev/zero', path.join(directory, file));
    expect((await faultsOf(directory)).join()).toContain('not-a-file');
  },
);
