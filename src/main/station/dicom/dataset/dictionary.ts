import { data } from 'dcmjs';

/** A tag as one number, 0xGGGGEEEE. */
export type Tag = number;

const byTag = new Map<Tag, { readonly vr: string; readonly keyword: string } | null>();
const byKeyword = new Map<string, { readonly vr: string; readonly tag: Tag }>();

/** A tag as eight upper-case hexadecimal digits. */
export function tagText(tag: Tag): string {
  return tag.toString(16).toUpperCase().padStart(8, '0');
}

/**
 * The dictionary's VR and keyword of a tag (PS3.6), null for private and unknown ones. Where the dictionary leaves a choice
 * it is `xs` (US or SS) or `OW` here; the pixel representation decides the first.
 */
export function lookUpTag(tag: Tag): { readonly vr: string; readonly keyword: string } | null {
  const known = byTag.get(tag);
  if (known !== undefined) return known;
  const entry = isPrivate(tag) ? undefined : data.DicomMetaDictionary.dictionary[dictionaryKey(tag)];
  const found = entry?.vr ? { vr: plainVr(entry.vr), keyword: entry.name } : null;
  byTag.set(tag, found);
  return found;
}

/** The tag of a DICOM keyword, such as `PatientID`. Null for what the dictionary does not hold. */
export function lookUpKeyword(keyword: string): { readonly vr: string; readonly tag: Tag } | null {
  const known = byKeyword.get(keyword);
  if (known !== undefined) return known;
  const { nameMap } = data.DicomMetaDictionary;
  const entry = Object.hasOwn(nameMap, keyword) ? nameMap[keyword] : undefined;
  const digits = entry?.tag.replace(/[(),]/g, '') ?? '';
  const found =
    entry && /^[0-9A-F]{8}$/i.test(digits) ? { vr: plainVr(entry.vr), tag: Number.parseInt(digits, 16) } : null;
  // What does not exist is not remembered: askers may make up any number of names.
  if (found !== null) byKeyword.set(keyword, found);
  return found;
}

/** Private groups are odd (PS3.5 §7.8). */
export function isPrivate(tag: Tag): boolean {
  return ((tag >>> 16) & 1) === 1;
}

/** The tag of a keyword that the code itself names; a misspelt one is a bug. */
export function tagOf(keyword: string): Tag {
  const found = lookUpKeyword(keyword);
  if (found === null) throw new Error(`The DICOM dictionary has no ${keyword}`);
  return found.tag;
}

function dictionaryKey(tag: Tag): string {
  const text = tagText(tag);
  const group = text.slice(0, 4);
  // Repeating groups (PS3.5 §7.6) stand under their first member.
  const plain = /^(50|60)[0-9A-F]{2}$/.test(group) ? `${group.slice(0, 2)}00` : group;
  return `(${plain},${text.slice(4)})`;
}

function plainVr(vr: string): string {
  return vr === 'ox' || vr === 'lt' || vr === 'px' || vr === 'up' ? (vr === 'up' ? 'UL' : 'OW') : vr;
}
