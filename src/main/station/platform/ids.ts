import { v7 } from 'uuid';
import type { z } from 'zod';

/** A fresh surrogate id (UUIDv7) of the given brand. */
export function freshId<Schema extends z.ZodType<string>>(_of: Schema): z.infer<Schema> {
  return v7() as z.infer<Schema>;
}

/** A fresh id for a row whose id has no brand of its own. */
export function freshRowId(): string {
  return v7();
}
