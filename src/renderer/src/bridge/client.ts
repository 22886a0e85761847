import { createORPCClient, DynamicLink } from '@orpc/client';
import type { ContractRouterClient } from '@orpc/contract';
import type { Contract } from '../../../shared/contract/contract.ts';
import { Connection } from './connection.ts';
import { useSession } from './session.ts';

/** Every procedure of the contract, as functions. */
export type StationClient = ContractRouterClient<Contract>;

/** The page's one connection to its own station. */
export const connection: Connection = new Connection(
  `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/rpc`,
);

/** Asks the station over the page's one socket. */
export const client: StationClient = createORPCClient(new DynamicLink(() => connection.link()));

/** Ties the socket to the session: open while somebody is signed in. Returns how to stop. */
export function connectWhileSignedIn(): () => void {
  const follow = (state: ReturnType<typeof useSession.getState>) => {
    if (state.state === 'signed-in') connection.open();
    if (state.state === 'signed-out') connection.close();
  };
  follow(useSession.getState());
  return useSession.subscribe(follow);
}
