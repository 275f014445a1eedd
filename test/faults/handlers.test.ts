import { playAll } from './play-family.ts';
import * as scenarios from './scenarios/handlers.ts';

playAll(Object.values(scenarios));
