import { open } from '../../src/backends/memory/index.ts';
import { modelSuite } from '../../src/contract/conformance/model/index.ts';
import { sqlite } from './subjects.ts';

modelSuite(sqlite, open);
