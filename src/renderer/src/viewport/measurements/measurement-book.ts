import type { History } from '../history.ts';
import type { Measurement } from './measurement.ts';

/** The measurements of one look at a study: kept here alone, and gone when it is left. */
export type MeasurementsState = {
  readonly all: readonly Measurement[];
  readonly selected: string | null;
};

const NONE: MeasurementsState = { all: [], selected: null };

/** Keeps measurements, tells who draws them of every change, and notes each change so that it can be taken back. */
export class MeasurementBook {
  readonly #history: History;
  readonly #listeners = new Set<() => void>();
  #state: MeasurementsState = NONE;

  constructor(history: History) {
    this.#history = history;
  }

  /** What there is now; the same object until something changes. */
  readonly getState = (): MeasurementsState => this.#state;

  /** Calls back after every change until the returned function is called. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Puts a measurement in, or in the place of the one with its id, and selects it. */
  put(measurement: Measurement): void {
    const isKnown = this.#state.all.some(({ id }) => id === measurement.id);
    const all = isKnown
      ? this.#state.all.map((one) => (one.id === measurement.id ? measurement : one))
      : [...this.#state.all, measurement];
    this.#do({ all, selected: measurement.id });
  }

  /** Takes one out; nothing happens when it is not there. */
  remove(id: string): void {
    const all = this.#state.all.filter((one) => one.id !== id);
    if (all.length < this.#state.all.length) this.#do({ all, selected: null });
  }

  /** Takes all out. */
  clear(): void {
    if (this.#state.all.length > 0) this.#do(NONE);
  }

  /** Marks one as the one that keys act on; choosing is nothing to take back. */
  select(selected: string | null): void {
    if (selected !== this.#state.selected) this.#set({ ...this.#state, selected });
  }

  #do(after: MeasurementsState): void {
    const before = this.#state;
    this.#set(after);
    const to = (state: MeasurementsState) => () => {
      this.#set(state);
      return true;
    };
    this.#history.note({ undo: to(before), redo: to(after) });
  }

  #set(state: MeasurementsState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}
