import { MainToStation, type StationKeys, type StationToMain } from '../../../shared/contract/parent-port.ts';

/** What Electron gives a utility process to reach its parent. Electron queues messages until the first listener is there. */
export type RawParentPort = {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { readonly data: unknown }) => void): unknown;
};

type OfType<T extends MainToStation['type']> = Extract<MainToStation, { type: T }>;

/** The station's side of the parent port: typed both ways, and parsed on arrival. */
export type ParentPort = {
  send(message: StationToMain): void;
  /** Registers the one listener for a type of message; what came before it is handed over first, in order. */
  listen<T extends MainToStation['type']>(type: T, listener: (message: OfType<T>) => void): void;
  /** Resolves with the keys the desktop app sends first, or null where the station is to find its own. */
  keys(): Promise<StationKeys | null>;
};

/** The parent port of this process: null unless Electron started it as a utility process. */
export function findParentPort(of: object = process): RawParentPort | null {
  return 'parentPort' in of && of.parentPort ? (of.parentPort as RawParentPort) : null;
}

/** Opens the port and begins to read it; a message that does not parse is dropped and told to `onRefused`. */
export function openParentPort(raw: RawParentPort, onRefused: () => void): ParentPort {
  const listeners = new Map<string, (message: MainToStation) => void>();
  const early: MainToStation[] = [];

  raw.on('message', ({ data }) => {
    const parsed = MainToStation.safeParse(data);
    if (!parsed.success) return onRefused();
    const listener = listeners.get(parsed.data.type);
    if (listener) listener(parsed.data);
    else early.push(parsed.data);
  });

  const listen: ParentPort['listen'] = (type, listener) => {
    const take = (message: MainToStation): void => listener(message as OfType<typeof type>);
    listeners.set(type, take);
    for (const message of early.filter((waiting) => waiting.type === type)) {
      early.splice(early.indexOf(message), 1);
      take(message);
    }
  };

  return {
    send: (message) => raw.postMessage(message),
    listen,
    keys: () => new Promise((resolve) => listen('keys', (message) => resolve(message.keys))),
  };
}
