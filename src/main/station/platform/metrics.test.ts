import { expect, test } from 'vitest';
import { createMetrics } from './metrics.ts';

test('exposes what was counted, and reads the gauges when asked', async () => {
  let head = 10;
  const metrics = createMetrics({
    openAssociations: () => 3,
    ledgerHead: () => head,
    cursors: () => [{ consumer: 'worklist', seq: 8 }],
  });
  metrics.httpAnswered({ route: '/api/v1/studies/:studyId', method: 'GET', status: 200, tookMs: 12 });
  metrics.callAnswered({ procedure: 'worklist.list', status: 200, tookMs: 2 });
  metrics.objectAnswered('success');
  metrics.objectAnswered('success');
  metrics.runEnded('finished', 4_000);
  head = 20;
  const lines = (await metrics.expose()).split('\n');
  expect(lines).toEqual(
    expect.arrayContaining([
      'wetread_http_request_seconds_bucket{le="0.016",route="/api/v1/studies/:studyId",method="GET",status="200"} 1',
      'wetread_call_seconds_count{procedure="worklist.list",status="200"} 1',
      'wetread_dicom_objects_total{status="success"} 2',
      'wetread_inference_run_seconds_sum{state="finished"} 4',
      'wetread_dicom_associations 3',
      'wetread_ledger_head 20',
      'wetread_ledger_lag_events{consumer="worklist"} 12',
    ]),
  );
  expect(lines.some((line) => line.startsWith('nodejs_eventloop_lag_p99_seconds'))).toBe(true);
});
