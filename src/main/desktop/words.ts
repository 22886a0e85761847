import type { FirstSignIn } from '../../shared/contract/parent-port.ts';

/** What a dialog says: one line, and what to do. */
export type Words = { readonly message: string; readonly detail: string };

const REFUSALS: Readonly<Record<string, Words>> = {
  'data-in-use': {
    message: 'Another station uses this data.',
    detail: 'Stop the other station, or attach to it with --attach and its address.',
  },
  'data-not-writable': {
    message: 'The data folder cannot be written to.',
    detail: 'Give your user the right to write to it, or name another folder with --data.',
  },
  'data-not-demo': {
    message: 'This folder holds real data, not a demo.',
    detail: 'A demo never runs on real data. Start without --demo, or name an empty folder with --data.',
  },
  'data-is-demo': {
    message: 'This folder holds a demo.',
    detail: 'Start with --demo, or name another folder with --data.',
  },
  'port-taken': {
    message: 'A port the station needs is taken by another program.',
    detail: 'End that program, or choose other ports with --http-port and --dicom-port. The log names the port.',
  },
  'key-missing': {
    message: 'The key of this data is missing.',
    detail: 'Bring back the key this data was encrypted with. Nothing was changed.',
  },
  'key-malformed': {
    message: 'The key of this data is damaged.',
    detail: 'Bring back the key this data was encrypted with. Nothing was changed.',
  },
  'key-wrong': {
    message: 'The key does not open this data.',
    detail: 'Sign in as the user who started it first, or bring back its key. Nothing was changed.',
  },
  'database-damaged': {
    message: 'The database is damaged.',
    detail: 'Leave the folder as it is and restore a backup into another. The log has the details.',
  },
  'database-newer': {
    message: 'This data was written by a newer Wetread.',
    detail: 'Install that version or a later one. Nothing was changed.',
  },
  'config-unreadable': { message: 'The configuration file cannot be read.', detail: 'The log says why.' },
  'config-invalid': { message: 'The configuration file has a fault.', detail: 'The log names the key.' },
  'keychain-unavailable': {
    message: 'This session has no keychain.',
    detail:
      "Wetread keeps the key of its encrypted data in the operating system's keychain. Unlock it, or start one " +
      '(Linux: GNOME Keyring or KWallet), then try again.',
  },
  'keychain-weak': {
    message: 'This session keeps secrets without protection.',
    detail:
      'No GNOME Keyring or KWallet was found, so the key of the data would be readable by anyone with the disk. Start ' +
      'one, then try again; or run the station as a service and attach to it.',
  },
  'keys-unreadable': {
    message: 'The keychain does not open the key of this data.',
    detail: 'Sign in as the user who started it first, with that keychain unlocked. Nothing was changed.',
  },
  'station-not-reached': {
    message: 'The station does not answer.',
    detail: 'Check that it runs and that this machine reaches it.',
  },
  'not-a-station': {
    message: 'At that address there is no Wetread station.',
    detail: 'Check the address given with --attach or WETREAD_STATION_URL.',
  },
  'attach-not-an-origin': {
    message: 'The address of the station is not understood.',
    detail: 'It looks like https://station.example:8642, without a path.',
  },
  'attach-not-secure': {
    message: 'A station on another machine needs https.',
    detail: 'Over http, patient data would cross the network in the clear.',
  },
};

/** Every code with words of its own. */
export const WORDED_CODES: readonly string[] = Object.keys(REFUSALS);

/** Says in plain words why Wetread cannot run; a code without words is given as it is. */
export function refusalWords(code: string): Words {
  return (
    REFUSALS[code] ?? { message: 'The station cannot run.', detail: `Its reason: ${code}. The log has the details.` }
  );
}

/** Says how to sign in for the first time. */
export function firstSignInWords(first: FirstSignIn): Words {
  return {
    message: 'Your first sign-in',
    detail:
      `User name: ${first.username}\nOne-time password: ${first.password}\n\n` +
      'It is shown once and kept nowhere. You choose your own after signing in.',
  };
}

/** Asked before quitting takes the receivers down. */
export const QUIT_WORDS: Words = {
  message: 'Stop receiving and quit?',
  detail:
    'While Wetread is off, no study is received, no model runs and nothing is delivered. ' +
    'Closing the window instead leaves all of it on.',
};
