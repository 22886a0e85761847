import { Button } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { RefusedPackage } from '../../../../shared/contract/models.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { DataTable } from '../../ui/DataTable.tsx';
import { formatMoment } from '../../ui/duration.ts';
import page from '../../ui/Page.module.css';
import { Section } from '../../ui/Section.tsx';
import classes from './models.module.css';
import { useRefusedPackages } from './use-models.ts';

/** Packages that cannot be used here, each with what is wrong, where, and what was expected; nothing where there are none. */
export function RefusedPackages(): ReactNode {
  const { t } = useTranslation('models');
  const { permissions } = useCurrentUser();
  const answer = useRefusedPackages(permissions.includes('models.silent'));
  const [isShown, setIsShown] = useState(false);
  // What could not be asked shows on the list below; a second notice beside it would say nothing more.
  if (answer.state !== 'ready' || answer.data.length === 0) return null;
  const packages = answer.data;
  return (
    <div className={classes.refused}>
      <div className={page.actions}>
        <strong className={classes.alarm}>{t('refused.count', { count: packages.length })}</strong>
        <Button size="compact-xs" variant="default" aria-expanded={isShown} onClick={() => setIsShown(!isShown)}>
          {t(isShown ? 'refused.hide' : 'refused.show')}
        </Button>
      </div>
      {isShown && packages.map((one) => <Faults key={one.packagePath} refused={one} />)}
    </div>
  );
}

function Faults({ refused }: { readonly refused: RefusedPackage }): ReactNode {
  const { t } = useTranslation('models');
  const { zone } = useCurrentUser().site;
  const { packagePath, digest, foundAtMs, faults } = refused;
  return (
    <Section title={packagePath.split(/[\\/]/).at(-1) ?? packagePath}>
      <p className={page.quiet}>
        {t(digest === null ? 'refused.left' : 'refused.broken', {
          path: packagePath,
          at: formatMoment(foundAtMs, zone),
        })}
      </p>
      <DataTable
        label={t('refused.faults', { path: packagePath })}
        columns={(['fault', 'field', 'value', 'expected'] as const).map((one) => t(`refused.column.${one}`))}
      >
        {faults.map(({ code, field, value, expected }, index) => (
          <tr key={index}>
            <td>{t([`refused.code.${code}`, 'refused.otherCode'], { code })}</td>
            <td className={classes.digest}>{field || '–'}</td>
            <td className={classes.digest}>{value ?? '–'}</td>
            <td className={classes.model}>{expected ?? '–'}</td>
          </tr>
        ))}
      </DataTable>
    </Section>
  );
}
