import { worklistConsumer } from '../worklist/index.ts';

/** What the tests of earlier capabilities look at of the later ones, as a station does: a study opened, and the list as it is shown. */
export { openStudy } from '../reading/index.ts';
export const listing = worklistConsumer(() => undefined);
