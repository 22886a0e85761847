import { z } from 'zod';
import { err, type Result } from './result.ts';

/** What can be wrong with a model package; persisted and told to who writes one, so only ever added to. */
export const PACKAGE_FAULT_CODES = [
  'package-unreadable',
  'zip-unreadable',
  'zip-too-large',
  'zip-too-many-entries',
  'zip-name-unsafe',
  'zip-entry-encrypted',
  'zip-method-unknown',
  'manifest-missing',
  'manifest-too-large',
  'manifest-not-json',
  'manifest-invalid',
  'file-missing',
  'digest-differs',
  'signature-unreadable',
  'signature-wrong',
  'model-rejected',
  'runner-crashed',
  'tensor-missing',
  'tensor-unexpected',
  'tensor-type',
  'tensor-shape',
  'golden-unreadable',
  'golden-failed',
  'golden-differs',
  'provider-not-proven',
  'remote-unreachable',
  'remote-refused',
  'package-twice',
] as const;

const MOST_CHARACTERS = 400;
const Short = z.string().max(MOST_CHARACTERS);

/** One thing wrong with a package: where, what stands there and what should. */
export const PackageFault = z.strictObject({
  code: z.enum(PACKAGE_FAULT_CODES),
  /** A path in the manifest such as `labels.0.flagFrom`, or a file of the package; empty: the package as a whole. */
  field: Short,
  /** As JSON, cut short; null where nothing is there. */
  value: Short.nullable(),
  /** In words; null where the code says it all. */
  expected: Short.nullable(),
});
export type PackageFault = z.infer<typeof PackageFault>;

/** All that is wrong with a package, and the code of the first of it. */
export type PackageRefusal = { readonly code: PackageFault['code']; readonly faults: readonly PackageFault[] };

/** Refuses a package for these faults, of which there is at least one. */
export function refusePackage(faults: readonly PackageFault[]): Extract<Result<never, PackageRefusal>, { ok: false }> {
  const [first] = faults;
  if (first === undefined) throw new Error('a package is refused for nothing');
  return err({ code: first.code, faults });
}

/** Makes a fault of whatever values there are, each cut to what a fault may hold. */
export function packageFault(
  code: PackageFault['code'],
  field: string,
  found: { readonly value?: unknown; readonly expected?: string } = {},
): PackageFault {
  const { value, expected = null } = found;
  return {
    code,
    field: cut(field),
    value: value === undefined ? null : cut(JSON.stringify(value)),
    expected: expected === null ? null : cut(expected),
  };
}

/** A fault as one line, for a log or a terminal. */
export function describeFault({ code, field, value, expected }: PackageFault): string {
  const where = field === '' ? '' : ` ${field}:`;
  const is = value === null ? '' : ` is ${value}`;
  const should = expected === null ? '' : `${is === '' ? ' expected' : ', expected'} ${expected}`;
  return `${code}${where}${is}${should}`;
}

function cut(text: string): string {
  return text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS - 1)}…`;
}
