import './platform/tune-process.ts';
import '../../shared/domain/zod-setup.ts';
import { type ChildProcess, fork } from 'node:child_process';
import { parseArgs } from 'node:util';
import { err, ok, type Result } from '../../shared/domain/result.ts';
import { compose, type Station } from './compose.ts';
import { PROGRAM } from './program.ts';
import { REFUSALS, type Refusal } from './exit-codes.ts';
import { forkRunnerHost, parentPortRunnerHost } from './inference/index.ts';
import { readConfig } from './platform/config.ts';
import { claimDataDirectory } from './platform/data-directory.ts';
import { type Log, openLog } from './platform/log.ts';
import { findParentPort, openParentPort, type ParentPort } from './platform/parent-port.ts';
import { isOutOfRoom } from './platform/store/out-of-room.ts';
import { openVault } from './platform/vault.ts';
import { demoConfig, demoConflicts } from './demo-config.ts';

type Arguments = {
  readonly data: string;
  readonly httpPort: number;
  readonly dicomPort: number;
  readonly hl7Port: number | null;
  readonly config: string | undefined;
  readonly demo: boolean;
  /** The demo's data directory, people and models without its pretend hospital: what tests and benchmarks send instead. */
  readonly noHospital: boolean;
  /** What the demo's pretend hospital makes its people and studies of; a new one each time where it is left out. */
  readonly seed: number | null;
};

/** EX_SOFTWARE of sysexits.h: not one of the refusals. */
const DIED = 70;
/** So long a start that broke off may take to tell why. */
const GOODBYE_MS = 1_000;
const DEFAULT_PORTS = { http: 8642, dicom: 11_112 };

/** Process entry: arguments → compose → one ready line. */
async function main(): Promise<void> {
  const rawPort = findParentPort();
  const parent =
    rawPort === null ? null : openParentPort(rawPort, () => process.exit(REFUSALS['arguments-invalid'].exitCode));
  const started = await start(parent).catch((error: unknown): Result<never, Refusal> => {
    if (!isOutOfRoom(error)) throw error;
    // What was begun is let go of by the end of the process, as after a power cut.
    setTimeout(() => process.exit(), GOODBYE_MS).unref();
    return err({ code: 'disk-full' });
  });
  if (!started.ok) {
    refuse(started.error, parent);
    return;
  }
  const { station, hospital, release } = started.value;
  const shutDown = once(async () => {
    hospital?.kill('SIGTERM');
    await station.stop();
    release();
    process.exit(0);
  });
  process.on('SIGTERM', shutDown);
  process.on('SIGINT', shutDown);
  parent?.listen('shutdown', shutDown);
  // Last: whoever reads that the station is ready may ask it to end at once.
  announce(station, parent);
}

async function start(
  parent: ParentPort | null,
): Promise<Result<{ station: Station; hospital: ChildProcess | null; release: () => void }, Refusal>> {
  const parsed = parseArguments(process.argv.slice(2));
  if (!parsed.ok) return parsed;
  const args = parsed.value;
  if (args.hl7Port !== null)
    process.stderr.write('--hl7-port is ignored: this version of Wetread does not listen for HL7.\n');
  const read = readConfig(args.config);
  if (!read.ok) return err({ code: read.error.code, details: read.error.faults });
  const conflicts = args.demo ? demoConflicts(read.value, !args.noHospital) : [];
  if (conflicts.length > 0) return err({ code: 'config-not-for-demo', details: conflicts });
  const config = args.demo ? demoConfig(read.value, !args.noHospital) : read.value;
  const claimed = claimDataDirectory(args.data, args.demo);
  if (!claimed.ok) return claimed;
  const directory = claimed.value;
  const given = (await parent?.keys()) ?? null;
  const secrets = openVault(
    {
      databaseKeyHex: given?.databaseKeyHex ?? process.env.WETREAD_DATABASE_KEY,
      signingKeyPem: given?.signingKeyPem ?? process.env.WETREAD_SIGNING_KEY,
      folder: directory.vault,
    },
    directory.isNew,
  );
  if (!secrets.ok) {
    directory.release();
    return secrets;
  }
  // In a demo without a configuration the terminal is a newcomer's: an address lost among hundreds of lines is no address.
  const log = openLog(args.demo && args.config === undefined ? 'warn' : config.logLevel);
  process.on('uncaughtException', (error) => dieOf(error, log));
  const composed = await compose({
    ...{ directory, config, secrets: secrets.value, httpPort: args.httpPort, dicomPort: args.dicomPort },
    version: PROGRAM.version,
    log,
    runnerHost:
      parent === null
        ? forkRunnerHost(PROGRAM.runnerEntry, (count) => log.warn('runner-stderr', { count }))
        : parentPortRunnerHost(parent),
    readerEntry: PROGRAM.readerEntry,
    fileKeeperEntry: PROGRAM.fileKeeperEntry,
    pageFolder: PROGRAM.pageFolder,
    resources: PROGRAM.resources,
  });
  if (!composed.ok) {
    directory.release();
    return composed;
  }
  const station = composed.value;
  return ok({
    station,
    hospital: args.demo && !args.noHospital && parent === null ? openHospital(station, args.seed, log) : null,
    release: directory.release,
  });
}

