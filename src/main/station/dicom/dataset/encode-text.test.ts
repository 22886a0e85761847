import fc from 'fast-check';
import { expect, test } from 'vitest';
import { characterSet } from './character-sets.ts';
import { encodeText } from './encode-text.ts';

test.each([
  ['Müller^Jörg', ['ISO_IR 100'], 'Müller^Jörg'],
  // The examples of PS3.5 Annexes H, I, J and K.
  [
    'Yamada^Tarou=山田^太郎=やまだ^たろう',
    ['', 'ISO 2022 IR 87'],
    'Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B',
  ],
  ['Hong^Gildong=洪^吉洞', ['', 'ISO 2022 IR 149'], 'Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7'],
  ['Zhang^XiaoDong=张^小东', ['', 'ISO 2022 IR 58'], 'Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab'],
  ['Wang^XiaoDong=王^小东', ['GB18030'], 'Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab'],
  ['Müller', ['ISO_IR 192'], 'M\xc3\xbcller'],
])('writes %s in the set of %j as the standard does', (name, terms, expected) => {
  expect(Buffer.from(encodeText(name, 'PN', terms) ?? []).toString('latin1')).toBe(expected);
});

test.each([
  ['Müller', ['']],
  ['Łukasz', ['ISO_IR 100']],
  ['山田', ['ISO_IR 100']],
  ['€', ['ISO_IR 100']],
  ['😀', ['', 'ISO 2022 IR 87']],
])('says that %s has no place in %j', (name, terms) => {
  expect(encodeText(name, 'PN', terms)).toBeNull();
});

test('whatever it writes is read back as the same text', () => {
  const terms = fc.constantFrom(
    [''],
    ['ISO_IR 100'],
    ['ISO_IR 192'],
    ['GBK'],
    ['ISO_IR 13', 'ISO 2022 IR 87'],
    ['ISO 2022 IR 100', 'ISO 2022 IR 101', 'ISO 2022 IR 144'],
    ['', 'ISO 2022 IR 149', 'ISO 2022 IR 58'],
  );
  const text = fc.string({ unit: fc.constantFrom(...Array.from('abÄłЖ한山小ﾔ^=~ ')), maxLength: 12 });
  fc.assert(
    fc.property(text, terms, fc.constantFrom('PN', 'LO'), (name, set, vr) => {
      const encoded = encodeText(name, vr, set);
      if (encoded !== null) expect(characterSet(set).decode(encoded, vr)).toBe(name);
      if (set[0] === 'ISO_IR 192') expect(encoded).not.toBeNull();
    }),
  );
});
