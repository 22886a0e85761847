import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const SHIPPED = path.resolve(import.meta.dirname, '../../../resources/models/head-ct-hyperdense');

/** A manifest as far as these tests change it. */
export type TestManifest = Record<string, unknown> & {
  id: string;
  name: string;
  version: string;
  labels: { flagFrom: number | null }[];
  goldenCases: { expected: Record<string, { values?: number[] }> }[];
};

/** The version of the head CT package as it ships. */
export function shippedVersion(): string {
  return (JSON.parse(readFileSync(path.join(SHIPPED, 'manifest.json'), 'utf8')) as TestManifest).version;
}

/** Writes a copy of the shipped head CT package, changed, as a package of its own into a folder. */
export function copyPackage(
  folder: string,
  name: string,
  change: (manifest: TestManifest) => TestManifest,
  card?: string,
): void {
  const to = path.join(folder, name);
  mkdirSync(folder, { recursive: true });
  cpSync(SHIPPED, to, { recursive: true });
  const file = path.join(to, 'manifest.json');
  const manifest = change(JSON.parse(readFileSync(file, 'utf8')) as TestManifest);
  writeFileSync(file, JSON.stringify(manifest));
  if (card !== undefined) writeFileSync(path.join(to, 'card.md'), card);
}
