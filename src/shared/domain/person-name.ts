/**
 * A key under which the same and similar names meet: family name and first letter of the given name, without accents,
 * case, punctuation or the groups after the first (PS3.5 §6.2.1). Empty where a name has no letters.
 */
export function nameKey(personName: string): string {
  const [family = '', given = ''] = firstGroup(personName);
  return family === '' ? '' : `${family}^${given.slice(0, 1)}`;
}

/** A key under which twins and other relatives of one birth date meet; empty where either is unknown. */
export function familyBirthKey(personName: string, birthDateRaw: string | null): string {
  const [family = ''] = firstGroup(personName);
  return family === '' || !birthDateRaw ? '' : `${family}^${birthDateRaw}`;
}

/**
 * True unless two names contradict each other: a part of the family, given or middle name is the same, in any group and however
 * it is spaced, or there is nothing to compare, as of names in different scripts or where one is empty. An initial says nothing.
 */
export function canBeOneName(personName: string, otherName: string): boolean {
  const [parts, others] = [nameParts(personName), nameParts(otherName)];
  if (parts.some((part) => others.includes(part))) return true;
  return !SCRIPTS.some((script) => [parts, others].every((all) => all.some((part) => script.test(part))));
}

/** True where two names have a family and a given name, and the same ones. */
export function isSameName(personName: string, otherName: string): boolean {
  const [[family = '', given = ''], other] = [firstGroup(personName), firstGroup(otherName)];
  return family !== '' && given !== '' && family === other[0] && given === other[1];
}

/** Text as search compares it: no accents, no case, words apart by single spaces. */
export function searchable(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

const SCRIPTS = [
  /\p{Script=Latin}/u,
  /\p{Script=Han}/u,
  /\p{Script=Hiragana}/u,
  /\p{Script=Katakana}/u,
  /\p{Script=Hangul}/u,
  /\p{Script=Cyrillic}/u,
  /\p{Script=Greek}/u,
  /\p{Script=Arabic}/u,
  /\p{Script=Hebrew}/u,
  /\p{Script=Thai}/u,
];
const INITIAL = /^\p{Script=Latin}$/u;

/** The words of all groups, each component in one, and each whole group in one; without prefixes and suffixes. */
function nameParts(personName: string): readonly string[] {
  return personName.split('=').flatMap((group) => {
    const components = group.split('^').slice(0, 3).map(searchable);
    const parts = [
      ...components.flatMap((words) => words.split(' ')),
      ...components.map(fold),
      fold(components.join(' ')),
    ];
    return parts.filter((part) => part !== '' && !INITIAL.test(part));
  });
}

/** The components of the first group, folded. */
function firstGroup(personName: string): readonly string[] {
  return (personName.split('=')[0] ?? '').split('^').map(fold);
}

function fold(part: string): string {
  return searchable(part).replaceAll(' ', '');
}
