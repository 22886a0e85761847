import { app, dialog } from 'electron';
import { planDesktop } from './arguments.ts';
import { attachStation } from './attach-station.ts';
import { runOwnStation } from './own-station.ts';
import { openShell } from './shell.ts';
import { shellRefusalWords } from './words.ts';

/** Starts the desktop app. Called once and at once: some of this is refused when Electron is ready already. */
export function startDesktop(): void {
  app.setName('Wetread');
  app.setAppUserModelId('org.wetread.desktop');
  app.enableSandbox();
  // crashReporter is never started, and Chromium's own handler is told not to: a dump would hold patients' pixels.
  app.commandLine.appendSwitch('disable-breakpad');

  const args = process.argv.slice(app.isPackaged ? 1 : 2);
  // Apart from real data, and from a real Wetread running beside it: the single-instance lock lies in this folder.
  if (args.includes('--demo')) app.setPath('userData', `${app.getPath('userData')} Demo`);
  // The first one hears of this start and shows its window.
  if (!app.requestSingleInstanceLock()) return app.exit(0);

  app.on('certificate-error', (event, _contents, _url, _error, _certificate, trust) => {
    event.preventDefault();
    trust(false);
  });
  app.on('select-client-certificate', (event, _contents, _url, _offered, choose) => {
    event.preventDefault();
    choose();
  });

  const plan = planDesktop(args, process.env, app.getPath('userData'));
  // Not awaited: Electron is ready only after the entry has been read to its end.
  void app.whenReady().then(async () => {
    if (!plan.ok) {
      const { message, detail } = shellRefusalWords(plan.error.code);
      dialog.showErrorBox(message, detail);
      return app.exit(2);
    }
    const shell = openShell({ asksBeforeQuit: plan.value.station === 'own' });
    if (plan.value.station === 'own') await runOwnStation(plan.value, shell);
    else await attachStation(plan.value.origin, shell);
  });
}
