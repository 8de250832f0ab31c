/**
 * Lets plain Node import our .ts files: types are stripped by SWC on the way in.
 *
 *     register();
 *     await import('../src/database/embedded.ts');
 *
 * Node 20 can't do this by itself, and newer versions refuse decorators.
 */
import { readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { fileURLToPath } from 'node:url';

export const register = () => nodeModule.register(import.meta.url);

/** Our relative imports name the .js that `tsc` will write; here only the .ts is there. */
export const resolve = (specifier, context, next) => {
  if (/^\.{1,2}\/.*\.js$/.test(specifier) && context.parentURL?.endsWith('.ts')) {
    const source = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
    if (existsSync(source)) return next(source.href, context);
  }
  return next(specifier, context);
};

export const load = async (url, context, next) => {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return next(url, context);
  // Imported here, so that registering costs nothing on the thread that only asks for it.
  const [{ transform }, { swcOptions }] = await Promise.all([import('@swc/core'), import('./swc.js')]);
  const filename = fileURLToPath(url);
  const { code } = await transform(await readFile(filename, 'utf8'), { ...swcOptions, filename });
  return { format: 'module', source: code, shortCircuit: true };
};
