import { create } from 'zustand';
import { persist } from 'zustand/middleware';

/** What a person set for this browser; nothing about patients. */
export type Preferences = {
  readonly singleLetterKeys: boolean;
  readonly criticalSound: boolean;
  readonly showPreview: boolean;
};

const AS_DELIVERED: Preferences = {
  singleLetterKeys: true,
  criticalSound: true,
  showPreview: true,
};

/** The settings of this browser; `usePreferences.setState({ … })` changes and keeps them. */
export const usePreferences = create<Preferences>()(
  persist(() => AS_DELIVERED, { name: 'wetread-preferences', version: 1 }),
);
