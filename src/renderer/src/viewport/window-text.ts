import type { TFunction } from 'i18next';
import { type GreyWindow, suvFactorOf, type ToldUnit } from './window-presets.ts';

/** A window as it stands in a picture's corner: of values told as uptake where it begins and ends in that unit, else its width and centre. */
export function describeWindow({ centre, width }: GreyWindow, told: ToldUnit, t: TFunction<'reading'>): string {
  const suv = suvFactorOf(told);
  if (suv === null) return t('image.window', { width: tidy(width), centre: tidy(centre) });
  const [from, to] = [centre - width / 2, centre + width / 2].map((value) => tidy(value * suv));
  return t('image.uptakeWindow', { unit: told.unit, from, to });
}

function tidy(value: number): string {
  return String(Math.round(value * 10) / 10);
}
