import { ActionIcon, Button, Menu, SegmentedControl, Tooltip } from '@mantine/core';
import {
  IconAdjustments,
  IconAngle,
  IconAxisX,
  IconCube,
  IconArrowLeft,
  IconArrowsMove,
  IconArrowsVertical,
  IconBrightnessHalf,
  IconArrowBackUp,
  IconArrowForwardUp,
  IconCircle,
  IconContrast,
  IconCrosshair,
  IconExternalLink,
  IconFlipHorizontal,
  IconFlipVertical,
  IconLayersSubtract,
  IconPlayerPlay,
  IconRectangle,
  IconRotateClockwise,
  IconRuler2,
  IconStar,
  IconTrash,
  IconVectorSpline,
  IconZoomIn,
  IconZoomReset,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { chooseTool, useViewportTool, VIEWPORT_TOOLS, type ViewportTool } from '../../viewport/tools.ts';
import type { WindowPreset } from '../../viewport/window-presets.ts';
import { LAYOUTS, type Layout } from './layouts.ts';
import classes from './reading.module.css';
import { type ReadingAction, TOOL_KEYS } from './reading-keys.ts';

type Props = {
  readonly layout: Layout;
  readonly onLayout: (layout: Layout) => void;
  /** How this study came to hang so, and how others shall. */
  readonly hanging: ReactNode;
  /** What the viewports do together. */
  readonly links: ReactNode;
  readonly presets: readonly WindowPreset[];
  readonly aiHidden: boolean;
  readonly onAction: (action: ReadingAction) => void;
  readonly onLeave: () => void;
  /** Opens a window of these images beside; left out in one. */
  readonly onPopOut?: () => void;
  /** Whether this reader may mark key images. */
  readonly mayMark: boolean;
  /** Whether the active series may be a run to subtract a mask from. */
  readonly isRun: boolean;
  /** What must be said in the toolbar's free space. */
  readonly children: ReactNode;
};

const TOOL_ICONS: Readonly<Record<ViewportTool, ReactNode>> = {
  window: <IconBrightnessHalf size={17} />,
  pan: <IconArrowsMove size={17} />,
  zoom: <IconZoomIn size={17} />,
  scroll: <IconArrowsVertical size={17} />,
  length: <IconRuler2 size={17} />,
  angle: <IconAngle size={17} />,
  ellipse: <IconCircle size={17} />,
  rectangle: <IconRectangle size={17} />,
  probe: <IconCrosshair size={17} />,
};

const ACTIONS: readonly { readonly label: string; readonly icon: ReactNode; readonly action: ReadingAction }[] = [
  { label: 'key.reset', icon: <IconZoomReset size={17} />, action: { type: 'reset' } },
  { label: 'key.invert', icon: <IconContrast size={17} />, action: { type: 'invert' } },
  { label: 'tool.rotate', icon: <IconRotateClockwise size={17} />, action: { type: 'rotate' } },
  { label: 'tool.flip', icon: <IconFlipHorizontal size={17} />, action: { type: 'flip' } },
  { label: 'tool.flipVertical', icon: <IconFlipVertical size={17} />, action: { type: 'flip-vertical' } },
  { label: 'key.cine', icon: <IconPlayerPlay size={17} />, action: { type: 'cine' } },
  { label: 'key.subtract', icon: <IconLayersSubtract size={17} />, action: { type: 'subtract' } },
  { label: 'key.mpr', icon: <IconAxisX size={17} />, action: { type: 'mpr' } },
  { label: 'key.body', icon: <IconCube size={17} />, action: { type: 'body' } },
  { label: 'key.keyImage', icon: <IconStar size={17} />, action: { type: 'key-image' } },
  { label: 'key.undo', icon: <IconArrowBackUp size={17} />, action: { type: 'undo' } },
  { label: 'key.redo', icon: <IconArrowForwardUp size={17} />, action: { type: 'redo' } },
  { label: 'key.clearMeasurements', icon: <IconTrash size={17} />, action: { type: 'clear-measurements' } },
];

/** The tools over the images: what the mouse does, windows, layout, and AI on or off. */
export function ReadingToolbar(props: Props): ReactNode {
  const { layout, onLayout, hanging, links, presets, aiHidden, onAction, onLeave, onPopOut, children } = props;
  const offered: Partial<Record<ReadingAction['type'], boolean>> = {
    'key-image': props.mayMark,
    subtract: props.isRun,
  };
  const { t } = useTranslation('reading');
  return (
    <div className={classes.toolbar} role="toolbar" aria-label={t('tool.bar')}>
      <Tool label={t('key.leave')} icon={<IconArrowLeft size={17} />} onClick={onLeave} />
      <span className={classes.divider} />
      <MouseTools />
      <span className={classes.divider} />
      {presets.length > 0 && <PresetMenu presets={presets} onAction={onAction} />}
      {ACTIONS.filter(({ action }) => offered[action.type] ?? true).map(({ label, icon, action }) => (
        <Tool key={label} label={t(label)} icon={icon} onClick={() => onAction(action)} />
      ))}
      <span className={classes.divider} />
      <SegmentedControl
        size="xs"
        aria-label={t('tool.layout')}
        value={layout}
        onChange={(value) => onLayout(LAYOUTS.find((one) => one === value) ?? layout)}
        data={LAYOUTS.map((value) => ({ value, label: value.replace('x', '×') }))}
      />
      {hanging}
      {links}
      {onPopOut && <Tool label={t('windows.open')} icon={<IconExternalLink size={17} />} onClick={onPopOut} />}
      <span className={classes.space}>{children}</span>
      <Button
        size="compact-sm"
        variant={aiHidden ? 'default' : 'light'}
        aria-pressed={!aiHidden}
        leftSection={<IconVectorSpline size={16} />}
        onClick={() => onAction({ type: 'toggle-ai' })}
      >
        {t(aiHidden ? 'ai.hidden' : 'ai.shown')}
      </Button>
    </div>
  );
}

function MouseTools(): ReactNode {
  const { t } = useTranslation('reading');
  const { tool } = useViewportTool();
  return VIEWPORT_TOOLS.map((one) => (
    <Tool
      key={one}
      label={`${t(`tool.${one}`)} · ${TOOL_KEYS[one].toUpperCase()}`}
      icon={TOOL_ICONS[one]}
      pressed={one === tool}
      onClick={() => chooseTool(one)}
    />
  ));
}

type MenuProps = { readonly presets: readonly WindowPreset[]; readonly onAction: (action: ReadingAction) => void };

function PresetMenu({ presets, onAction }: MenuProps): ReactNode {
  const { t } = useTranslation('reading');
  return (
    <Menu position="bottom-start" withinPortal>
      <Menu.Target>
        <Button size="compact-sm" variant="subtle" color="gray" leftSection={<IconAdjustments size={16} />}>
          {t('tool.presets')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {presets.map((preset) => (
          <Menu.Item
            key={preset.key}
            rightSection={<span className={classes.presetValues}>{valuesOf(preset)}</span>}
            onClick={() => onAction({ type: 'preset', key: preset.key })}
          >
            {t(`preset.${preset.name}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

type ToolProps = {
  readonly label: string;
  readonly icon: ReactNode;
  readonly pressed?: boolean;
  readonly onClick: () => void;
};

function Tool({ label, icon, pressed, onClick }: ToolProps): ReactNode {
  return (
    <Tooltip label={label}>
      <ActionIcon
        size={28}
        variant={pressed ? 'light' : 'subtle'}
        color={pressed ? 'accent' : 'gray'}
        aria-label={label}
        aria-pressed={pressed}
        onClick={onClick}
      >
        {icon}
      </ActionIcon>
    </Tooltip>
  );
}

function valuesOf(preset: WindowPreset): string {
  return preset.kind === 'fixed' ? `${preset.width} / ${preset.centre} · ${preset.key}` : preset.key;
}
