import { useQuery } from '@tanstack/react-query';
import type { RoutingState } from '../../../../shared/contract/routing.ts';
import { type Answer, answerOf } from '../../bridge/answer.ts';
import { station } from '../../bridge/queries.ts';

/** Who reads what at the site and how the waiting work is shared out, looked at anew every few seconds. */
export function useRouting(): Answer<RoutingState> {
  return answerOf(
    useQuery({ ...station.routing.state.queryOptions(), refetchOnMount: 'always', refetchInterval: 5_000 }),
  );
}
