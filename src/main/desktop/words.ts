import type { FirstSignIn } from '../../shared/contract/parent-port.ts';

/** What a dialog says: one line, and what to do. */
export type Words = { readonly message: string; readonly detail: string };

/** The shell's own refusals; the station words its own. */
const REFUSALS = {
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
} as const satisfies Readonly<Record<string, Words>>;

export type ShellRefusalCode = keyof typeof REFUSALS;

/** Says in plain words why the shell found or may use no station. */
export function shellRefusalWords(code: ShellRefusalCode): Words {
  return REFUSALS[code];
}

/** Says why the station ended for good: in its own words, or by its code where it gave none. */
export function stationRefusalWords(code: string, text: string | null): Words {
  return { message: 'The station cannot run.', detail: text ?? `Its reason: ${code}. The log says more.` };
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
