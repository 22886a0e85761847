/** True when the address lies on the origin, also as a blob of it; what is no address lies nowhere. */
export function isSameOrigin(address: string, origin: string): boolean {
  const url = URL.parse(address);
  return url !== null && url.origin !== 'null' && url.origin === origin;
}

/** True for the origin's own WebSocket as well as for what `isSameOrigin` takes. */
export function isOwnTraffic(address: string, origin: string): boolean {
  const url = URL.parse(address);
  if (url === null) return false;
  if (url.protocol === 'ws:' || url.protocol === 'wss:')
    return `${url.protocol === 'ws:' ? 'http' : 'https'}://${url.host}` === origin;
  return isSameOrigin(address, origin);
}
