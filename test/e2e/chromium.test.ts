import { expect, test } from 'vitest';
import { findChromium, launchChromium } from '../chromium.ts';

const packagedRuns = process.platform === 'linux' && process.arch === 'x64';

/** Draws one pixel in WebGL 2 and reads it back: what the viewer needs of a browser. */
async function drawnPixel(options: { readonly packagedOnly: boolean }): Promise<readonly number[]> {
  const browser = await launchChromium(options);
  try {
    const page = await browser.newPage();
    return await page.evaluate(() => {
      const gl = document.createElement('canvas').getContext('webgl2');
      if (gl === null) return [];
      gl.clearColor(1, 0.2, 0, 1);
      gl.clear(gl.COLOR_BUFFER_BIT);
      const pixel = new Uint8Array(4);
      gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
      return [...pixel];
    });
  } finally {
    await browser.close();
  }
}

test(`the browser of the tests draws with WebGL 2 (here: from ${findChromium().from})`, async () => {
  expect(await drawnPixel({ packagedOnly: false })).toEqual([255, 51, 0, 255]);
});

test.skipIf(!packagedRuns)('the browser of the npm package draws with WebGL 2, whatever the system has', async () => {
  expect(findChromium({ packagedOnly: true }).from).toBe('package');
  expect(await drawnPixel({ packagedOnly: true })).toEqual([255, 51, 0, 255]);
});
