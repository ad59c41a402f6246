#!/usr/bin/env node
/** Puts beside the compiled code what the compiler leaves out: the Lua scripts. Run by `npm run build`. */
import { cpSync } from 'node:fs';

cpSync('core', 'dist/core', { recursive: true, filter: (path) => !path.endsWith('.ts') });
