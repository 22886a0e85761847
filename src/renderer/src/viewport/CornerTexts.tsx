import type { TFunction } from 'i18next';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { PatientCard, WorklistRow } from '../../../shared/contract/worklist.ts';
import { formatDicomDate } from '../ui/dicom-date.ts';
import { formatPersonName } from '../ui/person-name.ts';
import classes from './ImageViewport.module.css';
import { describeValue } from './measurements/measurement-text.ts';
import { isMirrored } from './geometry.ts';
import { scaleBarOf } from './scale-bar.ts';
import type { Probe, StackViewState } from './stack-view.ts';
import type { StackImage } from './stack.ts';
import { presetsOf } from './window-presets.ts';
import { describeWindow } from './window-text.ts';

type Props = {
  readonly shown: StackViewState;
  readonly patient: PatientCard;
  /** Of an earlier study: when and what that was. */
  readonly priorOf: WorklistRow['exam'] | null;
  /** What else stands at the bottom right: whose marks are drawn. */
  readonly children: ReactNode;
};

const LONGEST_BAR_PX = 110;
/** Less is what every breast and every chest is magnified by the way it is taken. */
const MAGNIFIED = 1.2;

/** What a picture says of itself at its corners: the patient of its own header, which image it is, how it is drawn. */
export function CornerTexts({ shown, patient, priorOf, children }: Props): ReactNode {
  const { image, stack } = shown;
  if (image === null || stack === null) return null;
  return (
    <>
      <PatientCorner image={image} patient={patient} priorOf={priorOf} />
      <ImageCorner image={image} position={shown.index + 1} count={stack.images.length} />
      <DrawingCorner shown={shown} image={image} />
      <MarksCorner image={image} probe={shown.probe}>
        {children}
      </MarksCorner>
    </>
  );
}

type PatientCornerProps = Pick<Props, 'patient' | 'priorOf'> & { readonly image: StackImage };

/** Whose picture it is by its own header, and where that says another patient than the page does. */
export function PatientCorner({ image, patient, priorOf }: PatientCornerProps): ReactNode {
  const { t } = useTranslation('reading');
  const { name, mrn, birthDateRaw, sex, accession } = image.patient;
  const isOther = mrn !== null && patient.mrn !== null && mrn !== patient.mrn.trim();
  return (
    <div className={classes.corner} data-corner="top-left">
      {priorOf !== null && (
        <strong className={classes.prior}>{t('image.prior', { date: formatDicomDate(priorOf.dateRaw) ?? '–' })}</strong>
      )}
      <strong data-phi>{formatPersonName(name) ?? t('image.noName')}</strong>
      <span data-phi>{t('image.mrn', { value: mrn ?? '–' })}</span>
      <span data-phi>{[t('image.born', { value: formatDicomDate(birthDateRaw) ?? '–' }), sex ?? '–'].join(' · ')}</span>
      <span data-phi>{t('image.accession', { value: accession ?? '–' })}</span>
      {isOther && <strong className={classes.warning}>{t('image.otherPatient')}</strong>}
    </div>
  );
}

type ImageCornerProps = { readonly image: StackImage; readonly position: number; readonly count: number };

function ImageCorner({ image, position, count }: ImageCornerProps): ReactNode {
  const { t } = useTranslation('reading');
  const series = [image.modality, image.seriesNumber, image.seriesDescription].filter((part) => part !== null);
  return (
    <div className={classes.corner} data-corner="top-right">
      <span>{series.join(' · ')}</span>
      <span>
        {t('image.position', { position, count })}
        {image.instanceNumber !== null && ` · ${t('image.instance', { number: image.instanceNumber })}`}
      </span>
      {image.positionMm !== null && <span>{t('image.slice', { mm: image.positionMm.toFixed(1) })}</span>}
    </div>
  );
}

function DrawingCorner({ shown, image }: { readonly shown: StackViewState; readonly image: StackImage }): ReactNode {
  const { t } = useTranslation('reading');
  const { window, map, inverted } = shown;
  const magnification = image.spacing.kind === 'detector' ? (image.spacing.magnification ?? 1) : 1;
  const preset = presetsOf(image.modality).find(
    (one) =>
      one.kind === 'fixed' && window !== null && same(one.width, window.width) && same(one.centre, window.centre),
  );
  const bar = map && scaleBarOf(image.spacing, map, LONGEST_BAR_PX);
  return (
    <div className={classes.corner} data-corner="bottom-left">
      {shown.cineRate !== null && <strong>{t('image.cine', { rate: shown.cineRate })}</strong>}
      {inverted && <span>{t('image.inverted')}</span>}
      {magnification >= MAGNIFIED && <strong>{t('image.magnified', { factor: magnification.toFixed(2) })}</strong>}
      {map !== null && isMirrored(map) && <strong>{t('image.mirrored')}</strong>}
      {window !== null && (
        <span>
          {describeWindow(window, image.rescale, t)}
          {preset && ` · ${t(`preset.${preset.name}`)}`}
        </span>
      )}
      {map !== null && (
        <span>{t('image.zoom', { factor: Math.hypot(map.xPerColumn, map.yPerColumn).toFixed(2) })}</span>
      )}
      {bar ? (
        <span className={classes.bar} data-mm={bar.mm}>
          <i style={{ width: bar.px }} />
          {t(bar.atDetector ? 'image.barAtDetector' : 'image.bar', { mm: bar.mm })}
        </span>
      ) : (
        <span>{t('image.noSpacing')}</span>
      )}
    </div>
  );
}

type MarksCornerProps = { readonly image: StackImage; readonly probe: Probe | null; readonly children: ReactNode };

function MarksCorner({ image, probe, children }: MarksCornerProps): ReactNode {
  const { t } = useTranslation('reading');
  return (
    <div className={classes.corner} data-corner="bottom-right">
      {image.marks.map((mark) => (
        <strong key={mark} className={classes.mark}>
          {t(`image.mark.${mark}`)}
        </strong>
      ))}
      {image.rescale.noSuv !== undefined && (
        <strong className={classes.mark}>{t(`image.noSuv.${image.rescale.noSuv}`)}</strong>
      )}
      {children}
      <span className={classes.probe}>{probe && describeProbe(probe, image.rescale.unit, t)}</span>
    </div>
  );
}

function describeProbe({ column, row, value }: Probe, unit: string | null, t: TFunction<'reading'>): string {
  const place = `${column}, ${row}`;
  if (value === null) return place;
  return `${value === 'padding' ? t('image.padding') : describeValue(value, unit)} · ${place}`;
}

function same(a: number, b: number): boolean {
  return Math.abs(a - b) < 0.5;
}
