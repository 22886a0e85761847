import { Loader, NativeSelect } from '@mantine/core';
import {
  type KeyboardEvent,
  type PointerEvent,
  type ReactNode,
  useEffect,
  useMemo,
  useRef,
  useState,
  type WheelEvent,
} from 'react';
import { useTranslation } from 'react-i18next';
import type { PatientCard, WorklistRow } from '../../../../shared/contract/worklist.ts';
import { PatientCorner } from '../CornerTexts.tsx';
import { lettersOf, type Vector3 } from '../geometry.ts';
import type { History } from '../history.ts';
import viewportClasses from '../ImageViewport.module.css';
import type { TurnCommand } from '../mpr/mpr-state.ts';
import type { SeriesShelf } from '../series-shelf.ts';
import type { ViewportCommand } from '../stack-view.ts';
import { type BodyLook, FROM_FRONT, rollBody, turnBody, zoomBody } from './body-look.ts';
import { OrientationCube } from './OrientationCube.tsx';
import { type VolumePreset, volumePresetsOf } from './presets.ts';
import { type Body, useBody } from './use-body.ts';
import classes from './volume3d.module.css';

type Props = {
  readonly shelf: SeriesShelf;
  readonly seriesUid: string;
  readonly modality: string;
  readonly patient: PatientCard;
  readonly priorOf: WorklistRow['exam'] | null;
  readonly history: History;
  readonly isActive: boolean;
  readonly label: string;
  readonly onActivate: () => void;
  readonly onLarge: () => void;
  /** Takes what commands the body while it is here, and null when it goes. */
  readonly onCommands: (perform: ((command: ViewportCommand | TurnCommand) => void) | null) => void;
  readonly onShown: (seriesUid: string) => void;
};

const DEGREES_A_PIXEL = 0.5;
const DEGREES_A_KEY = 10;

