import type { z } from 'zod';
import { tensorsOf } from '../../../../shared/domain/model-contradictions.ts';
import type { ModelManifest } from '../../../../shared/domain/model-manifest.ts';
import type { RemoteServer } from '../../../../shared/domain/provider.ts';
import type { ComputedOn } from '../runner-protocol.ts';
import {
  BINARY_EXTENSION,
  binaryOnly,
  declareRemote,
  HEADER_LENGTH,
  ModelMetadata,
  readAnswer,
  ServerMetadata,
  type Wire,
  writeRequest,
} from './kserve-messages.ts';
import { connectRemote, type RemoteAnswer, type RemoteConnection } from './remote-server.ts';
import { ComputeFault, type ModelSession } from './session.ts';

/**
 * A model on a server of the Open Inference Protocol, as a session like any other. Rejects with a `ComputeFault` where the
 * server is not there, not ready, or does not serve the model. What it says of names, types and shapes is the session's.
 */
export async function openRemoteSession(
  manifest: Pick<ModelManifest, 'id' | 'inputs' | 'outputs'>,
  server: RemoteServer,
): Promise<ModelSession> {
  const served = server.models.find(({ id }) => id === manifest.id);
  if (served === undefined) throw new ComputeFault({ code: 'remote-refused' }, 'the server does not serve it');
  const connection = connectRemote(server);
  const version = served.version === undefined ? '' : `/versions/${encodeURIComponent(served.version)}`;
  const model = `/v2/models/${encodeURIComponent(served.name)}${version}`;
  try {
    for (const health of ['/v2/health/live', '/v2/health/ready']) await connection.ask(health, { isHealth: true });
    const { on, metadata, isBinary } = await identify(connection, model, served);
    await connection.ask(`${model}/ready`, { isHealth: true });
    const wanted = new Map(manifest.inputs.map(({ tensor, type }) => [tensor, type]));
    const read = new Set(manifest.outputs.flatMap((output) => tensorsOf(output)));
    const inputs = metadata.inputs.map((one) => declareRemote(one, wanted.get(one.name)));
    const outputs = metadata.outputs.map((one) => declareRemote(one, undefined));
    const wire: Wire = { isBinary, inputs, outputs };
    const [needsBytes] = isBinary ? [] : binaryOnly([...inputs, ...outputs.filter(({ name }) => read.has(name))]);
    if (needsBytes !== undefined)
      throw new ComputeFault({ code: 'remote-refused' }, `${needsBytes} needs ${BINARY_EXTENSION}`);
    let { modelVersion } = on.server;
    return {
      inputNames: inputs.map(({ name }) => name),
      outputNames: outputs.map(({ name }) => name),
      inputs,
      outputs,
      async run(feeds, signal) {
        const names = outputs.flatMap(({ name }) => (read.has(name) ? [name] : []));
        const { body, jsonBytes } = writeRequest(wire, feeds, names);
        const headers: Readonly<Record<string, string>> =
          jsonBytes === null
            ? { 'content-type': 'application/json' }
            : { 'content-type': 'application/octet-stream', [HEADER_LENGTH]: String(jsonBytes) };
        const given = await connection.ask(`${model}/infer`, { post: { body, headers } }, signal);
        const length = given.headers[HEADER_LENGTH];
        const answer = readAnswer(wire, given.body, typeof length === 'string' ? length : undefined);
        // A model that was exchanged between two patches: half of each would be an answer of neither.
        if (![modelVersion, undefined].includes(answer.modelVersion) && modelVersion !== '')
          throw new ComputeFault({ code: 'provider-changed' });
        return answer.tensors;
      },
      async identify(signal) {
        const now = await identify(connection, model, served, signal);
        ({ modelVersion } = now.on.server);
        return now.on;
      },
      close() {
        connection.close();
        return Promise.resolve();
      },
    };
  } catch (error) {
    connection.close();
    throw error;
  }
}

type Identified = {
  readonly on: ComputedOn & { readonly server: NonNullable<ComputedOn['server']> };
  readonly metadata: ModelMetadata;
  readonly isBinary: boolean;
};

/** What server and model say of themselves. Of several versions one has to be named: which one answers would be luck. */
async function identify(
  connection: RemoteConnection,
  model: string,
  served: RemoteServer['models'][number],
  signal?: AbortSignal,
): Promise<Identified> {
  const { name, version, extensions } = parse(ServerMetadata, await connection.ask('/v2', {}, signal));
  const metadata = parse(ModelMetadata, await connection.ask(model, {}, signal));
  const { versions = [] } = metadata;
  if (served.version === undefined && versions.length > 1)
    throw new ComputeFault({ code: 'remote-refused' }, `it serves versions ${versions.join(', ')}, and none is named`);
  const modelVersion = served.version ?? versions[0] ?? '';
  return {
    on: {
      version: `${name} ${version}, ${metadata.name} ${modelVersion}`.trim(),
      isWhole: true,
      server: { name, version, model: metadata.name, modelVersion },
    },
    metadata,
    isBinary: extensions.includes(BINARY_EXTENSION),
  };
}

function parse<T>(schema: z.ZodType<T>, { body }: RemoteAnswer): T {
  try {
    return schema.parse(JSON.parse(body.toString('utf8')));
  } catch {
    throw new ComputeFault({ code: 'remote-refused' }, 'it does not speak the protocol');
  }
}
