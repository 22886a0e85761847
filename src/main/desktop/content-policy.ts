/**
 * The outermost bounds of what a page may load, whatever the station's own policy says. WebAssembly serves the codecs;
 * Mantine writes style elements; `data:` carries small images of the stylesheet and `blob:` what the viewer draws.
 */
export const CONTENT_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "media-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

type Headers = Readonly<Record<string, string[]>>;

/** Adds the policy as one more header: the browser enforces every policy it is given, so this can only narrow. */
export function withContentPolicy(headers: Headers): Record<string, string[]> {
  const name = Object.keys(headers).find((key) => key.toLowerCase() === 'content-security-policy');
  const key = name ?? 'Content-Security-Policy';
  return { ...headers, [key]: [...(headers[key] ?? []), CONTENT_POLICY] };
}
