import { readFileSync } from 'node:fs';
import path from 'node:path';
import { DeadlinePolicy } from '../triage/index.ts';

/** The deadlines that are shipped, at sites in UTC. */
export const SHIPPED_POLICY = {
  deadlines: DeadlinePolicy.parse(
    JSON.parse(
      readFileSync(path.resolve(import.meta.dirname, '../../../../resources/policies/deadlines.json'), 'utf8'),
    ),
  ),
  zoneOf: () => 'Etc/UTC',
};
