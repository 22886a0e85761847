/** One media range of an Accept header, parameters by lower-case name. */
export type MediaRange = { readonly type: string; readonly parameters: ReadonlyMap<string, string> };

/** The ranges of an Accept header, most wanted first (RFC 9110 §12.5.1); everything where there is no header. Refused ones (q=0) are left out. */
export function parseAccept(header: string | undefined): readonly MediaRange[] {
  const ranges = splitOutsideQuotes(header?.trim() || '*/*', ',').map((text) => {
    const [type = '', ...rest] = splitOutsideQuotes(text, ';').map((part) => part.trim());
    const parameters = new Map(rest.map((parameter) => parseParameter(parameter)));
    const weight = Number(parameters.get('q') ?? 1);
    return { type: type.toLowerCase(), parameters, weight: Number.isFinite(weight) ? weight : 0 };
  });
  return ranges.filter(({ weight }) => weight > 0).toSorted((one, other) => other.weight - one.weight);
}

/** A Content-Type: its type in lower case and its parameters by lower-case name; an empty type where there is none. */
export function parseMediaType(header: string): MediaRange {
  const [type = '', ...rest] = splitOutsideQuotes(header, ';').map((part) => part.trim());
  return { type: type.toLowerCase(), parameters: new Map(rest.map((parameter) => parseParameter(parameter))) };
}

/** What a multipart range wants its parts to be: its `type` parameter, anything where it has none; null for what is not multipart. */
export function partType({ type, parameters }: MediaRange): string | null {
  if (type === '*/*') return '*/*';
  if (type !== 'multipart/related' && type !== 'multipart/*') return null;
  return parameters.get('type')?.toLowerCase() ?? '*/*';
}

/** True when a type falls within a range such as `image/*`. */
export function isWithin(type: string, range: string): boolean {
  if (range === '*/*' || range === type) return true;
  return range.endsWith('/*') && type.startsWith(range.slice(0, -1));
}

function parseParameter(parameter: string): [string, string] {
  const at = parameter.indexOf('=');
  if (at < 0) return [parameter.toLowerCase(), ''];
  return [
    parameter.slice(0, at).trim().toLowerCase(),
    parameter
      .slice(at + 1)
      .trim()
      .replace(/^"(.*)"$/, '$1'),
  ];
}

function splitOutsideQuotes(text: string, separator: ',' | ';'): readonly string[] {
  const parts: string[] = [];
  let part = '';
  let quoted = false;
  for (const letter of text) {
    if (letter === '"') quoted = !quoted;
    if (letter === separator && !quoted) {
      parts.push(part);
      part = '';
    } else {
      part += letter;
    }
  }
  return [...parts, part].filter((one) => one.trim() !== '');
}