/** The demo's pretend hospital runs beside the station and reaches it as any modality would; the desktop app starts its own. */
function openHospital(station: Station, seed: number | null, log: Log): ChildProcess {
  const { port, aeTitle } = station.dicom;
  const options = [
    '--dicom-port',
    String(port),
    '--called-ae',
    aeTitle,
    ...(seed === null ? [] : ['--seed', String(seed)]),
  ];
  const hospital = fork(PROGRAM.hospitalEntry, options, { stdio: ['ignore', 2, 2, 'ipc'] });
  // Without it nothing arrives any more, and a demo that stands still explains itself to nobody.
  hospital.on('exit', (code, signal) => {
    if (!hospital.killed) log.warn('hospital-ended', { code: String(signal ?? code) });
  });
  hospital.on('error', (error) => log.incident('hospital-failed', error));
  return hospital;
}

/** A bug that no boundary caught: Node's own report would print the error's message, and with it what libraries put there. */
function dieOf(error: unknown, log: Log): never {
  log.incident('station-died', error);
  process.exit(DIED);
}

function announce(station: Station, parent: ParentPort | null): void {
  const { http, dicom, firstSignIn } = station;
  parent?.send({ type: 'ready', http, dicom, hl7: null, firstSignIn });
  if (parent !== null) return;
  if (firstSignIn !== null) {
    process.stderr.write(
      `First start. Sign in as "${firstSignIn.username}" with the one-time password: ${firstSignIn.password}\n`,
    );
  }
  process.stdout.write(`${JSON.stringify({ ready: true, http, dicom, hl7: null })}\n`);
}

function refuse(refusal: Refusal, parent: ParentPort | null): void {
  const { text, exitCode } = REFUSALS[refusal.code];
  const words = [text, ...(refusal.details ?? [])].join('\n  ');
  parent?.send({ type: 'fatal', code: refusal.code, text: words.slice(0, 2_000) });
  process.stderr.write(`${words}\n`);
  process.exitCode = exitCode;
}

function parseArguments(given: readonly string[]): Result<Arguments, Refusal> {
  try {
    const { values } = parseArgs({
      args: [...given],
      options: {
        data: { type: 'string' },
        'http-port': { type: 'string' },
        'dicom-port': { type: 'string' },
        'hl7-port': { type: 'string' },
        config: { type: 'string' },
        demo: { type: 'boolean', default: false },
        'no-hospital': { type: 'boolean', default: false },
        seed: { type: 'string' },
        'parent-port': { type: 'boolean', default: false },
      },
    });
    if (values.seed !== undefined && (!values.demo || !/^\d{1,9}$/.test(values.seed)))
      return err({
        code: 'arguments-invalid',
        details: ['--seed N goes with --demo, and is a whole number below 1,000,000,000'],
      });
    if (values.data === undefined) return err({ code: 'arguments-invalid', details: ['--data DIR is needed'] });
    return ok({
      data: values.data,
      httpPort: port(values['http-port'], DEFAULT_PORTS.http),
      dicomPort: port(values['dicom-port'], DEFAULT_PORTS.dicom),
      hl7Port: values['hl7-port'] === undefined ? null : port(values['hl7-port'], 0),
      config: values.config,
      demo: values.demo,
      noHospital: values['no-hospital'],
      seed: values.seed === undefined ? null : Number(values.seed),
    });
  } catch (error) {
    return err({ code: 'arguments-invalid', details: [(error as Error).message] });
  }
}

function port(text: string | undefined, otherwise: number): number {
  const value = Number(text ?? otherwise);
  if (!Number.isInteger(value) || value < 0 || value > 65_535)
    throw new Error('a port is a whole number from 0 to 65535');
  return value;
}

function once(work: () => Promise<void>): () => void {
  let begun = false;
  return () => {
    if (begun) return;
    begun = true;
    void work();
  };
}

await main();