/** A series as a body in 3D, turned by dragging and by the arrow keys. It is for looking: nothing is measured on it, and it says so. */
export function BodyPane(props: Props): ReactNode {
  const { shelf, seriesUid, modality, patient, priorOf, history, isActive, label, onActivate, onLarge, ...tell } =
    props;
  const { onCommands, onShown } = tell;
  const { t } = useTranslation('reading');
  const element = useRef<HTMLDivElement>(null);
  const body = useBody(element, shelf, seriesUid);
  const presets = useMemo(() => volumePresetsOf(modality), [modality]);
  const [preset, setPreset] = useState<VolumePreset | undefined>(presets[0]);
  const [look, setLook] = useState<BodyLook>(FROM_FRONT);
  const isMoving = useRef(false);
  const isHere = useRef(true);
  const view = body.state === 'ready' ? body.view : null;

  useEffect(() => {
    isHere.current = true;
    return () => {
      isHere.current = false;
    };
  }, []);
  useEffect(() => {
    if (view !== null && preset !== undefined) view.drawAs(preset);
  }, [view, preset]);
  useEffect(() => {
    view?.lookAt(look, isMoving.current);
    isMoving.current = false;
  }, [view, look]);
  useEffect(() => {
    if (view !== null) onShown(seriesUid);
  }, [view, onShown, seriesUid]);

  const move = (change: (before: BodyLook) => BodyLook) => {
    isMoving.current = true;
    setLook(change);
  };
  const noted = <T,>(before: T, after: T, set: (to: T) => void) => {
    const to = (wanted: T) => () => {
      if (isHere.current) set(wanted);
      return isHere.current;
    };
    set(after);
    history.note({ undo: to(before), redo: to(after) });
  };
  const choose = (next: VolumePreset | undefined) =>
    next !== undefined && next !== preset && noted(preset, next, setPreset);
  const perform = (command: ViewportCommand | TurnCommand) => {
    switch (command.type) {
      case 'reset':
        return noted(look, FROM_FRONT, setLook);
      case 'turn':
        return move((before) => turnBody(before, command.degrees, 0));
      case 'rotate':
        return move((before) => rollBody(before, 90));
      case 'preset':
        return choose(presets[Number(command.key) - 1]);
      case 'scroll':
        return move((before) => turnBody(before, command.by * DEGREES_A_KEY, 0));
      default:
        return undefined;
    }
  };
  const latest = useRef(perform);
  latest.current = perform;
  useEffect(() => {
    onCommands((command) => latest.current(command));
    return () => onCommands(null);
  }, [onCommands]);

  const onKeyDown = (event: KeyboardEvent) => {
    const act = KEYS[event.key];
    if (act === undefined || event.ctrlKey || event.metaKey || event.altKey || event.target !== event.currentTarget)
      return;
    event.preventDefault();
    event.stopPropagation();
    move(act);
  };
  const onPointerMove = (event: PointerEvent) => {
    const [dx, dy] = [event.movementX, event.movementY];
    if ((event.buttons & 2) !== 0) move((before) => zoomBody(before, 1.01 ** -dy));
    else if ((event.buttons & 1) !== 0) move((before) => turnBody(before, dx * DEGREES_A_PIXEL, dy * DEGREES_A_PIXEL));
  };
  const image = body.state === 'ready' ? body.volume.geometry.images[0] : undefined;
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- an application: it takes the reader's keys.
    <div
      role="application"
      className={viewportClasses.viewport}
      data-active={isActive}
      data-body={body.state}
      data-preset={preset?.name}
      aria-label={label}
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- keys go where the focus is.
      tabIndex={0}
      onFocus={onActivate}
      onKeyDown={onKeyDown}
      onDoubleClick={onLarge}
      onContextMenu={(event) => event.preventDefault()}
      onPointerDown={(event) => {
        onActivate();
        if (event.target instanceof Element && event.target.closest('select') === null)
          event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={onPointerMove}
      onWheel={(event: WheelEvent) => move((before) => zoomBody(before, 1.1 ** -Math.sign(event.deltaY)))}
    >
      <div ref={element} className={viewportClasses.element} />
      {body.state === 'ready' && image !== undefined && (
        <>
          <NativeSelect
            className={classes.bar}
            size="xs"
            aria-label={t('volume.preset')}
            value={preset?.name}
            data={presets.map(({ name }) => ({ value: name, label: t(`volume.presets.${name}`) }))}
            onChange={(event) => choose(presets.find(({ name }) => name === event.currentTarget.value))}
          />
          <div className={viewportClasses.texts}>
            <PatientCorner image={image} patient={patient} priorOf={priorOf} />
            <div className={viewportClasses.corner} data-corner="top-right">
              <span>
                {[image.modality, image.seriesNumber, image.seriesDescription]
                  .filter((one) => one !== null)
                  .join(' · ')}
              </span>
            </div>
            <div className={viewportClasses.corner} data-corner="bottom-left">
              <span>{t('volume.hint')}</span>
            </div>
            <div className={viewportClasses.corner} data-corner="bottom-right">
              <strong className={viewportClasses.mark}>{t('volume.notForMeasuring')}</strong>
              {Math.max(...body.texture.every) > 1 && (
                <strong className={viewportClasses.mark}>
                  {t('volume.every', { steps: body.texture.every.join(' × ') })}
                </strong>
              )}
              {body.volume.geometry.thinning > 1 && (
                <strong className={viewportClasses.mark}>
                  {t('mpr.thinned', { count: body.volume.geometry.thinning })}
                </strong>
              )}
              {body.isSoftware && <span>{t('volume.software')}</span>}
            </div>
            {edges(look).map(([edge, letters]) => (
              <span key={edge} className={viewportClasses.edge} data-edge={edge}>
                {letters}
              </span>
            ))}
            <OrientationCube look={look} />
            {patient.underInvestigation && (
              <strong className={viewportClasses.doubt}>{t('image.underInvestigation')}</strong>
            )}
          </div>
        </>
      )}
      {body.state !== 'ready' && (
        <div className={viewportClasses.cover}>
          <Notice body={body} />
        </div>
      )}
    </div>
  );
}

function Notice({ body }: { readonly body: Exclude<Body, { state: 'ready' }> }): ReactNode {
  const { t } = useTranslation('reading');
  switch (body.state) {
    case 'loading':
      return (
        <div className={classes.notice} role="status">
          <Loader size="sm" color="gray" />
          <p>{t('mpr.loading', { loaded: body.loaded, of: body.of })}</p>
        </div>
      );
    case 'refused':
      return <p className={classes.notice}>{t('volume.notMade', { reason: t(`volume.refused.${body.code}`) })}</p>;
    case 'no-graphics':
    case 'not-drawn':
      return <p className={classes.notice}>{t(`volume.${body.state}`)}</p>;
  }
}

const KEYS: Readonly<Record<string, (before: BodyLook) => BodyLook>> = {
  ArrowLeft: (look) => turnBody(look, -DEGREES_A_KEY, 0),
  ArrowRight: (look) => turnBody(look, DEGREES_A_KEY, 0),
  ArrowUp: (look) => turnBody(look, 0, -DEGREES_A_KEY),
  ArrowDown: (look) => turnBody(look, 0, DEGREES_A_KEY),
  '+': (look) => zoomBody(look, 1.2),
  '-': (look) => zoomBody(look, 1 / 1.2),
};

/** What lies towards each edge of the screen. */
function edges({ right, up }: BodyLook): readonly (readonly [string, string])[] {
  const opposite = ([x, y, z]: Vector3): Vector3 => [-x, -y, -z];
  return [
    ['right', lettersOf(right)],
    ['left', lettersOf(opposite(right))],
    ['top', lettersOf(up)],
    ['bottom', lettersOf(opposite(up))],
  ];
}
