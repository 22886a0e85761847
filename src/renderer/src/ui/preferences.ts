import { create } from 'zustand';
import { persist } from 'zustand/middleware';

/** What a person set of the page; nothing about patients. */
export type Preferences = {
  readonly singleLetterKeys: boolean;
  readonly criticalSound: boolean;
  readonly showPreview: boolean;
};

/** Before anybody set anything. */
export const AS_DELIVERED: Preferences = {
  singleLetterKeys: true,
  criticalSound: true,
  showPreview: true,
};

/** The settings of this page, in this browser until the station tells those of whoever is signed in; `usePreferences.setState({ … })` changes and keeps them. */
export const usePreferences = create<Preferences>()(
  persist(() => AS_DELIVERED, { name: 'wetread-preferences', version: 1 }),
);
