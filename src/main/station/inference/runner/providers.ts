import { PROOF_MODEL_BASE64 } from './proof-model.ts';
import { bundledProviders, openSession } from './session.ts';

/** Whether a provider computed a tiny model correctly on this machine just now. */
export type ProvenProvider = { readonly name: string; readonly proven: boolean };

/** Tries each wanted provider with a tiny session, in order; a provider that this build does not hold is not tried. */
export async function proveProviders(wanted: readonly string[]): Promise<readonly ProvenProvider[]> {
  const bundled = bundledProviders();
  const proven: ProvenProvider[] = [];
  for (const name of new Set(wanted)) {
    proven.push({ name, proven: bundled.includes(name) && (await computes(name)) });
  }
  return proven;
}

async function computes(provider: string): Promise<boolean> {
  try {
    const session = await openSession(Buffer.from(PROOF_MODEL_BASE64, 'base64'), { provider, threads: 1 });
    const answer = await session.run({ x: { type: 'float32', dims: [2], data: Float32Array.of(1.5, -4) } });
    await session.close();
    const y = answer.get('y')?.data;
    return y?.length === 2 && y[0] === 3 && y[1] === -8;
  } catch {
    return false; // the provider's libraries or device are missing: that is the answer
  }
}
