/** The part of package-lock.json (version 3) that is of interest here. */
export type Lockfile = { readonly packages: Readonly<Record<string, LockedPackage>> };

type LockedPackage = {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
  readonly optionalDependencies?: Readonly<Record<string, string>>;
};

const SYSTEMS = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];
const PROCESSORS = ['arm64', 'arm', 'ia32', 'ppc64', 'riscv64', 's390x', 'x64'];

/** The lockfile with an entry for every optional package that another one names, and the names it had to add. */
export function completeLockfile({ packages, ...rest }: Lockfile): {
  readonly lockfile: Lockfile;
  readonly added: readonly string[];
} {
  const missing = new Map<string, LockedPackage>();
  for (const [place, { dev, optionalDependencies = {} }] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      if (isLocked(packages, place, name)) continue;
      missing.set(`node_modules/${name}`, {
        version,
        ...(dev === true && { dev }),
        optional: true,
        ...platformOf(name),
      });
    }
  }
  const all = [...Object.entries(packages), ...missing].toSorted(([left], [right]) => left.localeCompare(right, 'en'));
  return { lockfile: { ...rest, packages: Object.fromEntries(all) }, added: [...missing.keys()] };
}

/** Whether a package finds an optional one in its own node_modules or in any above it. */
function isLocked(packages: Lockfile['packages'], place: string, name: string): boolean {
  for (let folder = place; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules/') - 1))) {
    if (packages[`${folder === '' ? '' : `${folder}/`}node_modules/${name}`] !== undefined) return true;
    if (folder === '') return false;
  }
}

/** The platform a binary's package is for, as its name says; npm skips it elsewhere. Throws where the name says none. */
function platformOf(name: string): Pick<LockedPackage, 'os' | 'cpu' | 'libc'> {
  const words = (name.split('/').at(-1) ?? name).split('-');
  const os = SYSTEMS.find((system) => words.includes(system));
  const cpu = PROCESSORS.find((processor) => words.includes(processor));
  if (os === undefined || cpu === undefined) throw new Error(`${name} is optional, not locked, and names no platform.`);
  const musl = words.some((word) => word.startsWith('musl'));
  const gnu = words.some((word) => word.startsWith('gnu'));
  return { os: [os], cpu: [cpu], ...(musl && { libc: ['musl'] }), ...(gnu && { libc: ['glibc'] }) };
}
