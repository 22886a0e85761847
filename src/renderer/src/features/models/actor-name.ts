import type { ModelActor } from '../../../../shared/contract/models.ts';

/** A person by name, anything else by its id; null for nobody. */
export function actorName(actor: ModelActor | null): string | null {
  return actor === null ? null : (actor.display ?? actor.id);
}
