/** How person names are compared by a search: folded texts of a name's component groups, its words, and how those sound. */
export type NameTexts = {
  readonly groups: readonly string[];
  readonly words: readonly string[];
  readonly sounds: readonly string[];
};

/** Words shorter than this sound like too many others. */
const SHORTEST_SOUND = 3;

/** The texts under which a name as received is found; empty lists where it has no letters. */
export function nameTexts(raw: string): NameTexts {
  const groups = unique(raw.split('=').map((group) => foldGroup(group)));
  const words = unique(groups.flatMap((group) => group.split(/[\^ ]/)));
  return { groups, words, sounds: unique(words.map((word) => soundOf(word))) };
}

/**
 * A component group without case, accents and punctuation, components apart by `^`, trailing empty ones left out
 * (PS3.5 §6.2.1.2). With `isPattern` the wildcards `*` and `?` stay.
 */
export function foldGroup(group: string, isPattern = false): string {
  const dropped = isPattern ? /[^\p{L}\p{N}*?]+/gu : /[^\p{L}\p{N}]+/gu;
  const fold = (part: string) =>
    part.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replace(dropped, ' ').trim();
  return group.split('^').map(fold).join('^').replace(/\^+$/, '');
}

/** The words somebody typed for a name, in any order and with any separators, wildcards left out. */
export function askedWords(text: string): readonly string[] {
  return unique(foldGroup(text).split(/[\^ ]/));
}

/** In this order: what stands for one sound becomes one letter. */
const SOUNDS: readonly (readonly [RegExp, string])[] = [
  [/^(kn|gn|pn)/, 'n'],
  [/^wr/, 'r'],
  [/(sch|sh)/g, 's'],
  [/(ph|pf)/g, 'f'],
  [/(tsch|tch|cz|tz|ch)/g, 'k'],
  [/(ck|cq|q|gh|g)/g, 'k'],
  [/c(?=[eiy])/g, 's'],
  [/c/g, 'k'],
  [/x/g, 'ks'],
  [/z/g, 's'],
  [/(dt|th|d)/g, 't'],
  [/[vw]/g, 'f'],
  [/b/g, 'p'],
  [/j/g, 'i'],
  [/h/g, ''],
];

/** How a word sounds, roughly: its consonants by class and whether it begins with a vowel; empty where that says nothing. */
export function soundOf(word: string): string {
  if (word.length < SHORTEST_SOUND || !/^[a-z]+$/.test(word)) return '';
  const told = SOUNDS.reduce((text, [pattern, sound]) => text.replace(pattern, sound), word);
  const start = /^[aeiouy]/.test(word) ? 'a' : '';
  const sound = start + told.replace(/[aeiouy]+/g, '').replace(/(.)\1+/g, '$1');
  return sound.length >= 2 ? sound : '';
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].filter((text) => text !== '');
}
