import { Button, Radio, SegmentedControl, Select, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type PatientIdentity, PatientTarget } from '../../../../shared/contract/identity.ts';
import { client } from '../../bridge/client.ts';
import { failureOf } from '../../bridge/failure.ts';
import page from '../../ui/Page.module.css';
import classes from './identity.module.css';
import { PatientCardOf } from './PatientCardOf.tsx';

/** Whom a person chose: what the station is told, and what is shown for it. */
export type ChosenPatient = { readonly target: PatientTarget; readonly shown: PatientIdentity | PatientTarget };

type Props = {
  readonly exceptId: string;
  /** False where only somebody known here can be meant. */
  readonly mayBeNew: boolean;
  readonly onChoose: (chosen: ChosenPatient | null) => void;
};

/** Finds a patient by number or name, or takes down a new one. */
export function PatientPicker({ exceptId, mayBeNew, onChoose }: Props): ReactNode {
  const { t } = useTranslation('corrections');
  const [mode, setMode] = useState('known');
  return (
    <fieldset className={page.stack} style={{ border: 0, padding: 0, margin: 0 }}>
      <legend className={classes.heading}>{t('identity.whom')}</legend>
      {mayBeNew && (
        <SegmentedControl
          size="xs"
          data={['known', 'new'].map((value) => ({ value, label: t(`identity.${value}`) }))}
          value={mode}
          onChange={(chosen) => {
            setMode(chosen);
            onChoose(null);
          }}
        />
      )}
      {mode === 'known' ? <KnownPatient exceptId={exceptId} onChoose={onChoose} /> : <NewPatient onChoose={onChoose} />}
    </fieldset>
  );
}

function KnownPatient({ exceptId, onChoose }: Pick<Props, 'exceptId' | 'onChoose'>): ReactNode {
  const { t } = useTranslation('corrections');
  const [text, setText] = useState('');
  const [chosenId, setChosenId] = useState<string | null>(null);
  const search = useMutation({ mutationFn: (wanted: string) => client.identity.findPatients({ text: wanted }) });
  const found = search.data?.filter(({ patientId, mergedInto }) => patientId !== exceptId && mergedInto === null);
  return (
    <>
      <form
        className={page.actions}
        onSubmit={(event) => {
          event.preventDefault();
          if (text.trim() !== '') search.mutate(text.trim());
        }}
      >
        <TextInput
          aria-label={t('identity.search')}
          placeholder={t('identity.search')}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          style={{ flex: 1 }}
        />
        <Button type="submit" variant="default" loading={search.isPending}>
          {t('identity.find')}
        </Button>
      </form>
      {search.isError && <p className={page.bad}>{t(`app:failure.${failureOf(search.error).code}`)}</p>}
      {found?.length === 0 && <p className={page.quiet}>{t('identity.nobody')}</p>}
      {found?.map((patient) => (
        <Radio
          key={patient.patientId}
          name="patient"
          checked={chosenId === patient.patientId}
          onChange={() => {
            setChosenId(patient.patientId);
            const { patientId, identityVersion } = patient;
            onChoose({ target: { patientId, identityVersion }, shown: patient });
          }}
          label={<PatientCardOf patient={patient} />}
        />
      ))}
    </>
  );
}

function NewPatient({ onChoose }: Pick<Props, 'onChoose'>): ReactNode {
  const { t } = useTranslation('corrections');
  const [typed, setTyped] = useState({ name: '', number: '', issuer: '', birthDate: '', sex: '' });
  const change = (changed: Partial<typeof typed>) => {
    const now = { ...typed, ...changed };
    setTyped(now);
    const { birthDate, sex, ...named } = now;
    const target = PatientTarget.safeParse({ ...named, birthDateRaw: birthDate || null, sex: sex || null });
    onChoose(target.success ? { target: target.data, shown: target.data } : null);
  };
  const field = (name: 'name' | 'number' | 'issuer' | 'birthDate', label: string, required = false) => (
    <TextInput
      label={label}
      required={required}
      value={typed[name]}
      onChange={(event) => change({ [name]: event.currentTarget.value })}
    />
  );
  return (
    <>
      {field('name', t('identity.name'), true)}
      {field('number', t('identity.number'), true)}
      {field('issuer', t('identity.issuerField'))}
      {field('birthDate', t('identity.birthDate'))}
      <Select
        label={t('identity.sex')}
        data={['F', 'M', 'O']}
        value={typed.sex || null}
        onChange={(sex) => change({ sex: sex ?? '' })}
        clearable
      />
    </>
  );
}
