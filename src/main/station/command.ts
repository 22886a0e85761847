import '../../shared/domain/zod-setup.ts';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { describeFault } from '../../shared/domain/package-fault.ts';
import { checkObject } from './archive/index.ts';
import { checkPackage, compareOnProviders, describeComparisons, forkRunnerHost } from './inference/index.ts';
import { restoreBackup, type RestoreFailure } from './platform/backup/restore-backup.ts';
import { readConfig } from './platform/config.ts';
import { replayRun, type ReplayCommandFailure } from './replay-command.ts';
import { isOutOfRoom } from './platform/store/out-of-room.ts';
import { PROGRAM } from './program.ts';
import { type BackupFailure, takeBackup } from './platform/backup/take-backup.ts';

const USAGE = `Wetread, from the command line:

  wetread backup  --data DIR --to DIR  (--passphrase-file FILE | --without-keys)
      Backs up a data directory while its station runs: database, objects, checkpoints, and the keys under a passphrase.
      A second backup to the same place copies only what is new.

  wetread restore --from DIR --data DIR  (--passphrase-file FILE | --vault DIR)
      Makes a new data directory of one backup (a folder below backups/). That it was restored becomes part of its ledger.

  wetread model check FOLDER|ZIP  [--config FILE]
      Tries a model package as the station would: manifest, digests, signature, model, golden cases. Says of each fault the
      field, the value and what was expected. Providers and signers are those of the configuration.

  wetread model compare-providers FOLDER|ZIP...  [--config FILE] [--providers NAME,NAME] [--against NAME] [--runs N]
      Computes every golden case of these packages (of a folder of packages, of each) on each provider and on another, the
      processor where none is named, N times (10). Prints a table of how far they are apart in tolerances, and how fast each
      is, then one line of JSON. Exit code 0: every case holds on every provider that is here; 4: one does not.

  wetread replay  RUN_ID --token-file FILE [--station URL] [--provider NAME]
      Has a running station (http://127.0.0.1:8642 where none is named) compute a run's receipt again, and compares.
      Exit code 0: the same within the tolerance; 4: it differs; 5: it could not be computed, the answer says why.
`;

/** What a person reads where a command did not do what was asked; the exit code is 1, or 2 for a line not understood. */
const FAILURES: Readonly<
  Record<
    | BackupFailure['code']
    | RestoreFailure['code']
    | ReplayCommandFailure['code']
    | 'passphrase-unreadable'
    | 'token-unreadable'
    | 'no-room',
    string
  >
> = {
  'no-data-directory': 'There is no database in that data directory.',
  'destination-in-data': 'The backup must go somewhere else than into the data directory itself.',
  'backup-running':
    'Another backup into this destination is running. Wait until it has ended, or choose another; nothing was changed.',
  'restore-running':
    'Another restore into this data directory is running. Wait until it has ended, or choose another; nothing was changed.',
  'key-missing': 'The keys are not there: give the vault that belongs to this database.',
  'key-malformed': 'The keys in the vault are not in the expected form.',
  'key-wrong': 'The key does not open the database.',
  'database-damaged': 'The database is damaged.',
  'database-busy': 'The database is locked by another program.',
  'no-backup': 'That folder is no finished backup: it has no backup.json.',
  'backup-damaged':
    'The backup is damaged: a file is missing, or is not the one its manifest names. Try an earlier one.',
  'backup-newer': 'The backup was taken by a newer Wetread. Install that version.',
  'target-not-empty': 'The data directory to restore into is not empty. Choose a new one; nothing was changed.',
  'target-in-backup': 'The data directory must stand somewhere else than among the backups. Nothing was changed.',
  'passphrase-needed': 'The keys in this backup are sealed: give --passphrase-file.',
  'passphrase-wrong': 'The passphrase does not open the keys of this backup.',
  'passphrase-unreadable': 'The passphrase file cannot be read, or is empty.',
  'no-room': 'There is no room left where it should go. What was copied stays and is used by the next backup.',
  'token-unreadable': 'The token file cannot be read, or is empty.',
  'station-unreachable': 'No station answers at that address.',
  'not-permitted': 'The station does not let the holder of that token replay runs.',
  refused: 'The station refused to replay this run',
  cancelled: 'Stopped. What was copied stays and is used by the next backup.',
};

