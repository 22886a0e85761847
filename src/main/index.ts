import '../shared/domain/zod-setup.ts';
import { startDesktop } from './desktop/desktop.ts';

startDesktop();
