import { conformanceSuite } from '../../src/contract/conformance/index.ts';
import { sqlite } from './subjects.ts';

conformanceSuite(sqlite);
