import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');

/** Tables looked up by words that are never a peer's or a person's: keywords and VRs of the dictionary, codes of our own. */
const CLOSED = [
  'src/main/station/api/dicomweb/native-file.ts PIXEL_TAGS',
  'src/main/station/api/media.ts STATUS',
  'src/main/station/archive/query-answers.ts ATTRIBUTES',
  'src/main/station/dicom/dataset/character-sets.ts DELIMITERS',
  'src/main/station/dicom/dataset/character-sets.ts ESCAPES',
  'src/main/station/dicom/dataset/encode-explicit.ts WORD_BYTES',
  'src/main/station/dicom/dataset/values.ts NUMBERS',
  'src/main/station/dicom/dataset/write-dataset.ts BINARY',
  'src/main/station/dicom/media/directory-keys.ts NEXT_BEST',
  'src/main/station/dicom/media/directory-keys.ts NOTHING_KNOWN',
  'src/main/station/platform/http/server.ts LISTEN_FAILURES',
];

/** Plain objects by any word that are looked up without asking whether the word is theirs. */
function looseTables(file: string, source: string): readonly string[] {
  return [...source.matchAll(/^(?:export )?const ([A-Z][A-Z_0-9]*): (?:Readonly<)?Record<string,/gm)]
    .map(([, name = '']) => name)
    .filter((name) => source.includes(`${name}[`) && !source.includes(`Object.hasOwn(${name},`))
    .map((name) => `${file} ${name}`);
}

test('no table is looked up by words from outside that could name what every object has', () => {
  const files = globSync('src/{main,shared}/**/*.ts', { cwd: root }).filter((file) => !file.endsWith('.test.ts'));
  const loose = files.flatMap((file) => looseTables(file, readFileSync(path.join(root, file), 'utf8')));
  expect(files.length).toBeGreaterThan(300);
  expect(loose.toSorted()).toEqual(CLOSED);
});

test('a table that would answer to `constructor` is noticed', () => {
  const source = 'const SHAPES: Readonly<Record<string, number>> = { a: 1 };\nconst found = SHAPES[asked];';
  expect(looseTables('a.ts', source)).toEqual(['a.ts SHAPES']);
  expect(looseTables('a.ts', source.replace('SHAPES[', 'Object.hasOwn(SHAPES, asked) && SHAPES['))).toEqual([]);
});
