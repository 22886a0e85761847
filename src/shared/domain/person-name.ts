/**
 * A key under which the same and similar names meet: family name and first letter of the given name, without accents,
 * case, punctuation or the groups after the first (PS3.5 §6.2.1). Empty where a name has no letters.
 */
export function nameKey(personName: string): string {
  const [family = '', given = ''] = (personName.split('=')[0] ?? '').split('^');
  const folded = fold(family);
  return folded === '' ? '' : `${folded}^${fold(given).slice(0, 1)}`;
}

/** A key under which twins and other relatives of one birth date meet; empty where either is unknown. */
export function familyBirthKey(personName: string, birthDateRaw: string | null): string {
  const family = fold((personName.split('=')[0] ?? '').split('^')[0] ?? '');
  return family === '' || !birthDateRaw ? '' : `${family}^${birthDateRaw}`;
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

function fold(part: string): string {
  return searchable(part).replaceAll(' ', '');
}
