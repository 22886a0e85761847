import { expect, test } from 'vitest';
import { characterSet } from './character-sets.ts';

/** The worked examples of PS3.5 Annexes H, I, J and K, and one of each single-byte set. */
const EXAMPLES: readonly [readonly string[], string, string][] = [
  [[], '536d697468', 'Smith'],
  [['ISO_IR 100'], '42756372e9e0', 'Bucréà'],
  [['ISO_IR 101'], 'b3f3bf', 'łóż'],
  [['ISO_IR 144'], 'bbeedae1d5dcd1e3e0d3', 'Люксембург'],
  [['ISO_IR 126'], 'c4e9efedf5f3e9eff2', 'Διονυσιος'],
  [['ISO_IR 138'], 'f9f8e5ef', 'שרון'],
  [['ISO_IR 166'], 'cac1aad2c2', 'สมชาย'],
  [['ISO_IR 192'], '57616e675e5869616f446f6e673de78e8b5ee5b08fe69db1', 'Wang^XiaoDong=王^小東'],
  [['GB18030'], '57616e675e5869616f446f6e673dcdf55ed0a1b6ab', 'Wang^XiaoDong=王^小东'],
  // PS3.5 §H.3.1: Japanese, romaji first, then JIS X 0208 by escape
  [
    ['', 'ISO 2022 IR 87'],
    '59616d6164615e5461726f753d1b24423b3345441b28425e1b244242404f3a1b28423d1b24422464245e24401b28425e1b2442243f246d24261b2842',
    'Yamada^Tarou=山田^太郎=やまだ^たろう',
  ],
  // PS3.5 §H.3.2: half-width katakana in JIS X 0201
  [
    ['ISO 2022 IR 13', 'ISO 2022 IR 87'],
    'd4cfc0de5ec0dbb33d1b24423b3345441b284a5e1b244242404f3a1b284a3d1b24422464245e24401b284a5e1b2442243f246d24261b284a',
    'ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう',
  ],
  // PS3.5 §I.2: Korean
  [
    ['', 'ISO 2022 IR 149'],
    '486f6e675e47696c646f6e673d1b242943fbf35e1b242943d1ced4d73d1b242943c8ab5e1b242943b1e6b5bf',
    'Hong^Gildong=洪^吉洞=홍^길동',
  ],
  // PS3.5 §K.2: Chinese by escape
  [['', 'ISO 2022 IR 58'], '5a68616e675e5869616f446f6e673d1b242941d5c55e1b242941d0a1b6ab3d', 'Zhang^XiaoDong=张^小东='],
];

test.each(EXAMPLES)('reads %j', (terms, bytes, text) => {
  expect(characterSet(terms).decode(Buffer.from(bytes, 'hex'), 'PN')).toBe(text);
});

const OTHERS: readonly [string, readonly string[], string, string, string][] = [
  ['every set with a term of its own: Latin 3', ['ISO_IR 109'], 'LO', 'd5', 'Ġ'],
  ['Latin 4', ['ISO_IR 110'], 'LO', 'e6', 'æ'],
  ['Latin 5', ['ISO_IR 148'], 'LO', 'f0', 'ğ'],
  ['Latin 9', ['ISO_IR 203'], 'LO', 'a4', '€'],
  ['Arabic', ['ISO_IR 127'], 'LO', 'e2e7', 'قه'],
  ['katakana alone', ['ISO_IR 13'], 'PN', 'd4cfc0de', 'ﾔﾏﾀﾞ'],
  ['GBK', ['GBK'], 'PN', 'cdf5', '王'],
  ['JIS X 0212 by escape', ['', 'ISO 2022 IR 159'], 'PN', '1b2428443021 1b2842', '丂'],
  [
    'Cyrillic behind kanji, without an escape of its own',
    ['ISO 2022 IR 144', 'ISO 2022 IR 87'],
    'LO',
    '1b24423b33 1b2842 bbee',
    '山Лю',
  ],
  ['katakana behind kanji', ['ISO 2022 IR 13', 'ISO 2022 IR 87'], 'LO', '1b24423b33 1b2842 d4', '山ﾔ'],
  ['Latin 2 by escape, until the name’s next component', ['', 'ISO 2022 IR 101'], 'PN', '1b2d42b3 5e e0', 'ł^à'],
  ['an equals sign that delimits nothing in a text', ['', 'ISO 2022 IR 149'], 'LO', '1b242943fbf33dfbf3', '洪=洪'],
  [
    'a hat in a text, and a line end that resets it',
    ['ISO_IR 100', 'ISO 2022 IR 101'],
    'LT',
    '1b2d42b35eb3 0a e0',
    'ł^ł\nà',
  ],
  ['Korean whose writer left the escapes out', ['', 'ISO 2022 IR 149'], 'PN', 'fbf35ed1ce', '洪^吉'],
  ['two-byte characters with spaces between', ['', 'ISO 2022 IR 87'], 'LO', '1b24423b3320 4544', '山 田'],
];

test.each(OTHERS)('reads %s', (_name, terms, vr, bytes, text) => {
  const set = characterSet(terms);
  expect([set.decode(Buffer.from(bytes.replaceAll(' ', ''), 'hex'), vr), set.marks]).toEqual([text, []]);
});

test.each([
  ['ISO-IR 144', 'Лю', 'character-set-misspelt'],
  ['ISO_IR144', 'Лю', 'character-set-misspelt'],
  ['iso 2022 ir 144', 'Лю', 'character-set-misspelt'],
  ['ISO_IR_144', 'Лю', 'character-set-misspelt'],
  ['ISO 8859-5', 'Лю', 'character-set-misspelt'],
  ['KLINGON', '»î', 'character-set-unknown'],
])('marks the defined term %s and reads what it can', (term, text, mark) => {
  const set = characterSet([term]);
  expect([set.decode(Uint8Array.of(0xbb, 0xee), 'LO'), set.marks]).toEqual([text, [mark]]);
});

test('keeps a backslash inside a two-byte character from looking like a delimiter', () => {
  const decoded = characterSet(['GB18030']).decode(Buffer.from('815c5cb6ab', 'hex'), 'LO');
  expect(decoded.split('\\')).toHaveLength(2);
});

test('reads what no set explains without throwing', () => {
  expect(characterSet(['NO SUCH SET', 'ISO 2022 IR 87']).decode(Uint8Array.of(0x1b, 0x24), 'PN')).toBe('');
});

test.each(['constructor', '__proto__', 'toString'])('%s is an unknown set, read as the default', (term) => {
  const { decode, marks } = characterSet([term]);
  expect([decode(Buffer.from('Doe'), 'PN'), marks]).toEqual(['Doe', ['character-set-unknown']]);
});
