import { ActionIcon, Button, NumberInput, Popover, SegmentedControl, Select, Slider, Switch } from '@mantine/core';
import { IconLayersIntersect } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { COLOUR_TABLES } from './colour-tables.ts';
import classes from './fusion.module.css';
import { petWindowOf, USUAL_FUSION } from './fusion-view.ts';
import type { Fusion } from './use-fusion.ts';

type Props = { readonly fusion: Fusion; readonly isOn: boolean; readonly onToggle: () => void };

/** PET over the active images: on or off, which PET, its colours, how opaque, and from where to where. */
export function FusionMenu({ fusion, isOn, onToggle }: Props): ReactNode {
  const { t } = useTranslation('reading');
  const { view, setView, choices, pet } = fusion;
  if (choices.length === 0) return null;
  const window = pet.state === 'ready' ? petWindowOf(view, pet.pet) : null;
  const unit = pet.state === 'ready' ? pet.pet.told.unit : null;
  const setWindow = (from: number, to: number) =>
    Number.isFinite(from) && to > from && setView({ ...view, window: { from, to } });
  return (
    <Popover position="bottom-start" withinPortal trapFocus returnFocus>
      <Popover.Target>
        <ActionIcon
          size={28}
          variant={isOn ? 'light' : 'subtle'}
          color={isOn ? 'accent' : 'gray'}
          aria-label={t('fusion.menu')}
          title={t('fusion.menu')}
        >
          <IconLayersIntersect size={17} />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown>
        <div className={classes.menu}>
          <Switch size="sm" label={t('fusion.on')} checked={isOn} onChange={onToggle} />
          {choices.length > 1 && (
            <Select
              size="xs"
              label={t('fusion.series')}
              allowDeselect={false}
              comboboxProps={{ withinPortal: false }}
              value={view.petSeriesUid ?? choices[0]?.seriesUid ?? null}
              data={choices.map(({ seriesUid, name }) => ({ value: seriesUid, label: name }))}
              onChange={(petSeriesUid) => setView({ ...view, petSeriesUid, window: null })}
            />
          )}
          <div>
            <p className={classes.label}>{t('fusion.colours')}</p>
            <SegmentedControl
              size="xs"
              fullWidth
              aria-label={t('fusion.colours')}
              value={view.table}
              data={COLOUR_TABLES.map((value) => ({ value, label: t(`fusion.table.${value}`) }))}
              onChange={(value) =>
                setView({ ...view, table: COLOUR_TABLES.find((one) => one === value) ?? view.table })
              }
            />
          </div>
          <div>
            <p className={classes.label}>{t('fusion.opacity', { percent: Math.round(view.opacity * 100) })}</p>
            <Slider
              size="sm"
              min={0}
              max={100}
              step={5}
              value={Math.round(view.opacity * 100)}
              label={(value) => `${value} %`}
              thumbLabel={t('fusion.opacityLabel')}
              onChange={(value) => setView({ ...view, opacity: value / 100 })}
            />
          </div>
          {window !== null && (
            <div className={classes.row}>
              <NumberInput
                size="xs"
                label={t('fusion.from', { unit: unit ?? t('fusion.rawUnit') })}
                value={window.from}
                step={unit === 'SUVbw' ? 0.5 : undefined}
                decimalScale={2}
                onChange={(value) => setWindow(Number(value), window.to)}
              />
              <NumberInput
                size="xs"
                label={t('fusion.to')}
                value={window.to}
                step={unit === 'SUVbw' ? 0.5 : undefined}
                decimalScale={2}
                onChange={(value) => setWindow(window.from, Number(value))}
              />
            </div>
          )}
          <p className={classes.caution}>{t('fusion.caution')}</p>
          <Button size="compact-xs" variant="default" onClick={() => setView(USUAL_FUSION)}>
            {t('fusion.reset')}
          </Button>
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
