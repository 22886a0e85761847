import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Finding } from '../../../../shared/contract/studies.ts';
import { formatMeasure, formatScore } from '../../ui/measure-text.ts';
import { type JumpTarget, targetOfBox, targetOfPart } from './jump-target.ts';
import classes from './reading.module.css';

type Props = { readonly finding: Finding; readonly onJump: (target: JumpTarget) => void };

/** So many are listed before somebody asks for the others. */
const FIRST_PLACES = 5;

/** Where a finding is, place by place: its parts where it has several, each with its own size, and every box of a detector. */
export function FindingPlaces({ finding, onJump }: Props): ReactNode {
  const { t } = useTranslation('reading');
  const [isOpen, setOpen] = useState(false);
  const parts = finding.parts.length < 2 ? [] : finding.parts;
  const places = [
    ...parts.map((part) => {
      const sizes = finding.measurements.filter((one) => one.part === part.part);
      return {
        key: `part-${part.part}`,
        name: t('findings.part', { number: part.part, count: parts.length }),
        facts: sizes.map(({ display, value, unit }) => `${display} ${formatMeasure(value, unit)}`),
        target: targetOfPart(finding, part),
      };
    }),
    ...finding.boxes.map((box, index) => ({
      key: `box-${index}`,
      name: t('findings.box', { number: index + 1 }),
      facts: [
        t('findings.boxScore', { score: formatScore(box.score) }),
        ...(box.diameterMm === null ? [] : [formatMeasure(box.diameterMm, 'mm')]),
        ...(box.volumeMl === null ? [] : [formatMeasure(box.volumeMl, 'mL')]),
      ],
      target: targetOfBox(finding, box),
    })),
  ];
  if (places.length === 0) return null;
  const shown = isOpen ? places : places.slice(0, FIRST_PLACES);
  return (
    <>
      <ul className={classes.places}>
        {shown.map(({ key, name, facts, target }) => (
          <li key={key}>
            <button
              type="button"
              className={classes.place}
              disabled={target === null}
              onClick={() => target !== null && onJump(target)}
            >
              <span>{name}</span>
              <span className={classes.placeFacts}>{facts.join(' · ')}</span>
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