/** What came of a replay, for scripts that only look at the exit code. */
const DIFFERS = 4;
const REPLAY_EXITS: ReadonlyMap<string, number> = new Map([
  ['same', 0],
  ['differs', DIFFERS],
  ['could-not', 5],
]);

const [command, ...rest] = process.argv.slice(2);
const stopping = new AbortController();
process.once('SIGINT', () => stopping.abort());
process.once('SIGTERM', () => stopping.abort());
process.exitCode = await run(command, rest);

async function run(wanted: string | undefined, given: readonly string[]): Promise<number> {
  try {
    if (wanted === 'backup') return await backup(given);
    if (wanted === 'restore') return await restore(given);
    if (wanted === 'model' && given[0] === 'check') return await checkModel(given.slice(1));
    if (wanted === 'model' && given[0] === 'compare-providers') return await compareProviders(given.slice(1));
    if (wanted === 'replay') return await replay(given);
  } catch (error) {
    if (isOutOfRoom(error)) return failed('no-room');
    if (!(error instanceof TypeError) || !('code' in error) || !String(error.code).startsWith('ERR_PARSE_ARGS'))
      throw error;
    process.stderr.write(`${error.message}\n\n`);
  }
  process.stderr.write(USAGE);
  return 2;
}

async function backup(given: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...given],
    options: {
      data: { type: 'string' },
      to: { type: 'string' },
      'passphrase-file': { type: 'string' },
      'without-keys': { type: 'boolean', default: false },
    },
  });
  const { data, to } = values;
  const file = values['passphrase-file'];
  if (data === undefined || to === undefined || (file === undefined) !== values['without-keys']) return usage();
  const passphrase = file === undefined ? null : readPassphrase(file);
  if (file !== undefined && passphrase === null) return failed('passphrase-unreadable');
  const taken = await takeBackup({
    ...{ data, destination: to, passphrase, nowMs: Date.now(), signal: stopping.signal, onProgress: tell('backed up') },
    check: checkObject,
    databaseKeyHex: process.env['WETREAD_DATABASE_KEY'],
    signingKeyPem: process.env['WETREAD_SIGNING_KEY'],
  });
  if (!taken.ok) return failed(taken.error.code);
  const { folder, manifest, copied } = taken.value;
  process.stdout.write(
    `${JSON.stringify({ backup: folder, objects: manifest.objects.count, copied, missing: manifest.missing.length, damaged: manifest.damaged.length })}\n`,
  );
  if (!manifest.hasKeys)
    process.stderr.write('The keys are not in this backup: without the vault it cannot be opened.\n');
  const lost = manifest.missing.length + manifest.damaged.length;
  return lost === 0 ? 0 : missing(lost);
}

async function restore(given: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...given],
    options: {
      from: { type: 'string' },
      data: { type: 'string' },
      'passphrase-file': { type: 'string' },
      vault: { type: 'string' },
    },
  });
  const { from, data, vault = null } = values;
  const file = values['passphrase-file'];
  if (from === undefined || data === undefined) return usage();
  const passphrase = file === undefined ? null : readPassphrase(file);
  if (file !== undefined && passphrase === null) return failed('passphrase-unreadable');
  const restored = await restoreBackup({
    ...{
      backup: from,
      data,
      passphrase,
      vault,
      nowMs: Date.now(),
      signal: stopping.signal,
      onProgress: tell('restored'),
      check: checkObject,
    },
  });
  if (!restored.ok) return failed(restored.error.code);
  const { manifest, objects, missing: gone } = restored.value;
  const takenAt = new Date(manifest.takenAtMs).toISOString();
  process.stdout.write(`${JSON.stringify({ data, takenAt, objects, missing: gone.length })}\n`);
  return gone.length === 0 ? 0 : missing(gone.length);
}

