import i18next, { type i18n } from 'i18next';
import { initReactI18next } from 'react-i18next';
import en from './en.json' with { type: 'json' };
import archive from './archive.en.json' with { type: 'json' };
import corrections from './corrections.en.json' with { type: 'json' };
import media from './media.en.json' with { type: 'json' };
import models from './models.en.json' with { type: 'json' };
import reading from './reading.en.json' with { type: 'json' };
import reference from './reference.en.json' with { type: 'json' };
import runs from './runs.en.json' with { type: 'json' };
import storage from './storage.en.json' with { type: 'json' };
import triage from './triage.en.json' with { type: 'json' };

/** Every text people see, ready at once; `reading` is the reading page's own namespace (`useTranslation('reading')`). */
export function setUpText(): i18n {
  void i18next.use(initReactI18next).init({
    lng: 'en',
    fallbackLng: 'en',
    ns: ['app', 'reading', 'corrections', 'media', 'archive', 'storage', 'models', 'reference', 'runs', 'triage'],
    defaultNS: 'app',
    fallbackNS: 'app',
    resources: { en: { app: en, reading, corrections, media, archive, storage, models, reference, runs, triage } },
    interpolation: { escapeValue: false },
    initAsync: false,
    returnNull: false,
  });
  return i18next;
}
