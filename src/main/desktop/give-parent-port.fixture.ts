// Loaded before a station in the test of the real one: gives it `process.parentPort` as Electron gives a utility process.
const queued: unknown[] = [];
const listeners: ((event: { readonly data: unknown }) => void)[] = [];

process.on('message', (data) => {
  if (listeners.length === 0) queued.push(data);
  for (const listener of listeners) listener({ data });
});

Object.assign(process, {
  parentPort: {
    postMessage: process.send?.bind(process),
    on(_: 'message', listener: (event: { readonly data: unknown }) => void) {
      listeners.push(listener);
      for (const data of queued.splice(0)) listener({ data });
    },
  },
});
