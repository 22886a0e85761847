import type { ModelPackage } from './model-package.ts';

/** Models kept loaded, least recently used first; what is over the budget is closed, but never the one in use. */
export type WarmModels = {
  /** A loaded model, which is the most recently used from now on. */
  find(directory: string): ModelPackage | undefined;
  /** A loaded model, without counting that as its use. */
  peek(directory: string): ModelPackage | undefined;
  /** Keeps a model, in the place of an earlier one from the same folder; `sizeMb` is what loading it took. */
  keep(directory: string, model: ModelPackage, sizeMb: number): Promise<void>;
  /** Closes the least recently used one other than this, of those that are meant; false where there is none. */
  closeOldest(except: string, isMeant?: (key: string) => boolean): Promise<boolean>;
};

/** Nothing is loaded yet. `budgetMb`: how much the kept models may take together, in MiB. */
export function keepModelsWarm(budgetMb: number): WarmModels {
  const kept = new Map<string, { readonly model: ModelPackage; readonly sizeMb: number }>();

  async function close(directory: string): Promise<void> {
    const one = kept.get(directory);
    kept.delete(directory);
    await one?.model.session.close();
  }

  async function closeOldest(except: string, isMeant: (key: string) => boolean = () => true): Promise<boolean> {
    const oldest = [...kept.keys()].find((directory) => directory !== except && isMeant(directory));
    if (oldest === undefined) return false;
    await close(oldest);
    return true;
  }

  return {
    find(directory) {
      const one = kept.get(directory);
      if (one === undefined) return undefined;
      kept.delete(directory);
      kept.set(directory, one);
      return one.model;
    },
    peek: (directory) => kept.get(directory)?.model,
    async keep(directory, model, sizeMb) {
      await close(directory);
      kept.set(directory, { model, sizeMb });
      const heldMb = () => [...kept.values()].reduce((sum, one) => sum + one.sizeMb, 0);
      while (heldMb() > budgetMb && (await closeOldest(directory)));
    },
    closeOldest,
  };
}
