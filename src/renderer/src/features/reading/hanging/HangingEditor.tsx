import { ActionIcon, Switch, Tooltip } from '@mantine/core';
import { IconArrowUp, IconTrash } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { UserPreference } from '../../../bridge/user-preferences.ts';
import { Dialog } from '../../../ui/Dialog.tsx';
import classes from './hanging.module.css';
import type { HangingRule, HangingRules } from './hanging-rule.ts';
import { paneText } from './pane-text.ts';
import { SHIPPED_RULES } from './shipped-rules.ts';

type Props = { readonly hanging: UserPreference<HangingRules>; readonly onClose: () => void };

/** A reader's rules of hanging: their own in the order they are asked, and the shipped ones, each of which can be switched off. */
export function HangingEditor({ hanging, onClose }: Props): ReactNode {
  const { t } = useTranslation('reading');
  const { own, off } = hanging.value;
  const earlier = (index: number) => {
    const rule = own[index];
    if (rule !== undefined) hanging.set({ own: own.toSpliced(index, 1).toSpliced(index - 1, 0, rule), off });
  };
  return (
    <Dialog title={t('hanging.title')} closeLabel={t('hanging.close')} onClose={onClose} size="xl">
      <p className={classes.explain}>{t('hanging.explain')}</p>
      {hanging.isUnkept && <p role="alert">{t('hanging.unkept')}</p>}
      <h3 className={classes.heading}>{t('hanging.own')}</h3>
      {own.length === 0 && <p className={classes.explain}>{t('hanging.noOwn')}</p>}
      <ul className={classes.rules}>
        {own.map((rule, index) => (
          <Rule key={rule.id} rule={rule} name={rule.name}>
            <Tooltip label={t('hanging.first', { name: rule.name })}>
              <ActionIcon
                variant="subtle"
                color="gray"
                disabled={index === 0}
                aria-label={t('hanging.first', { name: rule.name })}
                onClick={() => earlier(index)}
              >
                <IconArrowUp size={16} />
              </ActionIcon>
            </Tooltip>
            <Tooltip label={t('hanging.remove', { name: rule.name })}>
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={t('hanging.remove', { name: rule.name })}
                onClick={() => hanging.set({ own: own.filter((one) => one !== rule), off })}
              >
                <IconTrash size={16} />
              </ActionIcon>
            </Tooltip>
          </Rule>
        ))}
      </ul>
      <h3 className={classes.heading}>{t('hanging.shipped')}</h3>
      <ul className={classes.rules}>
        {SHIPPED_RULES.map((rule) => {
          const name = t(`hanging.names.${rule.id}`);
          return (
            <Rule key={rule.id} rule={rule} name={name}>
              <Switch
                aria-label={t('hanging.use', { name })}
                checked={!off.includes(rule.id)}
                onChange={({ currentTarget: { checked } }) =>
                  hanging.set({ own, off: checked ? off.filter((id) => id !== rule.id) : [...off, rule.id] })
                }
              />
            </Rule>
          );
        })}
      </ul>
    </Dialog>
  );
}

type RuleProps = { readonly rule: HangingRule; readonly name: string; readonly children: ReactNode };

function Rule({ rule: { when, layout, panes }, name, children }: RuleProps): ReactNode {
  const { t } = useTranslation('reading');
  const about = [
    when.modalities.join(' + '),
    when.bodyParts.slice(0, 3).join(' / '),
    when.prior === 'any' ? '' : t(`hanging.priors.${when.prior}`),
  ];
  return (
    <li className={classes.rule}>
      <div className={classes.facts}>
        <strong>{name}</strong>
        <span className={classes.about}>{[...about.filter(Boolean), layout.replace('x', '×')].join(' · ')}</span>
        <span className={classes.about}>{panes.map((pane) => paneText(pane, t)).join(' | ')}</span>
      </div>
      {children}
    </li>
  );
}