async function checkModel(given: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...given],
    options: { config: { type: 'string' } },
    allowPositionals: true,
  });
  const [packagePath, ...more] = positionals;
  if (packagePath === undefined || more.length > 0) return usage();
  const config = readConfig(values.config);
  if (!config.ok) {
    process.stderr.write(`${[config.error.code, ...config.error.faults].join('\n  ')}\n`);
    return 1;
  }
  const { providers, remotes, signers } = config.value.inference;
  const host = forkRunnerHost(PROGRAM.runnerEntry);
  const checked = await checkPackage(packagePath, { host, providers, remotes, signers });
  if (!checked.ok) {
    const { code, faults } = checked.error;
    process.stderr.write(`${faults.length === 0 ? code : faults.map(describeFault).join('\n')}\n`);
    return 1;
  }
  process.stdout.write(`${JSON.stringify({ ok: true, ...checked.value })}\n`);
  return 0;
}

async function compareProviders(given: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...given],
    allowPositionals: true,
    options: {
      config: { type: 'string' },
      providers: { type: 'string' },
      against: { type: 'string', default: 'cpu' },
      runs: { type: 'string', default: '10' },
    },
  });
  const runs = Number(values.runs);
  if (positionals.length === 0 || !Number.isInteger(runs) || runs < 1 || runs > 1000) return usage();
  const config = readConfig(values.config);
  if (!config.ok) {
    process.stderr.write(`${[config.error.code, ...config.error.faults].join('\n  ')}\n`);
    return 1;
  }
  const { remotes, signers, providers } = config.value.inference;
  const compared = await compareOnProviders(positionals, {
    ...{ remotes, signers, runs, against: values.against },
    providers: values.providers?.split(',') ?? providers,
    host: () => forkRunnerHost(PROGRAM.runnerEntry),
  });
  process.stdout.write(`${describeComparisons(compared)}\n\n${JSON.stringify(compared)}\n`);
  return compared.some(({ cases }) => cases.some(({ passed }) => !passed)) ? DIFFERS : 0;
}

async function replay(given: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...given],
    allowPositionals: true,
    options: {
      station: { type: 'string', default: 'http://127.0.0.1:8642' },
      'token-file': { type: 'string' },
      provider: { type: 'string' },
    },
  });
  const [runId, ...more] = positionals;
  const file = values['token-file'];
  if (runId === undefined || more.length > 0 || file === undefined || !URL.canParse(values.station)) return usage();
  const token = readPassphrase(file);
  if (token === null) return failed('token-unreadable');
  const { station, provider } = values;
  const replayed = await replayRun({ station, token, runId, provider, signal: stopping.signal });
  if (!replayed.ok) {
    const { code, detail } = replayed.error;
    process.stderr.write(code === 'refused' ? `${FAILURES[code]}: ${detail}\n` : `${FAILURES[code]}\n`);
    return 1;
  }
  process.stdout.write(`${JSON.stringify(replayed.value)}\n`);
  return REPLAY_EXITS.get(replayed.value.state) ?? 1;
}

function usage(): number {
  process.stderr.write(USAGE);
  return 2;
}

function failed(code: keyof typeof FAILURES): number {
  process.stderr.write(`${FAILURES[code]}\n`);
  return 1;
}

/** Done, and not whole: a script that only looks at the exit code must notice. */
function missing(count: number): number {
  process.stderr.write(
    `${count} objects that the database names had no file, or a damaged one. The station's integrity check lists them.\n`,
  );
  return 3;
}

function readPassphrase(file: string): string | null {
  try {
    const text = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    return text === '' ? null : text;
  } catch {
    return null; // told as passphrase-unreadable
  }
}

function tell(done: string): (count: number, of: number) => void {
  if (!process.stderr.isTTY) return () => undefined;
  return (count, of) => process.stderr.write(`\r${count} of ${of} objects ${done}${count === of ? '\n' : ''}`);
}
