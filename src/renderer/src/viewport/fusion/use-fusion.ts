import { useEffect, useMemo, useState } from 'react';
import { shareNow } from '../engine.ts';
import type { History } from '../history.ts';
import { loadVolume } from '../mpr/load-volume.ts';
import { volumeOf } from '../mpr/volume.ts';
import type { SeriesShelf } from '../series-shelf.ts';
import { type FusionView, type PetState, petVolume, USUAL_FUSION } from './fusion-view.ts';

/** PET over other images of a study: how it is drawn, which series it can be, and how far that one has come. */
export type Fusion = {
  readonly view: FusionView;
  /** Changes how it is drawn; what is done together in one gesture is one thing to take back. */
  readonly setView: (view: FusionView) => void;
  readonly choices: readonly PetChoice[];
  readonly pet: PetState;
};

/** A PET series of the study, with its name for people. */
export type PetChoice = { readonly seriesUid: string; readonly name: string };

type Wish = {
  readonly choices: readonly PetChoice[];
  readonly shelfOf: (seriesUid: string) => SeriesShelf | null;
  /** Something shows it. */
  readonly isWanted: boolean;
  readonly history: History;
};

/** A PET is drawn over others beside their own pixels: it may take so much of what the cache may. */
const PET_SHARE = 1 / 4;
/** What changes within so short a time is one gesture. */
const GESTURE_MS = 700;

/** Loads the chosen PET once something shows it, and keeps how it is drawn for this look at the study. */
export function useFusion({ choices, shelfOf, isWanted, history }: Wish): Fusion {
  const [view, setView] = useState<FusionView>(USUAL_FUSION);
  const chosen = choices.find(({ seriesUid }) => seriesUid === view.petSeriesUid) ?? choices[0] ?? null;
  const seriesUid = isWanted ? (chosen?.seriesUid ?? null) : null;
  const pet = usePet(seriesUid, seriesUid === null ? null : shelfOf(seriesUid));
  const noted = useMemo(() => {
    let gesture: { readonly before: FusionView; after: FusionView; atMs: number } | null = null;
    return (before: FusionView, after: FusionView) => {
      setView(after);
      const atMs = Date.now();
      if (gesture !== null && gesture.after === before && atMs - gesture.atMs < GESTURE_MS) {
        gesture.after = after;
        gesture.atMs = atMs;
        return;
      }
      const deed = { before, after, atMs };
      gesture = deed;
      const to = (which: 'before' | 'after') => () => {
        setView(deed[which]);
        return true;
      };
      history.note({ undo: to('before'), redo: to('after') });
    };
  }, [history]);
  return useMemo(
    () => ({ view, setView: (next: FusionView) => noted(view, next), choices, pet }),
    [view, noted, choices, pet],
  );
}

function usePet(seriesUid: string | null, shelf: SeriesShelf | null): PetState {
  const [pet, setPet] = useState<PetState>({ state: 'none' });
  useEffect(() => {
    if (seriesUid === null || shelf === null) return setPet({ state: 'none' });
    const leave = new AbortController();
    const tell = (next: PetState) => !leave.signal.aborted && setPet(next);
    const load = async () => {
      tell({ state: 'loading', loaded: 0, of: 0 });
      const stack = await shelf.stack(seriesUid);
      if (!stack.ok) return tell({ state: 'refused', code: 'series-failed' });
      const geometry = volumeOf(stack.value, shareNow() * PET_SHARE);
      if (!geometry.ok) return tell({ state: 'refused', code: geometry.error.code });
      const of = geometry.value.images.length;
      const volume = await loadVolume(geometry.value, leave.signal, (loaded) => tell({ state: 'loading', loaded, of }));
      if (!volume.ok) return tell({ state: 'refused', code: 'image-missing' });
      const ready = petVolume(seriesUid, volume.value);
      return tell(ready === null ? { state: 'refused', code: 'no-place' } : { state: 'ready', pet: ready });
    };
    void load();
    return () => leave.abort();
  }, [seriesUid, shelf]);
  return pet;
}
