// `npm run ringfence`: the command line of a clone. Plain JavaScript on purpose: it runs the compiled program, and compiles
// it only after a change.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import './ensure-installed.mjs';
import { compiledProgram } from './compiled.mjs';

if (process.exitCode === 0) await import(pathToFileURL(join(compiledProgram(), 'cli', 'main.js')).href);
