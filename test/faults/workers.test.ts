import { playAll } from './play-family.ts';
import * as scenarios from './scenarios/workers.ts';

playAll(Object.values(scenarios));
