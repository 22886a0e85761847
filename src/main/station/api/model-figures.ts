import type { Bindings } from './bindings.ts';
import { guarded } from './call-context.ts';
import { found } from './failures.ts';

/** What models came to at the caller's site. */
export function bindModelFigures({ services: { modelFigures } }: Bindings) {
  const known = <T>(value: T | null) => found(value, 'model-not-found');
  return {
    overview: guarded.modelFigures.overview.handler(({ context }) => modelFigures.overview(context.session.principal)),
    figures: guarded.modelFigures.figures.handler(async ({ input, context }) =>
      known(await modelFigures.figures(context.session.principal, input)),
    ),
    drift: guarded.modelFigures.drift.handler(async ({ input, context }) =>
      known(await modelFigures.drift(context.session.principal, input.digest)),
    ),
    golden: guarded.modelFigures.golden.handler(({ input, context }) =>
      known(modelFigures.golden(context.session.principal, input.digest)),
    ),
    card: guarded.modelFigures.card.handler(async ({ input, context }) =>
      known(await modelFigures.card(context.session.principal, input.digest)),
    ),
    runs: guarded.modelFigures.runs.handler(async ({ input, context }) =>
      known(await modelFigures.runs(context.session.principal, input)),
    ),
  };
}
