import {
  Enums,
  PanTool,
  StackScrollTool,
  ToolGroupManager,
  type Types,
  WindowLevelTool,
  ZoomTool,
  addTool,
} from '@cornerstonejs/tools';
import { create } from 'zustand';
import { getEngine } from './engine.ts';
import { MEASUREMENT_KINDS, type MeasurementKind } from './measurements/measurement.ts';

/** What dragging with the left button changes of the picture. The middle button always pans, the right one zooms, the wheel scrolls. */
const PICTURE_TOOLS = ['window', 'pan', 'zoom', 'scroll'] as const;
type PictureTool = (typeof PICTURE_TOOLS)[number];

/** What dragging with the left button, or one finger, does. */
export const VIEWPORT_TOOLS = [...PICTURE_TOOLS, ...MEASUREMENT_KINDS] as const;
export type ViewportTool = (typeof VIEWPORT_TOOLS)[number];

const TOOL_CLASSES = {
  window: WindowLevelTool,
  pan: PanTool,
  zoom: ZoomTool,
  scroll: StackScrollTool,
} as const;

const { MouseBindings, KeyboardBindings } = Enums;

/** What works whatever tool is chosen: buttons, wheel, the wheel with Ctrl (as touchpads pinch), and fingers. */
const OWN_BINDINGS: Readonly<Record<PictureTool, readonly Types.IToolBinding[]>> = {
  window: [],
  pan: [{ mouseButton: MouseBindings.Auxiliary }],
  zoom: [
    { mouseButton: MouseBindings.Secondary },
    { mouseButton: MouseBindings.Wheel, modifierKey: KeyboardBindings.Ctrl },
    { numTouchPoints: 2 },
  ],
  scroll: [{ mouseButton: MouseBindings.Wheel }, { numTouchPoints: 3 }],
};

let group: Types.IToolGroup | null = null;

/** The tool that every viewport's left button has now. */
export const useViewportTool = create<{ readonly tool: ViewportTool }>()(() => ({ tool: 'window' }));

/** Lets the mouse act in a viewport, as in all others. */
export function attachTools(viewportId: string): void {
  toolGroup().addViewport(viewportId, getEngine().id);
}

/** Takes the mouse away from a viewport. */
export function detachTools(viewportId: string): void {
  toolGroup().removeViewports(getEngine().id, viewportId);
}

/** Chooses what dragging with the left button does in every viewport. */
export function chooseTool(tool: ViewportTool): void {
  useViewportTool.setState({ tool });
  bind(toolGroup(), tool);
}

/** The measurement a tool makes; null of those that change the picture. */
export function measurementOf(tool: ViewportTool): MeasurementKind | null {
  return MEASUREMENT_KINDS.find((kind) => kind === tool) ?? null;
}

function bind(tools: Types.IToolGroup, tool: ViewportTool): void {
  for (const other of PICTURE_TOOLS) {
    const primary = other === tool ? [{ mouseButton: MouseBindings.Primary }, { numTouchPoints: 1 }] : [];
    const bindings = [...OWN_BINDINGS[other], ...primary];
    tools.setToolPassive(TOOL_CLASSES[other].toolName, { removeAllBindings: true });
    if (bindings.length > 0) tools.setToolActive(TOOL_CLASSES[other].toolName, { bindings });
  }
}

function toolGroup(): Types.IToolGroup {
  if (group !== null) return group;
  getEngine();
  const created = ToolGroupManager.createToolGroup('reading');
  if (created === undefined) throw new Error('The tool group exists already.');
  for (const tool of Object.values(TOOL_CLASSES)) {
    addTool(tool);
    created.addTool(tool.toolName);
  }
  group = created;
  bind(created, useViewportTool.getState().tool);
  return created;
}
