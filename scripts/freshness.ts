import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** What is built, the files and folders it is built of, and the files that stand when it is. */
export type Built = { readonly name: string; readonly inputs: readonly string[]; readonly outputs: readonly string[] };

/** Whether everything stands, built from inputs of this digest. */
export function isFresh(root: string, part: Built, digest: string): boolean {
  const stamp = stampFile(root, part);
  const stands = [stamp, ...part.outputs.map((file) => path.join(root, file))].every((file) => existsSync(file));
  return stands && readFileSync(stamp, 'utf8') === digest;
}

/** Notes that the part stands built from inputs of this digest. */
export function writeStamp(root: string, part: Built, digest: string): void {
  mkdirSync(path.join(root, 'out'), { recursive: true });
  writeFileSync(stampFile(root, part), digest);
}

function stampFile(root: string, { name }: Built): string {
  return path.join(root, 'out', `${name}.sha256`);
}

/** The digest of what a part is built of. By content, not by time: a fresh clone and a switched branch change every time. */
export function digestInputs(root: string, { inputs }: Built): string {
  const hash = createHash('sha256');
  for (const file of inputs.flatMap((input) => filesBelow(root, input)))
    hash
      .update(`${file}\0`)
      .update(readFileSync(path.join(root, file)))
      .update('\0');
  return hash.digest('hex');
}

function filesBelow(root: string, input: string): readonly string[] {
  const place = path.join(root, input);
  if (!existsSync(place)) return [];
  if (statSync(place).isFile()) return [input];
  return readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.test\.tsx?$/.test(entry.name))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .toSorted();
}
