import { type ReactNode, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { formatPersonName } from '../../ui/person-name.ts';
import { addressOf } from '../frame-marks.ts';
import type { Stack, StackImage } from '../stack.ts';
import { cssOf } from './cielab.ts';
import { type DrawnSegments, misfitOf } from './drawn-segments.ts';
import { names } from './image-references.ts';
import type { MarkedReport } from './marked-report.ts';
import type { PresentationState } from './presentation-state.ts';
import { isPresented } from './presented-image.ts';
import type { Provenance } from './provenance.ts';
import { marksOn } from './report-places.ts';
import type { Segmentation } from './segmentation.ts';
import classes from './ThirdParty.module.css';
import type { ThirdPartyState } from './third-party-book.ts';

type Props = {
  readonly image: StackImage | null;
  readonly stack: Stack;
  readonly all: ThirdPartyState;
  /** What is on; nothing while all is hidden. */
  readonly applied: PresentationState | null;
  readonly drawn: readonly DrawnSegments[];
  readonly reports: readonly MarkedReport[];
  /** Frames of segments that could not be had. */
  readonly failed: number;
};

/** Says on the picture whose presentation state, segments and marks are drawn, what of them is not, and that there are others which are off. */
export function ThirdPartyLine({ image, stack, all, applied, drawn, reports, failed }: Props): ReactNode {
  const { t } = useTranslation('reading');
  // Said anew whenever the mouse moves; a study may hold hundreds of reports with thousands of places.
  const waiting = useMemo(() => (image === null ? 0 : countOff(all, image, stack)), [all, image, stack]);
  if (image === null) return null;
  const keys = (all.objects ?? []).filter(
    (one) => one.kind === 'key-objects' && names(one.references, addressOf(image)),
  );
  return (
    <span className={classes.line} data-others>
      {keys.map((one) => {
        if (one.kind !== 'key-objects') return null;
        const words = t(one.isWarning ? 'others.keyWarning' : 'others.key', {
          title: one.title ?? t('others.untitled'),
          maker: makerOf(one) ?? t('others.nobody'),
        });
        return one.isWarning ? <strong key={one.id}>⚠ {words}</strong> : <span key={one.id}>★ {words}</span>;
      })}
      {applied !== null && <StateWords state={applied} image={image} />}
      {drawn.map((one) => (
        <SegmentWords key={one.segmentation.id} drawn={one} image={image} />
      ))}
      {failed > 0 && <strong>{t('others.segmentsFailed', { count: failed })}</strong>}
      {reports.map((report) => (
        <ReportWords key={report.id} report={report} image={image} />
      ))}
      {all.isHidden && <strong>{t('others.hidden')}</strong>}
      {all.unread > 0 && <strong>{t('others.unread', { count: all.unread })}</strong>}
      {waiting > 0 && <span>{t('others.off', { count: waiting })}</span>}
    </span>
  );
}

type StateWordsProps = { readonly state: PresentationState; readonly image: StackImage };

function StateWords({ state, image }: StateWordsProps): ReactNode {
  const { t } = useTranslation('reading');
  // Its mask may be of frames that this image has not.
  const isUnsubtracted = state.subtracts && image.subtracted === undefined;
  const unapplied = [...state.unapplied, ...(isUnsubtracted ? (['mask-subtraction'] as const) : [])];
  const words = { name: state.label || t('others.untitled'), maker: makerOf(state) ?? t('others.nobody') };
  if (!isPresented(state, image)) return <span>{t('others.stateElsewhere', words)}</span>;
  return (
    <>
      <strong>{t('others.state', words)}</strong>
      {unapplied.length > 0 && (
        <strong>{t('others.notAll', { parts: unapplied.map((part) => t(`others.part.${part}`)).join('; ') })}</strong>
      )}
    </>
  );
}

type SegmentWordsProps = {
  readonly drawn: DrawnSegments;
  /** Null where a whole volume is shown. */
  readonly image: StackImage | null;
};

/** Whose segments are drawn, how they were made, and which of them are not drawn and why. */
export function SegmentWords({ drawn, image }: SegmentWordsProps): ReactNode {
  const { t } = useTranslation('reading');
  const { segmentation, segments, fit, fittedOn } = drawn;
  const name = segmentation.label || t('others.untitled');
  const misfit = misfitOf(fit);
  if (misfit !== null) return <strong>{t('others.cannotDraw', { name, why: t(`others.misfit.${misfit}`) })}</strong>;
  const lost = [...fit.misfits.values()].reduce((sum, count) => sum + count, 0);
  return (
    <>
      <span>
        {t('others.segmentsOf', { name, maker: makerOf(segmentation) ?? t('others.nobody') })}
        {' · '}
        {t('others.notVerified')}
      </span>
      {segments.map((segment) => (
        <span key={segment.number}>
          <i className={classes.swatch} style={{ background: cssOf(segment.colour) }} />
          {segment.label || segment.type || String(segment.number)}
          {segment.by !== null && ` · ${t(`others.segmentedBy.${segment.by}`)}`}
          {segmentation.fraction !== null && ` · ${t(`others.fraction.${segmentation.fraction.of ?? 'other'}`)}`}
        </span>
      ))}
      {image !== null && fittedOn(image).length === 0 && <span>{t('others.noneHere')}</span>}
      {lost > 0 && <strong>{t('others.framesLost', { count: lost, of: segmentation.frames.length })}</strong>}
    </>
  );
}

function ReportWords({ report, image }: { readonly report: MarkedReport; readonly image: StackImage }): ReactNode {
  const { t } = useTranslation('reading');
  const count = marksOn(report, image).length;
  return (
    <>
      <span>
        {t('others.marksOf', {
          count,
          title: report.title ?? t('others.untitled'),
          maker: makerOf(report) ?? t('others.nobody'),
        })}
        {!report.isVerified && ` · ${t(report.isByMachine ? 'others.machineUnverified' : 'others.unverified')}`}
      </span>
      {report.undrawn.size > 0 && (
        <strong>
          {t('others.notAll', { parts: [...report.undrawn].map((part) => t(`others.part.${part}`)).join('; ') })}
        </strong>
      )}
    </>
  );
}

/** Who made it: the person it names, else the maker of what made it. */
export function makerOf({ person, maker }: Provenance): string | null {
  return formatPersonName(person) ?? maker;
}

/** How many things others want shown on this image are off. */
function countOff({ objects, applied, segments, reports }: ThirdPartyState, image: StackImage, stack: Stack): number {
  return (objects ?? []).filter((one) => {
    switch (one.kind) {
      case 'presentation-state':
        return one.id !== applied && isPresented(one, image);
      case 'segmentation':
        return isAbout(one, stack) && !one.segments.some(({ number }) => segments.has(`${one.id}/${number}`));
      case 'marked-report':
        return !reports.has(one.id) && marksOn(one, image).length > 0;
      default:
        // Key images are marked at once.
        return false;
    }
  }).length;
}

/** Whether a segmentation is of these images, as far as its frames say without being held against each. */
function isAbout({ frames }: Segmentation, { images }: Stack): boolean {
  const [first] = frames;
  if (first === undefined) return false;
  if (first.sources !== null) return images.some((image) => first.sources?.has(image.sopUid));
  const { frameOfReferenceUid } = first.image;
  return frameOfReferenceUid !== null && images.some((image) => image.frameOfReferenceUid === frameOfReferenceUid);
}
