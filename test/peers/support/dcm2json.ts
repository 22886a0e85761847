import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';

/** An attribute in the DICOM JSON model (PS3.18 Annex F). */
export type JsonAttribute = {
  readonly vr: string;
  readonly Value?: readonly unknown[];
  readonly InlineBinary?: string;
  readonly BulkDataURI?: string;
};
/** A data set in that model, by tag. */
export type JsonDataSet = Readonly<Record<string, JsonAttribute>>;

/** What DCMTK tells of a Part-10 file in the DICOM JSON model; null where it cannot. The folder is for a file of its own. */
export function toldByDcmtk(bytes: Uint8Array, folder: string): JsonDataSet | null {
  const file = path.join(folder, 'one.dcm');
  writeFileSync(file, bytes);
  const { status, stdout } = spawnSync('dcm2json', [file], { maxBuffer: 2 ** 28 });
  if (status !== 0) return null;
  try {
    return JSON.parse(stdout.toString('utf8')) as JsonDataSet;
  } catch {
    return null; // it writes what it cannot convert as it is
  }
}

/**
 * DCMTK writes nine digits of a single-precision number, and no empty components at the end of a name (PS3.5 §6.2.1.2): the
 * number and the name are the same.
 */
const PLAIN: Readonly<Record<string, (value: unknown) => unknown>> = {
  FL: (value) => Math.fround(Number(value)),
  PN: (value) => {
    const groups = Object.entries((value ?? {}) as Record<string, string>).map(([group, name]) => [
      group,
      name.replace(/\^+$/, ''),
    ]);
    return Object.fromEntries(groups.filter(([, name]) => name !== ''));
  },
};

/** Whether two tell the same of an attribute. */
export function isSameAttribute(one: JsonAttribute, other: JsonAttribute): boolean {
  const plain = ({ vr, Value = [], InlineBinary }: JsonAttribute) => {
    const values = Value.map(PLAIN[vr] ?? ((value: unknown) => value)).filter(
      (value) => JSON.stringify(value) !== '{}',
    );
    return JSON.stringify([vr, values, InlineBinary]);
  };
  return plain(one) === plain(other);
}
