import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { StationStatus } from '../../../shared/contract/station.ts';
import { station } from '../bridge/queries.ts';
import { setStationTime } from '../ui/clock.ts';

/** The station's state, asked every few seconds and at every hint; sets the page's clock by the station's. */
export function useStationStatus(): UseQueryResult<StationStatus> {
  const status = useQuery(
    station.station.status.queryOptions({ refetchInterval: 5_000, refetchIntervalInBackground: true }),
  );
  const nowMs = status.data?.nowMs;
  useEffect(() => {
    if (nowMs !== undefined) setStationTime(nowMs);
  }, [nowMs]);
  return status;
}
