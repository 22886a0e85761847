import { Switch } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { QuarantineDetail } from '../../../../shared/contract/quarantine.ts';
import hidden from '../../ui/Unseen.module.css';
import page from '../../ui/Page.module.css';
import classes from './QuarantinePage.module.css';

type Props = { readonly attributes: QuarantineDetail['attributes']; readonly hasOther: boolean };

/** What an object says, by tag; beside what the stored one says where there is one, with every difference marked and said. */
export function ComparedAttributes({ attributes, hasOther }: Props): ReactNode {
  const { t } = useTranslation('corrections');
  const [onlyDiffering, setOnlyDiffering] = useState(hasOther);
  const shown = onlyDiffering ? attributes.filter(({ differs }) => differs) : attributes;
  return (
    <section className={page.stack}>
      <div className={page.actions}>
        <h3 className={page.title}>{t(hasOther ? 'quarantine.sideBySide' : 'quarantine.attributes')}</h3>
        {hasOther && (
          <Switch
            size="xs"
            label={t('quarantine.onlyDiffering')}
            checked={onlyDiffering}
            onChange={(event) => setOnlyDiffering(event.currentTarget.checked)}
          />
        )}
      </div>
      {hasOther && !attributes.some(({ differs }) => differs) && <p>{t('quarantine.nothingDiffers')}</p>}
      {shown.length > 0 && (
        <table className={classes.attributes}>
          <thead>
            <tr>
              <th scope="col">{t('quarantine.attribute')}</th>
              <th scope="col">{t('quarantine.held')}</th>
              {hasOther && <th scope="col">{t('quarantine.current')}</th>}
            </tr>
          </thead>
          <tbody>
            {shown.map((one) => (
              <tr key={one.tag} data-differs={one.differs || undefined}>
                <td title={`${one.tag} ${one.vr}`}>
                  {one.keyword ?? `(${one.tag.slice(0, 4)},${one.tag.slice(4)})`}
                  {one.differs && <span className={hidden.unseen}> {t('quarantine.differing')}</span>}
                </td>
                <td data-phi={saysWho(one.tag) || undefined}>{one.held ?? '–'}</td>
                {hasOther && <td data-phi={saysWho(one.tag) || undefined}>{one.current ?? '–'}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

/** Patient's own attributes (group 0010) and the accession number. */
function saysWho(tag: string): boolean {
  return tag.startsWith('0010') || tag === '00080050';
}
