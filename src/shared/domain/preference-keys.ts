/** What a person may set for themselves and finds again at every desk. Each value is JSON that the page reads and the station only keeps. */
export const PREFERENCE_KEYS = [
  'hanging-rules',
  'page',
  'shortcuts',
  'tour',
  'viewer',
  'viewer-window',
  'worklist',
] as const;
export type PreferenceKey = (typeof PREFERENCE_KEYS)[number];

/** Characters of JSON that one value may have. */
export const LONGEST_PREFERENCE = 32 * 1024;
