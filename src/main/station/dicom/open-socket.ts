import { connect, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import type { AssociationFailure, RemoteAe } from './open-association.ts';
import { connectionOptions } from './tls.ts';

/** Connects, by TLS where the peer is secured, within `connectMs`; the system's code where that fails. */
export function openSocket(remote: RemoteAe, connectMs: number): Promise<Result<Socket, AssociationFailure>> {
  return new Promise((resolve) => {
    const { host, port, secured } = remote;
    let tls: ConnectionOptions | undefined;
    try {
      tls = secured === undefined ? remote.tls : connectionOptions(secured.files, secured.certificate);
    } catch (error) {
      resolve(err({ code: 'cannot-connect', systemCode: (error as NodeJS.ErrnoException).code ?? 'unknown' }));
      return;
    }
    const socket = tls ? connectTls({ ...tls, host, port }) : connect({ host, port });
    const fail = (systemCode: string) => {
      socket.destroy();
      resolve(err({ code: 'cannot-connect', systemCode }));
    };
    const timer = setTimeout(() => fail('ETIMEDOUT'), connectMs);
    const onError = (error: NodeJS.ErrnoException) => fail(error.code ?? 'unknown');
    socket.once('error', onError);
    const onAbort = () => fail('ABORT_ERR');
    remote.signal?.addEventListener('abort', onAbort, { once: true });
    socket.once('close', () => clearTimeout(timer));
    socket.once(tls ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer);
      remote.signal?.removeEventListener('abort', onAbort);
      socket.off('error', onError);
      resolve(ok(socket));
    });
  });
}
