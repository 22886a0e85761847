import { describe, expect, test } from 'vitest';
import { CONTENT_POLICY, withContentPolicy } from './content-policy.ts';
import { type GuardedContents, guardContents } from './guard-contents.ts';
import { type GuardedSession, guardSession } from './guard-session.ts';
import { windowOptions } from './window-options.ts';

const ORIGIN = 'http://127.0.0.1:8642';
const FOREIGN = [
  'https://evil.example/',
  'http://127.0.0.1:9999/',
  'http://127.0.0.1:8642.evil.example/',
  'http://localhost:8642/',
  'https://127.0.0.1:8642/',
  'file:///etc/passwd',
  'javascript:alert(1)',
  'about:blank',
  'blob:https://evil.example/0190',
  '',
];

type Handlers = Parameters<GuardedSession['setPermissionRequestHandler']>[0];

/** A session that keeps what it was told, so that the test can ask as the browser would. */
function guardedSession(devTools = false) {
  const asked: Partial<{
    request: Handlers;
    check: Parameters<GuardedSession['setPermissionCheckHandler']>[0];
    device: () => boolean;
    spelling: boolean;
    download: (event: { preventDefault(): void }, item: { getURL(): string }) => void;
    before: Parameters<GuardedSession['webRequest']['onBeforeRequest']>[0];
    headers: Parameters<GuardedSession['webRequest']['onHeadersReceived']>[0];
  }> = {};
  const session: GuardedSession = {
    setPermissionRequestHandler: (handler) => {
      asked.request = handler;
    },
    setPermissionCheckHandler: (handler) => {
      asked.check = handler;
    },
    setDevicePermissionHandler: (handler) => {
      asked.device = handler;
    },
    setSpellCheckerEnabled: (enabled) => {
      asked.spelling = enabled;
    },
    on: (_, listener) => {
      asked.download = listener;
    },
    webRequest: {
      onBeforeRequest: (listener) => {
        asked.before = listener;
      },
      onHeadersReceived: (listener) => {
        asked.headers = listener;
      },
    },
  };
  guardSession(session, () => ORIGIN, { devTools });

  const cancelled = (url: string): boolean => {
    let cancel = false;
    asked.before?.({ url }, (response) => {
      cancel = response.cancel === true;
    });
    return cancel;
  };
  const granted = (permission: string, url: string): boolean => {
    let answer = false;
    asked.request?.({ getURL: () => url }, permission, (given) => {
      answer = given;
    });
    return answer;
  };
  return { asked, cancelled, granted };
}

