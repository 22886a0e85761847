import type { TextureLimits } from './body-texture.ts';

/** What this page can draw bodies with: nothing, the processor (slow), or a graphics processor. */
export type Graphics =
  | { readonly kind: 'none' }
  | { readonly kind: 'software' | 'hardware'; readonly limits: TextureLimits };

/** A texture of 16-bit voxels takes 64 MB of the graphics processor; the processor itself draws a small part of that in bearable time. */
const VOXELS = { hardware: 32 * 1024 * 1024, software: 1024 * 1024 } as const;
const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;

let known: Graphics | null = null;

/** Asks once what there is to draw with; without WebGL 2 there is no 3D view. */
export function graphicsHere(): Graphics {
  known ??= askGraphics(document.createElement('canvas').getContext('webgl2'));
  return known;
}

/** What a drawing context says of itself. */
export function askGraphics(context: WebGL2RenderingContext | null): Graphics {
  if (context === null) return { kind: 'none' };
  const named = context.getExtension('WEBGL_debug_renderer_info');
  const renderer = String(context.getParameter(named?.UNMASKED_RENDERER_WEBGL ?? context.RENDERER));
  const side = Math.min(512, Number(context.getParameter(context.MAX_3D_TEXTURE_SIZE)));
  const kind = SOFTWARE.test(renderer) ? 'software' : 'hardware';
  // Browsers allow a page but few contexts: this one was only asked.
  context.getExtension('WEBGL_lose_context')?.loseContext();
  return side > 0 ? { kind, limits: { side, voxels: VOXELS[kind] } } : { kind: 'none' };
}
