import path from 'node:path';
import { app, powerSaveBlocker, safeStorage } from 'electron';
import type { StationKeys, StationReady } from '../../shared/contract/parent-port.ts';
import type { DesktopPlan } from './arguments.ts';
import { showFirstSignIn } from './ask.ts';
import { forkUtility } from './fork-utility.ts';
import { obtainStationKeys } from './keychain.ts';
import type { Shell } from './shell.ts';
import { type StationProcess, type StationState, superviseStation } from './station-process.ts';
import { trayWords } from './tray-words.ts';
import type { Child } from './utility-child.ts';
import { shellRefusalWords, stationRefusalWords } from './words.ts';

type OwnStation = Extract<DesktopPlan, { station: 'own' }>;

const bundle = (name: string): string => path.join(import.meta.dirname, name);

/** Starts a station of our own, keeps it running until the app quits, and shows where it stands. */
export async function runOwnStation(plan: OwnStation, shell: Shell): Promise<void> {
  const keys = await keysFor(plan, shell);
  if (keys === 'gone') return;
  // A machine that sleeps receives nothing; the display may.
  powerSaveBlocker.start('prevent-app-suspension');

  const station: StationProcess = superviseStation({
    forkStation: (listeners) =>
      forkUtility(bundle('station.js'), plan.stationArguments, 'Wetread station', shell.log.write, listeners),
    forkRunner: (listeners) => forkUtility(bundle('runner.js'), [], 'Wetread runner', shell.log.write, listeners),
    keys,
    onState: (state) => tell(state),
    onUnparsed: () => shell.log.event('station-message-unparsed'),
    now: Date.now,
  });

  let hospital: Child | null = null;
  /** A demo's pretend hospital reaches the station as any modality would; the station cannot fork it here (RunAsNode). */
  const openHospital = ({ dicom }: StationReady): void => {
    const args = ['--dicom-port', String(dicom.port), '--called-ae', dicom.aeTitle, ...plan.hospitalArguments];
    hospital?.kill();
    hospital = forkUtility(bundle('hospital.js'), args, 'Pretend hospital', shell.log.write, {
      onMessage: () => undefined,
      onExit: ({ code }) => shell.log.event('hospital-ended', { code }),
    });
  };

  const tell = (state: StationState): void => {
    shell.say(trayWords(state));
    switch (state.state) {
      case 'starting':
      case 'stopped':
        return shell.log.event(`station-${state.state}`);
      case 'waiting':
        return shell.log.event('station-ended', { code: state.exitCode, delayMs: state.delayMs });
      case 'refused':
        return void shell
          .refuse(state.code, stationRefusalWords(state.code, state.text))
          .then((again) => again && station.start());
      case 'ready':
        shell.log.event('station-ready');
        shell.stationIsReady(new URL(state.ready.http).origin);
        if (plan.demo) openHospital(state.ready);
        if (state.ready.firstSignIn) void showFirstSignIn(state.ready.firstSignIn);
        return;
    }
  };

  shell.stopFirst(() => {
    hospital?.kill();
    return station.stop();
  });
  station.start();
}

/** A demo's data is pretence and its station keeps its own key: it runs where there is no keychain. */
async function keysFor(plan: OwnStation, shell: Shell): Promise<StationKeys | null | 'gone'> {
  if (plan.demo) return null;
  const places = { userDataDir: app.getPath('userData'), stationDir: plan.stationDir, platform: process.platform };
  for (;;) {
    const keys = await obtainStationKeys(safeStorage, places);
    if (keys.ok) return keys.value;
    const { code } = keys.error;
    if (!(await shell.refuse(code, shellRefusalWords(code)))) return 'gone';
  }
}
