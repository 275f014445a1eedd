import { playAll } from './play-family.ts';
import * as scenarios from './scenarios/redis.ts';

playAll(Object.values(scenarios));
