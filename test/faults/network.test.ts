import { playAll } from './play-family.ts';
import * as scenarios from './scenarios/network.ts';

playAll(Object.values(scenarios));
