import { vi } from 'vitest';

// Test files share their processes, and modules that one has mocked or set a state in would be the next one's.
vi.resetModules();
