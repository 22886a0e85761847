/**
 * The hospital's machines and how each may be. `refuse` is not now: an archive that takes no association, an order system that
 * answers AR, a record that answers 503, a modality that breaks off in the middle. `error` is not this: AE, 422.
 */
export const MACHINES = {
  modalities: ['up', 'slow', 'refuse', 'gone'],
  pacs: ['up', 'slow', 'refuse', 'gone'],
  ris: ['up', 'slow', 'refuse', 'error', 'gone'],
  ehr: ['up', 'slow', 'refuse', 'error', 'gone'],
} as const;
export type Machine = keyof typeof MACHINES;
export type MachineState = (typeof MACHINES)[Machine][number];

/** How each machine is. Who depends on one is told when it changes. */
export type Switchboard = {
  state(machine: Machine): MachineState;
  /** Throws where the machine cannot be so. */
  turn(machine: Machine, state: MachineState): Promise<void>;
  /** Called on every change, and waited for. */
  onTurn(machine: Machine, listener: (state: MachineState) => Promise<void>): void;
  /** Resolves once the machine is in another state than this, or when it all ends. */
  untilNot(state: MachineState, machine: Machine, signal: AbortSignal): Promise<void>;
};

/** A switchboard on which every machine is up. */
export function createSwitchboard(): Switchboard {
  const states: Record<Machine, MachineState> = { modalities: 'up', pacs: 'up', ris: 'up', ehr: 'up' };
  const listeners: { readonly machine: Machine; readonly listener: (state: MachineState) => Promise<void> }[] = [];
  const waiting = new Set<() => void>();
  return {
    state: (machine) => states[machine],
    async turn(machine, state) {
      if (!isMachineState(machine, state)) throw new Error('this machine cannot be so');
      states[machine] = state;
      for (const wake of waiting) wake();
      for (const one of listeners) if (one.machine === machine) await one.listener(state);
    },
    onTurn: (machine, listener) => void listeners.push({ machine, listener }),
    async untilNot(state, machine, signal) {
      while (states[machine] === state && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const wake = () => {
            waiting.delete(wake);
            signal.removeEventListener('abort', wake);
            resolve();
          };
          waiting.add(wake);
          signal.addEventListener('abort', wake);
        });
      }
    },
  };
}

/** Whether a machine can be so: what comes from outside is held against this. */
export function isMachineState(machine: Machine, state: string): state is MachineState {
  return (MACHINES[machine] as readonly string[]).includes(state);
}
