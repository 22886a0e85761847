import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Plugin } from 'vite';
import { z } from 'zod';

/** The file beside a bundle that names what others made of it, with the words of their licences. */
export const NOTICES_FILE = 'third-party-notices.txt';

/** A package of which something is in a bundle, and where its licences may lie: its own folder and those of files taken over whole. */
type Bundled = {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  readonly author: string;
  readonly folders: Set<string>;
};

const Manifest = z.object({
  name: z.string(),
  version: z.string(),
  license: z.string().catch('see below'),
  author: z
    .union([z.string().min(1), z.object({ name: z.string().min(1) }).transform(({ name }) => name)])
    .catch('its contributors'),
});
const LICENCE_FILE = /^(licen[cs]e|copying|notice)/i;

/**
 * Writes NOTICES_FILE beside a bundle: every package that has a module or a file in it, that of its workers included. The
 * builder's own list leaves out workers, and files that are copied (fonts, character maps, WebAssembly).
 */
export function thirdPartyNotices(): { readonly whole: Plugin; readonly workers: () => Plugin } {
  const bundled = new Map<string, Bundled>();
  const collect: Plugin = {
    name: 'wetread:collect-notices',
    generateBundle(_options, bundle) {
      for (const part of Object.values(bundle)) {
        for (const file of part.type === 'chunk' ? part.moduleIds : part.originalFileNames) note(bundled, file);
      }
    },
  };
  return {
    workers: () => collect,
    whole: {
      ...collect,
      name: 'wetread:notices',
      // Workers are bundled while the modules that start them are read: all of theirs is collected by now.
      generateBundle: {
        order: 'post',
        handler(...args) {
          if (typeof collect.generateBundle === 'function') void collect.generateBundle.apply(this, args);
          const packages = [...bundled].toSorted(([one], [other]) => one.localeCompare(other)).map(([, it]) => it);
          if (packages.length > 0)
            this.emitFile({ type: 'asset', fileName: NOTICES_FILE, source: noticesOf(packages) });
        },
      },
    },
  };
}

function note(bundled: Map<string, Bundled>, given: string): void {
  const file = path.resolve(given.replace(/^\0/, '').split('?')[0] ?? '');
  if (!file.includes(`${path.sep}node_modules${path.sep}`)) return;
  const folder = path.dirname(file);
  for (let home = folder; path.basename(home) !== 'node_modules'; home = path.dirname(home)) {
    const manifest = path.join(home, 'package.json');
    if (!existsSync(manifest)) continue;
    // Folders of one package may have a nameless manifest of their own, which only tells the kind of their modules.
    const stated = Manifest.safeParse(JSON.parse(readFileSync(manifest, 'utf8')));
    if (!stated.success) continue;
    const { name, version, license, author } = stated.data;
    const known = bundled.get(`${name}@${version}`);
    const its = known ?? { name, version, licence: license, author, folders: new Set() };
    bundled.set(`${name}@${version}`, its);
    its.folders.add(home).add(folder);
    return;
  }
}

function noticesOf(packages: readonly Bundled[]): string {
  const head = `Parts of Wetread were made by others. These are their names, versions and licences.\n`;
  const parts = packages.map(({ name, version, licence, author, folders }) => {
    const texts = [...folders].flatMap((folder) =>
      readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isFile() && LICENCE_FILE.test(entry.name) && !/\.[cm]?[jt]sx?$/.test(entry.name))
        .map((entry) => `-- ${entry.name}\n\n${readFileSync(path.join(folder, entry.name), 'utf8').trim()}\n`),
    );
    // Some packages name their licence and bring no copy of it.
    if (texts.length === 0) texts.push(`Copyright ${author}. Licence: https://spdx.org/licenses/${licence}\n`);
    return `${'='.repeat(80)}\n${name} ${version}: ${licence}\n\n${[...new Set(texts)].join('\n')}`;
  });
  return [head, ...parts].join('\n');
}
