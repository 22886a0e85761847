// A runner that does what the nonce of a ping tells it: the process a RunnerHost owns in the test of both hosts.
const ORDERS: Readonly<Record<number, () => void>> = {
  500: () => process.exit(7),
  700: () => {
    process.stderr.write('DOE^JANE');
    throw new Error('DOE^JANE');
  },
  600: () => {
    process.send?.({ type: 'pong', nonce: 600 });
    // Hung like a native call that never returns: no message and no polite signal reaches it any more.
    process.on('SIGTERM', () => undefined);
    setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0), 20);
  },
};

process.on('message', (message: { readonly type: string; readonly nonce: number }) => {
  if (message.type === 'shutdown') process.exit(0);
  const order = ORDERS[message.nonce];
  if (order) order();
  else process.send?.({ type: 'pong', nonce: message.nonce });
});
process.on('disconnect', () => process.exit(0));
