import {
  annotation,
  Enums,
  LengthTool,
  PanTool,
  StackScrollTool,
  ToolGroupManager,
  type Types,
  WindowLevelTool,
  ZoomTool,
  addTool,
} from '@cornerstonejs/tools';
import { wadors } from '@cornerstonejs/dicom-image-loader';
import { DicomJson } from './dicom-json.ts';
import { getEngine } from './engine.ts';
import { imageCoordinateOf, type Vector3 } from './geometry.ts';
import { type Length, lengthBetween, spacingOf } from './spacing.ts';
import { drawnPlaneOf } from './stack.ts';

/** What dragging with the left button does. The middle button always pans, the right one zooms, the wheel scrolls. */
export const VIEWPORT_TOOLS = ['window', 'pan', 'zoom', 'scroll', 'length'] as const;
export type ViewportTool = (typeof VIEWPORT_TOOLS)[number];

/** How a length is written; the page's language decides. */
export type FormatLength = (length: Length) => string;

const TOOL_CLASSES = {
  window: WindowLevelTool,
  pan: PanTool,
  zoom: ZoomTool,
  scroll: StackScrollTool,
  length: LengthTool,
} as const;

const OWN_BUTTON: Partial<Record<ViewportTool, Types.IToolBinding>> = {
  pan: { mouseButton: Enums.MouseBindings.Auxiliary },
  zoom: { mouseButton: Enums.MouseBindings.Secondary },
  scroll: { mouseButton: Enums.MouseBindings.Wheel },
};

let group: Types.IToolGroup | null = null;
let formatLength: FormatLength = (length) => `${length.value.toFixed(1)} ${length.unit}`;

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
  const tools = toolGroup();
  for (const other of VIEWPORT_TOOLS) {
    const bindings = [OWN_BUTTON[other], other === tool ? { mouseButton: Enums.MouseBindings.Primary } : undefined];
    const bound = bindings.filter((binding) => binding !== undefined);
    tools.setToolPassive(TOOL_CLASSES[other].toolName, { removeAllBindings: true });
    if (bound.length > 0) tools.setToolActive(TOOL_CLASSES[other].toolName, { bindings: bound });
  }
}

/** Sets how lengths are written beside their lines. */
export function writeLengthsWith(format: FormatLength): void {
  formatLength = format;
}

/** Removes every measurement; they belong to this look at the study and are kept nowhere. */
export function clearMeasurements(): void {
  annotation.state.removeAllAnnotations();
  getEngine().render();
}

function toolGroup(): Types.IToolGroup {
  if (group !== null) return group;
  getEngine();
  const created = ToolGroupManager.createToolGroup('reading');
  if (created === undefined) throw new Error('The tool group exists already.');
  for (const tool of Object.values(TOOL_CLASSES)) {
    addTool(tool);
    created.addTool(tool.toolName, tool === LengthTool ? { getTextLines: lengthLines } : {});
  }
  group = created;
  chooseTool('window');
  return created;
}

type Measured = { readonly handles: { readonly points: readonly Vector3[] } };

/** The words beside a length: measured by our own rules of spacing, so that pixels are never written as millimetres. */
function lengthLines(data: Measured, targetId: string): readonly string[] {
  const [from, to] = data.handles.points;
  const dataSet = DicomJson.safeParse(wadors.metaDataManager.get(targetId.replace(/^imageId:/, '')));
  if (from === undefined || to === undefined || !dataSet.success) return [];
  const plane = drawnPlaneOf(dataSet.data);
  const length = lengthBetween(spacingOf(dataSet.data), imageCoordinateOf(plane, from), imageCoordinateOf(plane, to));
  return [formatLength(length)];
}
