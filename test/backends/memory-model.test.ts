import { open } from '../../src/backends/memory/index.ts';
import { modelSuite } from '../../src/contract/conformance/model/index.ts';
import { memory } from './subjects.ts';

// The model against itself: what differs here is a fault of the suite.
modelSuite(memory, open);
