import { type KeyboardEvent, useCallback, useEffect, useRef } from 'react';
import { create } from 'zustand';
import { usePreferences } from './preferences.ts';

/** One key and what it does. `key` is `KeyboardEvent.key`; `mod` is Ctrl, or Command on a Mac. */
export type Shortcut = {
  /** What a person's own key is kept under; without one the key is not theirs to change. */
  readonly id?: string;
  readonly key: string;
  readonly mod?: boolean;
  /** A key that does the same and need not be listed apart. */
  readonly alias?: string;
  /** What it does, in words for the sheet. */
  readonly label: string;
  readonly run: () => void;
};

/** The shortcuts a part of the page answers now, under the heading it stands below in the sheet. */
export type ShortcutGroup = { readonly heading: string; readonly shortcuts: readonly Shortcut[] };

/** Every group that is on the page now; the sheet lists them. */
export const useShortcutGroups = create<{ readonly groups: readonly ShortcutGroup[] }>()(() => ({ groups: [] }));

/** The keys a person chose for themselves, by the shortcut's id. */
export const useOwnKeys = create<{ readonly keys: Readonly<Record<string, string>> }>()(() => ({ keys: {} }));

/** The shortcuts with a person's own keys in place of the shipped ones. */
export function withOwnKeys(
  shortcuts: readonly Shortcut[],
  keys: Readonly<Record<string, string>>,
): readonly Shortcut[] {
  return shortcuts.map((one) => {
    const own = one.id === undefined ? undefined : keys[one.id];
    if (own === undefined) return one;
    const { alias: _shipped, ...rest } = one;
    // A letter acts as a capital too: Caps Lock must not take the keys away.
    return { ...rest, key: own, ...(/^[a-z]$/.test(own) && { alias: own.toUpperCase() }) };
  });
}

/** Why a key cannot be a person's own for a shortcut; null where it can. */
export function keyRefusal(
  key: string,
  id: string,
  shortcuts: readonly Shortcut[],
): { readonly code: 'reserved' } | { readonly code: 'taken'; readonly by: string } | null {
  if (RESERVED.has(key) || (key.length > 1 && !/^F\d+$/.test(key))) return { code: 'reserved' };
  const taken = shortcuts.find(
    (one) =>
      one.id !== id && one.mod !== true && (one.key === key || one.alias === key || one.key === key.toLowerCase()),
  );
  return taken === undefined ? null : { code: 'taken', by: taken.label };
}

/** Keys that mean the same on every page. */
const RESERVED = new Set(['?', '/', ' ', 'Escape', 'Enter', 'Tab']);

/**
 * Lists these shortcuts in the sheet while mounted and returns the handler for the element whose focus they need, so
 * that a single letter acts only there (WCAG 2.1.4).
 */
export function useShortcuts(heading: string, shortcuts: readonly Shortcut[]): (event: KeyboardEvent) => void {
  const { keys } = useOwnKeys();
  const current = useRef(shortcuts);
  current.current = withOwnKeys(shortcuts, keys);
  const listing = current.current.map((one) => `${one.key}|${one.label}`).join('\n');
  useEffect(() => {
    // Whoever does one from a list does what it means by then.
    const listed = current.current.map((one, index) => ({ ...one, run: () => current.current[index]?.run() }));
    const group: ShortcutGroup = { heading, shortcuts: listed };
    // `listing` stands for the shortcuts: they are new objects on every render but seldom new keys.
    void listing;
    useShortcutGroups.setState(({ groups }) => ({ groups: [...groups, group] }));
    return () => useShortcutGroups.setState(({ groups }) => ({ groups: groups.filter((one) => one !== group) }));
  }, [heading, listing]);
  return useCallback((event) => {
    const found = findShortcut(current.current, event, usePreferences.getState().singleLetterKeys);
    if (found === null) return;
    event.preventDefault();
    event.stopPropagation();
    found.run();
  }, []);
}

type Press = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey'> & { readonly target: unknown };

/** The shortcut a key press means; none in text fields, none for other chords, no single characters where switched off. */
export function findShortcut(shortcuts: readonly Shortcut[], press: Press, singleLetters: boolean): Shortcut | null {
  const mod = press.ctrlKey || press.metaKey;
  if (press.altKey || isTyping(press.target)) return null;
  if (isOnControl(press.target) && (press.key === 'Enter' || press.key === ' ')) return null;
  if (!mod && isSingleCharacter(press.key) && !singleLetters) return null;
  return (
    shortcuts.find((one) => (one.mod ?? false) === mod && (one.key === press.key || one.alias === press.key)) ?? null
  );
}

/** True where keys are text: inputs, text areas, editable content. */
export function isTyping(target: unknown): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName);
}

/** Enter and Space belong to the button or link that has the focus. */
function isOnControl(target: unknown): boolean {
  return target instanceof HTMLElement && ['BUTTON', 'A'].includes(target.tagName);
}

/** Space moves nothing by accident of dictation, so it does not count as a character here. */
function isSingleCharacter(key: string): boolean {
  return key.length === 1 && key !== ' ';
}
