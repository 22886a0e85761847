/**
 * A DICOM person name (PS3.5 §6.2.1: `FAMILY^Given^Middle^Prefix^Suffix`, groups parted by `=`) as people write it:
 * `FAMILY, Given Middle, Suffix`, the ideographic group behind in brackets. Null when there is no name in it.
 */
export function formatPersonName(raw: string | null | undefined): string | null {
  const [alphabetic, ideographic] = (raw ?? '').split('=').map(formatGroup);
  if (alphabetic && ideographic && alphabetic !== ideographic) return `${alphabetic} (${ideographic})`;
  return alphabetic || ideographic || null;
}

function formatGroup(group: string): string {
  const [family = '', given = '', middle = '', , suffix = ''] = group.split('^').map((part) => part.trim());
  const firstNames = [given, middle].filter(Boolean).join(' ');
  return [family, firstNames, suffix].filter(Boolean).join(', ');
}
