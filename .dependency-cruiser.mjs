// For people who run depcruise by hand; `npm run check` runs the same rules through test/architecture.
import { LEFT_OUT, READING, RESOLVING, rulesBelow } from './test/architecture/import-rules.ts';

export default {
  forbidden: rulesBelow(''),
  options: { ...READING, exclude: { path: LEFT_OUT }, enhancedResolveOptions: RESOLVING },
};
