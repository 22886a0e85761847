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
  expect(characterSet(terms).decode(Buffer.from(bytes, 'hex'))).toBe(text);
});

test('keeps a backslash inside a two-byte character from looking like a delimiter', () => {
  const decoded = characterSet(['GB18030']).decode(Buffer.from('815c5cb6ab', 'hex'));
  expect(decoded.split('\\')).toHaveLength(2);
});

test('reads what no set explains without throwing', () => {
  expect(characterSet(['NO SUCH SET', 'ISO 2022 IR 87']).decode(Uint8Array.of(0x1b, 0x24))).toBe('');
});
