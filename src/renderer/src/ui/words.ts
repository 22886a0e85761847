import i18next, { type TFunction } from 'i18next';
import { useSyncExternalStore } from 'react';

/**
 * Words as `useTranslation` gives them, for what stands on a page a hundred times: one look at the language instead of ten hooks, and words
 * without values are looked up once. Of a worklist's row both together took as long as all else React does for it.
 */
export function useWords(): TFunction {
  return useSyncExternalStore(subscribe, wordsNow);
}

function subscribe(listener: () => void): () => void {
  i18next.on('languageChanged', listener);
  return () => i18next.off('languageChanged', listener);
}

let language: string | undefined;
let words: TFunction = i18next.t;

function wordsNow(): TFunction {
  if (language !== i18next.language) {
    language = i18next.language;
    words = remembering(i18next.t);
  }
  return words;
}

function remembering(t: TFunction): TFunction {
  const known = new Map<string, string>();
  const said = (key: string | string[], values?: Readonly<Record<string, unknown>>): string => {
    if (values !== undefined || typeof key !== 'string') return t(key, { ...values });
    const words = known.get(key) ?? t(key);
    known.set(key, words);
    return words;
  };
  // Asked as translations are asked; what a translation may be asked besides is asked of nobody here.
  return said as unknown as TFunction;
}
