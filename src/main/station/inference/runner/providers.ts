import type { LocalProvider, PROVIDER_FAULTS } from '../../../../shared/domain/provider.ts';
import { PROOF_MODEL_BASE64 } from './proof-model.ts';
import { bundledProviders, ONNXRUNTIME_VERSION, openSession } from './session.ts';

/** Whether a provider computed a tiny model correctly on this machine just now, in the version that it has here. */
export type ProvenProvider = {
  readonly name: string;
  readonly proven: boolean;
  readonly version: string;
  /** Why it is not proven; null where it is. */
  readonly code: Extract<(typeof PROVIDER_FAULTS)[number], 'provider-not-built-in' | 'provider-not-proven'> | null;
};

/** Tries each wanted provider of this machine with a tiny session, in order; one that this build does not hold is not tried. */
export async function proveProviders(wanted: readonly string[]): Promise<readonly ProvenProvider[]> {
  const bundled = bundledProviders();
  const proven: ProvenProvider[] = [];
  for (const name of new Set(wanted)) {
    const code = !bundled.includes(name as LocalProvider)
      ? ('provider-not-built-in' as const)
      : (await computes(name))
        ? null
        : ('provider-not-proven' as const);
    proven.push({ name, proven: code === null, version: ONNXRUNTIME_VERSION, code });
  }
  return proven;
}

async function computes(provider: string): Promise<boolean> {
  try {
    const session = await openSession(Buffer.from(PROOF_MODEL_BASE64, 'base64'), { provider, threads: 1 });
    const answer = await session.run({ x: { type: 'float32', dims: [2], data: Float32Array.of(1.5, -4) } });
    const { isWhole } = await session.identify();
    await session.close();
    const y = answer.get('y')?.data;
    // Where the library let the processor compute it instead, nothing is proven.
    return isWhole && y?.length === 2 && y[0] === 3 && y[1] === -8;
  } catch {
    return false; // the provider's libraries or device are missing: that is the answer
  }
}
