import { z } from 'zod';

/** Imported first by every process: zod otherwise probes `new Function`, which the page's content security policy reports. */
z.config({ jitless: true });
