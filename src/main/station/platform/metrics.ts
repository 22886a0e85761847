import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What the gauges are read from when metrics are asked for. */
export type MetricSources = {
  readonly openAssociations: () => number;
  readonly ledgerHead: () => number;
  /** How far each follower of the ledger has come. */
  readonly cursors: () => readonly { readonly consumer: string; readonly seq: number }[];
};

/** The station's own figures, for Prometheus. Labels are route templates, codes and names of our own parts: never a patient's anything. */
export type Metrics = {
  httpAnswered(answered: { route: string; method: string; status: number; tookMs: number }): void;
  callAnswered(answered: { procedure: string; status: number; tookMs: number }): void;
  /** One C-STORE answered, by the name of its DIMSE status. */
  objectAnswered(status: string): void;
  /** One inference run came to an end. */
  runEnded(state: string, tookMs: number): void;
  readonly contentType: string;
  expose(): Promise<string>;
};

const REQUEST_SECONDS = [0.001, 0.005, 0.016, 0.05, 0.1, 0.25, 1, 5];
const RUN_SECONDS = [0.5, 1, 2, 5, 10, 20, 60, 180];

/** Metrics in a registry of their own, with the process's memory, CPU and event-loop delay. */
export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const http = new Histogram({
    name: 'wetread_http_request_seconds',
    help: 'HTTP requests by route template, method and status.',
    labelNames: ['route', 'method', 'status'],
    buckets: REQUEST_SECONDS,
    registers,
  });
  const calls = new Histogram({
    name: 'wetread_call_seconds',
    help: 'Procedure calls over WebSocket by name and status.',
    labelNames: ['procedure', 'status'],
    buckets: REQUEST_SECONDS,
    registers,
  });
  const objects = new Counter({
    name: 'wetread_dicom_objects_total',
    help: 'DICOM objects answered, by status.',
    labelNames: ['status'],
    registers,
  });
  const runs = new Histogram({
    name: 'wetread_inference_run_seconds',
    help: 'Inference runs by how they ended.',
    labelNames: ['state'],
    buckets: RUN_SECONDS,
    registers,
  });
  registerGauges(sources, registers);
  return {
    httpAnswered: ({ route, method, status, tookMs }) => http.observe({ route, method, status }, tookMs / 1000),
    callAnswered: ({ procedure, status, tookMs }) => calls.observe({ procedure, status }, tookMs / 1000),
    objectAnswered: (status) => objects.inc({ status }),
    runEnded: (state, tookMs) => runs.observe({ state }, tookMs / 1000),
    contentType: registry.contentType,
    expose: () => registry.metrics(),
  };
}

/** Gauges are read when somebody asks; each is known to the registry by being made. */
function registerGauges(sources: MetricSources, registers: Registry[]): void {
  const gauge = (name: string, help: string, labelNames: string[], read: (gauge: Gauge) => void): Gauge =>
    new Gauge({
      ...{ name, help, labelNames, registers },
      collect() {
        read(this);
      },
    });
  gauge('wetread_dicom_associations', 'DICOM associations open now.', [], (one) => one.set(sources.openAssociations()));
  gauge('wetread_ledger_head', 'Sequence number of the newest event.', [], (one) => one.set(sources.ledgerHead()));
  gauge('wetread_ledger_lag_events', 'Events that a follower has not taken yet.', ['consumer'], (one) => {
    const head = sources.ledgerHead();
    for (const { consumer, seq } of sources.cursors()) one.set({ consumer }, head - seq);
  });
}
