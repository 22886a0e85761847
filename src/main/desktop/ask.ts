import { clipboard, dialog } from 'electron';
import type { FirstSignIn } from '../../shared/contract/parent-port.ts';
import { firstSignInWords, QUIT_WORDS, type Words } from './words.ts';

/** Says why Wetread cannot run, and gives what the person chose. */
export async function askAfterRefusal(words: Words): Promise<'again' | 'quit'> {
  const { response } = await dialog.showMessageBox({
    type: 'error',
    title: 'Wetread',
    ...words,
    buttons: ['Try again', 'Quit'],
    cancelId: 1,
    noLink: true,
  });
  return response === 0 ? 'again' : 'quit';
}

/** Asks before receiving ends; closing the question means no. */
export async function confirmQuit(): Promise<boolean> {
  const { response } = await dialog.showMessageBox({
    type: 'question',
    title: 'Wetread',
    ...QUIT_WORDS,
    buttons: ['Stop receiving and quit', 'Keep running'],
    defaultId: 1,
    cancelId: 1,
    noLink: true,
  });
  return response === 0;
}

/** Shows the first administrator's one-time password, once. */
export async function showFirstSignIn(first: FirstSignIn): Promise<void> {
  const { response } = await dialog.showMessageBox({
    type: 'info',
    title: 'Wetread',
    ...firstSignInWords(first),
    buttons: ['Copy the password', 'I have noted it'],
    cancelId: 1,
    noLink: true,
  });
  if (response === 0) await clipboard.writeText(first.password);
}
