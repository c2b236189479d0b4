/** One process of a simulation: its share is its only argument, its result its only message. */
import { runShare, type Share } from './course.ts';

process.send?.(runShare(JSON.parse(process.argv[2] ?? '') as Share));