describe('the session', () => {
  test('lets only traffic with the station through', () => {
    const { cancelled } = guardedSession();
    const own = [`${ORIGIN}/worklist`, 'ws://127.0.0.1:8642/rpc', `blob:${ORIGIN}/0190`, 'data:image/png;base64,AA=='];
    expect(own.filter(cancelled)).toEqual([]);
    const foreign = [
      ...FOREIGN,
      'ws://evil.example/rpc',
      'wss://127.0.0.1:8642/rpc',
      'devtools://devtools/bundled/x.js',
    ];
    expect(foreign.filter((url) => !cancelled(url))).toEqual([]);
  });

  test('lets the developer tools load where they are on', () => {
    const { cancelled } = guardedSession(true);
    expect([cancelled('devtools://devtools/bundled/x.js'), cancelled('https://evil.example/')]).toEqual([false, true]);
  });

  test('grants copying and the whole screen to the station, and nothing to anyone else', () => {
    const { asked, granted } = guardedSession();
    const permissions = ['clipboard-sanitized-write', 'fullscreen', 'clipboard-read', 'media', 'geolocation', 'usb'];
    expect(permissions.filter((one) => granted(one, `${ORIGIN}/worklist`))).toEqual(permissions.slice(0, 2));
    expect(permissions.filter((one) => granted(one, 'https://evil.example/'))).toEqual([]);
    expect(permissions.filter((one) => asked.check?.(null, one, ORIGIN))).toEqual(permissions.slice(0, 2));
    expect(permissions.filter((one) => asked.check?.(null, one, 'https://evil.example'))).toEqual([]);
    expect({ device: asked.device?.(), spelling: asked.spelling }).toEqual({ device: false, spelling: false });
  });

  test('downloads from the station only', () => {
    const { asked } = guardedSession();
    const stopped = (url: string): boolean => {
      let prevented = false;
      const event = {
        preventDefault: () => {
          prevented = true;
        },
      };
      asked.download?.(event, { getURL: () => url });
      return prevented;
    };
    expect([`${ORIGIN}/api/v1/audit/export`, `blob:${ORIGIN}/0190`].filter(stopped)).toEqual([]);
    expect(FOREIGN.filter((url) => !stopped(url))).toEqual([]);
  });

  test('narrows every answer by its own content policy, whatever the station sent', () => {
    const { asked } = guardedSession();
    const received = (responseHeaders?: Record<string, string[]>): unknown => {
      let given: unknown = null;
      asked.headers?.(responseHeaders ? { responseHeaders } : {}, (response) => {
        given = response.responseHeaders;
      });
      return given;
    };
    expect(received({ 'content-security-policy': ["default-src 'self'"], 'content-type': ['text/html'] })).toEqual({
      'content-security-policy': ["default-src 'self'", CONTENT_POLICY],
      'content-type': ['text/html'],
    });
    expect(received()).toEqual({ 'Content-Security-Policy': [CONTENT_POLICY] });
    expect(CONTENT_POLICY).not.toMatch(/unsafe-eval'(?<!wasm-unsafe-eval')|https?:|\*/);
    expect(withContentPolicy({})).toEqual(received());
  });
});

describe('a page', () => {
  test('stays on the station, opens no window but a viewer’s of its own, and holds no webview', () => {
    const listeners = new Map<string, (event: { url: string; preventDefault(): void }) => void>();
    let open: ((details: { url: string }) => { action: string }) | null = null;
    const contents: GuardedContents = {
      on: (event: string, listener: (event: never) => void) => listeners.set(event, listener as never),
      setWindowOpenHandler: (handler) => {
        open = handler;
      },
    };
    guardContents(contents, () => ORIGIN);
    const stopped = (name: string, url: string): boolean => {
      let prevented = false;
      listeners.get(name)?.({
        url,
        preventDefault: () => {
          prevented = true;
        },
      });
      return prevented;
    };
    for (const name of ['will-navigate', 'will-frame-navigate', 'will-redirect']) {
      expect(stopped(name, `${ORIGIN}/studies/1`)).toBe(false);
      expect(FOREIGN.filter((url) => !stopped(name, url))).toEqual([]);
    }
    expect(stopped('will-attach-webview', `${ORIGIN}/`)).toBe(true);
    const opened = (url: string) =>
      (open as unknown as (details: { url: string }) => { action: string })({ url }).action;
    const viewer = '#/viewer/01930000-0000-7000-8000-00000000000a?main=1';
    expect(opened(`${ORIGIN}/${viewer}`)).toBe('allow');
    expect(
      [`${ORIGIN}/`, `${ORIGIN}/#/worklist`, ...FOREIGN, ...FOREIGN.map((url) => `${url}${viewer}`)].map(opened),
    ).toEqual(Array.from({ length: 2 + 2 * FOREIGN.length }, () => 'deny'));
  });

  test('runs sandboxed, isolated, without Node and without spelling', () => {
    const { webPreferences } = windowOptions({
      session: 'in memory',
      preload: '/p.cjs',
      devTools: false,
      icon: '/i.png',
    });
    expect(webPreferences).toEqual({
      session: 'in memory',
      preload: '/p.cjs',
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      safeDialogs: true,
      spellcheck: false,
      devTools: false,
    });
  });
});
