import { Slider, Switch } from '@mantine/core';
import { type ReactNode, useState, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { formatDicomDate } from '../../ui/dicom-date.ts';
import { cssOf } from '../../viewport/third-party/cielab.ts';
import type { KeyObjects } from '../../viewport/third-party/key-objects.ts';
import type { MarkedReport } from '../../viewport/third-party/marked-report.ts';
import type { PresentationState } from '../../viewport/third-party/presentation-state.ts';
import type { Provenance } from '../../viewport/third-party/provenance.ts';
import type { Segmentation } from '../../viewport/third-party/segmentation.ts';
import { makerOf } from '../../viewport/third-party/ThirdPartyLine.tsx';
import type { ThirdPartyObject } from '../../viewport/third-party/third-party-object.ts';
import { segmentKey, type ThirdPartyBook } from '../../viewport/third-party/third-party-book.ts';
import type { JumpTarget } from './jump-target.ts';
import { keyTargets, reportTargets, segmentTarget, stateTarget } from './others-targets.ts';
import others from './others.module.css';
import classes from './reading.module.css';

type Props = {
  readonly book: ThirdPartyBook;
  /** Whether a series can be gone to. */
  readonly isHere: (seriesUid: string) => boolean;
  /** Series on the screen: what is of one of them is turned on without leaving its image. */
  readonly shown: readonly (string | null)[];
  readonly onJump: (target: JumpTarget) => void;
};

/** What others sent to be shown on these images: each can be turned on and gone to, and nothing is on by itself. */
export function OthersList({ book, isHere, shown, onJump }: Props): ReactNode {
  const { t } = useTranslation('reading');
  const { objects, unread, opacity, segments } = useSyncExternalStore(book.subscribe, book.getState);
  if (objects === null || objects.length + unread === 0) return null;
  const jump = (target: JumpTarget | null) =>
    target !== null && isHere(target.seriesUid) ? () => onJump(target) : undefined;
  const bring = (target: JumpTarget | null) => {
    if (target !== null && !shown.includes(target.seriesUid)) jump(target)?.();
  };
  return (
    <section className={others.list} aria-label={t('others.heading')}>
      <h2 className={classes.heading}>{t('others.heading')}</h2>
      <p className={classes.fact}>{t('others.notOurs')}</p>
      {unread > 0 && <p role="alert">{t('others.unread', { count: unread })}</p>}
      <ul className={classes.plainList}>
        {objects.map((one) => (
          <Entry key={one.id} {...{ one, book, jump, bring }} />
        ))}
      </ul>
      {segments.size > 0 && (
        <label className={others.opacity}>
          {t('others.opacity')}
          <Slider
            size="sm"
            min={0}
            max={1}
            step={0.05}
            value={opacity}
            thumbLabel={t('others.opacity')}
            label={(value) => `${Math.round(value * 100)} %`}
            onChange={(value) => book.setOpacity(value)}
          />
        </label>
      )}
    </section>
  );
}

type EntryProps = {
  readonly one: ThirdPartyObject;
  readonly book: ThirdPartyBook;
  readonly jump: Jump;
  readonly bring: Bring;
};

function Entry({ one, book, jump, bring }: EntryProps): ReactNode {
  switch (one.kind) {
    case 'presentation-state':
      return <StateEntry state={one} book={book} bring={bring} />;
    case 'segmentation':
      return <SegmentationEntry segmentation={one} book={book} bring={bring} />;
    case 'key-objects':
      return <KeyEntry keys={one} jump={jump} />;
    case 'marked-report':
      return <ReportEntry report={one} book={book} jump={jump} />;
  }
}

type Jump = (target: JumpTarget | null) => (() => void) | undefined;

type Bring = (target: JumpTarget | null) => void;
type StateProps = { readonly state: PresentationState; readonly book: ThirdPartyBook; readonly bring: Bring };

function StateEntry({ state, book, bring }: StateProps): ReactNode {
  const { t } = useTranslation('reading');
  const { applied, isHidden } = useSyncExternalStore(book.subscribe, book.getState);
  const isOn = applied === state.id && !isHidden;
  return (
    <li className={others.entry}>
      <Switch
        size="xs"
        checked={isOn}
        disabled={state.refusal !== null}
        label={state.label || t('others.untitled')}
        description={t('others.kind.state')}
        onChange={() => {
          book.apply(isOn ? null : state.id);
          if (!isOn) bring(stateTarget(state));
        }}
      />
      <Origin of={state} />
      {state.description !== null && <span className={classes.dim}>{state.description}</span>}
      {state.refusal !== null && <strong className={others.warning}>{t(`others.refused.${state.refusal}`)}</strong>}
      {state.unapplied.length > 0 && (
        <span className={others.warning}>
          {t('others.notAll', { parts: state.unapplied.map((part) => t(`others.part.${part}`)).join('; ') })}
        </span>
      )}
    </li>
  );
}

type SegmentationProps = { readonly segmentation: Segmentation; readonly book: ThirdPartyBook; readonly bring: Bring };

function SegmentationEntry({ segmentation, book, bring }: SegmentationProps): ReactNode {
  const { t } = useTranslation('reading');
  const { segments, isHidden } = useSyncExternalStore(book.subscribe, book.getState);
  const isOn = (number: number) => !isHidden && segments.has(segmentKey(segmentation, { number }));
  return (
    <li className={others.entry}>
      <strong>{segmentation.label || t('others.untitled')}</strong>
      <span className={classes.dim}>{t('others.kind.segmentation')}</span>
      <Origin of={segmentation} />
      <span className={others.warning}>{t('others.notVerified')}</span>
      {segmentation.segments.length === 0 && <span className={others.warning}>{t('others.noSegments')}</span>}
      <ul className={others.segments}>
        {segmentation.segments.map((segment) => (
          <li key={segment.number}>
            <Switch
              size="xs"
              checked={isOn(segment.number)}
              label={
                <>
                  <i className={others.swatch} style={{ background: cssOf(segment.colour) }} />
                  {segment.label || segment.type || String(segment.number)}
                </>
              }
              description={[
                segment.category,
                segment.type,
                segment.by && t(`others.segmentedBy.${segment.by}`),
                segment.algorithm,
              ]
                .filter(Boolean)
                .join(' · ')}
              onChange={() => {
                book.drawSegments([segmentKey(segmentation, segment)], !isOn(segment.number));
                if (!isOn(segment.number)) bring(segmentTarget(segmentation, segment.number));
              }}
            />
          </li>
        ))}
      </ul>
    </li>
  );
}

function KeyEntry({ keys, jump }: { readonly keys: KeyObjects; readonly jump: Jump }): ReactNode {
  const { t } = useTranslation('reading');
  const title = keys.title ?? t('others.untitled');
  return (
    <li className={others.entry}>
      <strong className={keys.isWarning ? others.warning : undefined}>
        {keys.isWarning ? '⚠ ' : '★ '}
        {title}
      </strong>
      <span className={classes.dim}>{t('others.kind.keys')}</span>
      <Origin of={keys} />
      {[...keys.reasons, keys.description]
        .filter((words) => words !== null)
        .map((words) => (
          <span key={words}>{words}</span>
        ))}
      <Places
        places={keyTargets(keys).map((target, index) => ({
          name: t('others.image', { number: index + 1 }),
          facts: '',
          onJump: jump(target),
        }))}
      />
    </li>
  );
}

type ReportProps = { readonly report: MarkedReport; readonly book: ThirdPartyBook; readonly jump: Jump };

function ReportEntry({ report, book, jump }: ReportProps): ReactNode {
  const { t } = useTranslation('reading');
  const { reports, isHidden } = useSyncExternalStore(book.subscribe, book.getState);
  const isOn = !isHidden && reports.has(report.id);
  return (
    <li className={others.entry}>
      <Switch
        size="xs"
        checked={isOn}
        disabled={report.marks.length === 0}
        label={report.title ?? t('others.untitled')}
        description={t('others.kind.report', { count: report.marks.length })}
        onChange={() => book.drawReport(report.id, !isOn)}
      />
      <Origin of={report} />
      {!report.isVerified && (
        <span className={others.warning}>
          {t(report.isByMachine ? 'others.machineUnverified' : 'others.unverified')}
        </span>
      )}
      {report.undrawn.size > 0 && (
        <span className={others.warning}>
          {t('others.notAll', { parts: [...report.undrawn].map((part) => t(`others.part.${part}`)).join('; ') })}
        </span>
      )}
      <Places
        places={report.marks.map((mark) => {
          const onJump = jump(reportTargets(report, mark));
          return {
            name: t('others.mark', { number: mark.number, name: mark.name }),
            facts: mark.values.join(' · '),
            onJump:
              onJump &&
              (() => {
                book.drawReport(report.id, true);
                onJump();
              }),
          };
        })}
      />
    </li>
  );
}

function Origin({ of }: { readonly of: Provenance }): ReactNode {
  const { t } = useTranslation('reading');
  const date = formatDicomDate(of.dateRaw);
  return (
    <span className={classes.dim}>
      {t('others.by', { maker: makerOf(of) ?? t('others.nobody') })}
      {of.person !== null && of.maker !== null && ` · ${of.maker}`}
      {date !== null && ` · ${date}`}
    </span>
  );
}

type Place = { readonly name: string; readonly facts: string; readonly onJump: (() => void) | undefined };

/** So many are listed before somebody asks for the others. */
const FIRST_PLACES = 5;

function Places({ places }: { readonly places: readonly Place[] }): ReactNode {
  const { t } = useTranslation('reading');
  const [isOpen, setOpen] = useState(false);
  const shown = isOpen ? places : places.slice(0, FIRST_PLACES);
  return (
    <>
      <ul className={classes.places}>
        {shown.map(({ name, facts, onJump }, index) => (
          <li key={index}>
            <button
              type="button"
              className={classes.place}
              disabled={onJump === undefined}
              title={onJump === undefined ? t('others.notHere') : undefined}
              onClick={onJump}
            >
              <span>{name}</span>
              <span className={classes.placeFacts}>{facts}</span>
            </button>
          </li>
        ))}
      </ul>
      {places.length > FIRST_PLACES && (
        <button type="button" className={classes.more} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {isOpen ? t('findings.fewer') : t('findings.more', { count: places.length - FIRST_PLACES })}
        </button>
      )}
    </>
  );
}
