import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describeFault } from '../../../shared/domain/package-fault.ts';
import { providersFor, remoteName, type RemoteServer } from '../../../shared/domain/provider.ts';
import { checkPackage, type ComparedPackage, comparePackage } from './check-package.ts';
import type { KnownSigner } from './package-signature.ts';
import type { RunnerHost } from './runner-host.ts';

/** How one package came out on one provider beside another; without cases where it could not be computed, with why. */
export type ProviderRow = {
  readonly package: string;
  readonly provider: string;
  readonly against: string;
  readonly version: string | null;
  /** Whether all of the model was computed there; null where none was. */
  readonly isWhole: boolean | null;
  readonly loadMs: number | null;
  readonly cases: ComparedPackage['cases'];
  readonly why: string | null;
};

type Asked = {
  readonly providers: readonly string[];
  readonly remotes: readonly RemoteServer[];
  readonly signers: readonly KnownSigner[];
  readonly against: string;
  readonly runs: number;
  readonly host: () => RunnerHost;
};

/** Compares each package on each of these providers but the one that they are held against, a process of its own each. */
export async function compareOnProviders(places: readonly string[], asked: Asked): Promise<readonly ProviderRow[]> {
  const rows: ProviderRow[] = [];
  for (const packagePath of places.flatMap(packagesIn)) {
    const names = await namesFor(packagePath, asked);
    for (const provider of names.filter((name) => name !== asked.against))
      rows.push(await compareOne(packagePath, provider, asked));
  }
  return rows;
}

/** The rows as a table in Markdown. Largest difference in tolerances (1 is the limit), and in the tensor's own unit. */
export function describeComparisons(rows: readonly ProviderRow[]): string {
  const lines = rows.flatMap(({ package: name, provider, against, version, isWhole, loadMs, cases, why }) => {
    if (why !== null) return [`| ${name} | ${provider} | | not computed: ${why} |${' |'.repeat(7)}`];
    const on = `${provider} ${version}${isWhole === true ? '' : ' (partly)'}`;
    return cases.map((one) => {
      const apart = Math.max(0, ...one.tensors.map(({ inTolerances }) => inTolerances));
      const largest = one.tensors.map(({ tensor, largest: off }) => `${tensor} ${short(off)}`).join(', ');
      const speed = one.warmMs === 0 ? '' : short(one.againstMs / one.warmMs);
      const held = `${one.passed ? 'holds' : 'differs'} (${short(one.largestDeviation)})`;
      const times = [loadMs ?? 0, one.firstMs, one.warmMs, one.againstMs].map(short).join(' | ');
      return `| ${name} | ${on} | ${one.name} | ${held} | ${short(apart)} | ${largest} | ${times} | ${speed} (${against}) |`;
    });
  });
  const heads = [
    ...['Package', 'Provider', 'Golden case', 'Golden (in tolerances)', 'Apart (in tolerances)', 'Largest difference'],
    ...['Load ms', 'First ms', 'Median ms', 'Other’s median ms', 'Times as fast'],
  ];
  return [`| ${heads.join(' | ')} |`, `|${'---|'.repeat(heads.length)}`, ...lines].join('\n');
}

/** A package by itself, or each package of a folder of them. */
function packagesIn(place: string): readonly string[] {
  if (!existsSync(place) || place.endsWith('.zip') || existsSync(path.join(place, 'manifest.json'))) return [place];
  return readdirSync(place, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() || entry.name.endsWith('.zip'))
    .map((entry) => path.join(place, entry.name))
    .toSorted();
}

/** The providers of a package: servers by name only where they serve it. */
async function namesFor(packagePath: string, asked: Asked): Promise<readonly string[]> {
  if (!asked.providers.includes('remote')) return asked.providers;
  const read = await checkPackage(packagePath, { ...asked, providers: [asked.against], host: asked.host() });
  return read.ok ? providersFor(read.value.modelId, asked.providers, asked.remotes) : asked.providers;
}

async function compareOne(packagePath: string, provider: string, asked: Asked): Promise<ProviderRow> {
  const { remotes, signers, against, runs, host } = asked;
  const wanted = [remoteName(provider) === null ? provider : 'remote', against];
  const tools = { remotes, signers, against, runs, provider, providers: wanted, host: host() };
  const compared = await comparePackage(packagePath, tools);
  const row = { package: path.basename(packagePath), provider, against };
  if (!compared.ok) {
    const { code, faults } = compared.error;
    const why = faults.length === 0 ? code : faults.map(describeFault).join('; ');
    return { ...row, version: null, isWhole: null, loadMs: null, cases: [], why };
  }
  const { device, loadMs, cases } = compared.value;
  return { ...row, version: device.version, isWhole: device.isWhole, loadMs, cases, why: null };
}

function short(value: number): string {
  return value === 0 ? '0' : value >= 1e100 ? 'no number' : String(Number(value.toPrecision(3)));
}
