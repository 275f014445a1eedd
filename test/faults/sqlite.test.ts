import { playAll } from './play-family.ts';
import * as scenarios from './scenarios/sqlite.ts';

playAll(Object.values(scenarios));
