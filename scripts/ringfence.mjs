// `npm run ringfence`: the command line of a clone. Plain JavaScript on purpose: it runs the compiled program, and compiles
// it only after a change.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import './ensure-installed.mjs';
import { compiledProgram } from './compiled.mjs';

function programOrNull() {
  try {
    return compiledProgram();
  } catch (error) {
    console.error(`error: ${error.message}`);
    process.exitCode = 1;
    return null;
  }
}

const program = process.exitCode === 0 ? programOrNull() : null;
if (program !== null) await import(pathToFileURL(join(program, 'cli', 'main.js')).href);
