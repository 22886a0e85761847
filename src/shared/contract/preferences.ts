import { z } from 'zod';
import { LONGEST_PREFERENCE, PREFERENCE_KEYS } from '../domain/preference-keys.ts';
import { BACKGROUND, procedure } from './procedure.ts';

const Key = z.enum(PREFERENCE_KEYS);

const Value = z
  .json()
  .refine((value) => JSON.stringify(value).length <= LONGEST_PREFERENCE, { error: 'preference-too-long' });

/** What the person who is signed in set for themselves: theirs alone, at every site and desk; never anything about patients. */
export const preferences = {
  all: procedure('signed-in', BACKGROUND)
    .route({ method: 'GET', path: '/preferences' })
    .output(z.array(z.object({ key: Key, value: z.json() }))),
  put: procedure('signed-in')
    .route({ method: 'PUT', path: '/preferences/{key}' })
    .input(z.object({ key: Key, value: Value }))
    .output(z.object({})),
  /** Back to what the page ships; nothing to forget is no fault. */
  forget: procedure('signed-in')
    .route({ method: 'DELETE', path: '/preferences/{key}' })
    .input(z.object({ key: Key }))
    .output(z.object({})),
};
