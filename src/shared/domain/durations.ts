/** An hour, in ms. */
export const HOUR_MS = 3_600_000;
/** 24 hours, in ms: no calendar day, which may have an hour more or less. */
export const DAY_MS = 24 * HOUR_MS;
