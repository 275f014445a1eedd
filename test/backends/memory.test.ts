import { conformanceSuite } from '../../src/contract/conformance/index.ts';
import { memory } from './subjects.ts';

conformanceSuite(memory);
