/** Now, in UTC milliseconds; a parameter wherever time matters. */
export type Clock = { nowMs(): number };

export const systemClock: Clock = { nowMs: () => Date.now() };
