import type { z } from 'zod';
import { ModelManifest } from '../../../shared/domain/model-manifest.ts';
import {
  type PackageFault,
  packageFault,
  type PackageRefusal,
  refusePackage,
} from '../../../shared/domain/package-fault.ts';
import { ok, type Result } from '../../../shared/domain/result.ts';
import { canonicalPayload } from '../platform/ledger/event.ts';
import { packageDigest } from './package-digest.ts';
import { MOST_FAULTS } from './runner-protocol.ts';

/** A manifest with its defaults filled in, and as it was written: the latter is what digest and signature are over. */
export type ReadManifest = {
  readonly manifest: ModelManifest;
  /** RFC 8785 form of what was written. */
  readonly written: string;
  /** What the station knows the package by. */
  readonly digest: string;
};

/** Far more than any manifest: what is longer is something else. */
export const MOST_MANIFEST_BYTES = 4 * 2 ** 20;
/** A manifest has some ten levels. */
const MOST_DEPTH = 64;

/** Reads manifest.json; every fault names the field, what stands there and what was expected. Never throws. */
export function readManifest(bytes: Uint8Array): Result<ReadManifest, PackageRefusal> {
  if (bytes.length > MOST_MANIFEST_BYTES)
    return refusePackage([
      packageFault('manifest-too-large', 'manifest.json', {
        value: bytes.length,
        expected: `at most ${MOST_MANIFEST_BYTES} bytes`,
      }),
    ]);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    // The engine's words say at which character; they quote the manifest, which holds no patient's data.
    const expected = error instanceof SyntaxError ? `JSON (${error.message})` : 'JSON in UTF-8';
    return refusePackage([packageFault('manifest-not-json', 'manifest.json', { expected })]);
  }
  const unfit = unfitJson(value);
  if (unfit !== null) return refusePackage([packageFault('manifest-not-json', 'manifest.json', { expected: unfit })]);
  // First of all: a fault would show them as they are.
  const hidden = hiddenTexts(value);
  if (hidden.length > 0) return refusePackage(hidden.slice(0, MOST_FAULTS));
  const parsed = ModelManifest.safeParse(value);
  if (!parsed.success) {
    const found = parsed.error.issues.flatMap((issue) => faultsOf(issue, value));
    return refusePackage(found.slice(0, MOST_FAULTS));
  }
  return ok({ manifest: parsed.data, written: canonicalPayload(value), digest: packageDigest(value) });
}

/** A manifest that stands on record, or null where it is of an older form. */
export function parseRecordedManifest(written: string): ModelManifest | null {
  const parsed = ModelManifest.safeParse(JSON.parse(written));
  return parsed.success ? parsed.data : null;
}

function faultsOf(
  issue: z.core.$ZodIssue,
  whole: unknown,
  above: readonly PropertyKey[] = [],
): readonly PackageFault[] {
  const path = [...above, ...issue.path];
  const fault = (at: readonly PropertyKey[], expected: string, value: unknown = valueAt(whole, at)) =>
    packageFault('manifest-invalid', at.map(String).join('.'), { value, expected });
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => fault([...path, key], 'no such field here'));
    case 'invalid_type':
      return [
        fault(
          path,
          valueAt(whole, path) === undefined ? `${article(issue.expected)}, which is missing` : article(issue.expected),
        ),
      ];
    case 'invalid_value':
      return [
        fault(
          path,
          `${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map((one) => JSON.stringify(one)).join(', ')}`,
        ),
      ];
    case 'too_small':
      return [
        fault(path, `${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}${unitOf(issue.origin)}`),
      ];
    case 'too_big':
      return [
        fault(path, `${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}${unitOf(issue.origin)}`),
      ];
    case 'invalid_union': {
      const options = 'options' in issue && Array.isArray(issue.options) ? issue.options : [];
      if (options.length > 0) return [fault(path, `one of ${options.map((one) => JSON.stringify(one)).join(', ')}`)];
      // Of several forms the one that fits best is the one that was meant.
      const [best] = issue.errors.toSorted((a, b) => a.length - b.length);
      return best === undefined || best.length === 0
        ? [fault(path, issue.message)]
        : best.flatMap((inner) => faultsOf(inner, whole, path));
    }
    case 'invalid_key':
    case 'invalid_element':
      return issue.issues.flatMap((inner) => faultsOf(inner, whole, path));
    default:
      return [fault(path, issue.message)];
  }
}

/** What neither a schema, RFC 8785 nor a fault can tell of, in words of what was expected; null where there is nothing. Walks without recursion. */
function unfitJson(whole: unknown): string | null {
  let level: unknown[] = [whole];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MOST_DEPTH) return `JSON at most ${MOST_DEPTH} levels deep`;
    const below: unknown[] = [];
    for (const value of level) {
      if (typeof value === 'string' && !value.isWellFormed()) return 'JSON without half characters (lone surrogates)';
      if (typeof value !== 'object' || value === null) continue;
      for (const [key, inner] of Object.entries(value)) below.push(key, inner);
    }
    level = below;
  }
  return null;
}

/**
 * Control characters, line ends, what turns the direction of writing and what takes no room: with them one text looks like another,
 * or a line of a log like two. Joiners that scripts need are none of them.
 */
const HIDDEN = /[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]/u;

/** Texts of a manifest that do not look like what they are. */
function hiddenTexts(value: unknown, path: readonly string[] = []): readonly PackageFault[] {
  const fault = (at: readonly string[], told: string) =>
    packageFault('manifest-invalid', at.join('.'), {
      value: escaped(told),
      expected: 'a text without control, direction or invisible characters',
    });
  // What is long is written in lines.
  if (typeof value === 'string')
    return HIDDEN.test(path.at(-1) === 'intendedUse' ? value.replaceAll(/[\n\t]/g, ' ') : value)
      ? [fault(path, value)]
      : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    HIDDEN.test(key) ? [fault([...path, escaped(key)], key)] : hiddenTexts(inner, [...path, key]),
  );
}

/** With what cannot be seen as its number. */
function escaped(text: string): string {
  return text.replaceAll(
    new RegExp(HIDDEN.source, 'gu'),
    (one) => `\\u{${(one.codePointAt(0) as number).toString(16)}}`,
  );
}

function valueAt(whole: unknown, path: readonly PropertyKey[]): unknown {
  let value = whole;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[step];
  }
  return value;
}

function article(type: string): string {
  return (
    { int: 'a whole number', number: 'a number', string: 'a text', object: 'an object', array: 'a list' }[type] ?? type
  );
}

function unitOf(origin: string): string {
  return { string: ' characters', array: ' entries' }[origin] ?? '';
}
