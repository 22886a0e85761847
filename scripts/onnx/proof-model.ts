import { startGraph } from './graph.ts';

/** Builds the smallest model that shows whether a provider computes: `y = x + x` over two floats. */
export function buildProofModel(): Uint8Array {
  const graph = startGraph('proof');
  const x = graph.input('x', 'float32', [2]);
  graph.output('y', graph.add('Add', [x, x]), 'float32', [2]);
  return graph.encode({ irVersion: 8, opset: 17, modelVersion: 1, doc: '', metadata: {} });
}
