import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { RULE_VARIABLES } from '../../../../shared/domain/triage-rule.ts';
import { DataTable } from '../../ui/DataTable.tsx';
import page from '../../ui/Page.module.css';
import { Section } from '../../ui/Section.tsx';
import classes from './triage.module.css';

/** What a rule may ask of a study, with its types. */
export function VariableList(): ReactNode {
  const { t } = useTranslation('triage');
  const rows = Object.entries(RULE_VARIABLES).flatMap(([area, fields]) =>
    Object.entries(fields).map(([name, { type, says }]) => ({
      name: area === 'finding' ? `f.${name}` : `${area}.${name}`,
      type,
      says,
    })),
  );
  return (
    <Section title={t('variables.title')}>
      <p className={page.quiet}>{t('variables.text')}</p>
      <DataTable label={t('variables.title')} columns={[t('column.name'), t('column.type'), t('column.says')]}>
        {rows.map(({ name, type, says }) => (
          <tr key={name}>
            <td>
              <code className={classes.code}>{name}</code>
            </td>
            <td>{type}</td>
            <td>{says}</td>
          </tr>
        ))}
      </DataTable>
    </Section>
  );
}
