/** What a password hash costs in tests where a guess is not to be dear: some microseconds in the place of a tenth of a second. */
export const QUICK_HASH = { memoryCost: 64, timeCost: 1, parallelism: 1 } as const;
