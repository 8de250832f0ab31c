/**
 * The last step of a build: puts what dist/cli/commander.js imports into that very file. Without it the command line
 * works as well, and takes twice as long to start.
 */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const file = fileURLToPath(new URL('../dist/cli/commander.js', import.meta.url));

await build({
  entryPoints: [file],
  outfile: file,
  allowOverwrite: true,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  // Nest tells providers apart by the names of their classes.
  keepNames: true,
  // Packages in CommonJS ask for others in the middle of what they do.
  banner: {
    js: `import { createRequire as requireFor } from 'node:module';\nconst require = requireFor(import.meta.url);`,
  },
  // What Nest, and the finder of plugins, load only where it is there and asked for. The command line asks for none.
  external: [
    '@nestjs/microservices',
    '@nestjs/platform-express',
    '@nestjs/websockets',
    'class-transformer',
    'class-validator',
    'prettier',
    'typescript',
  ],
  logLevel: 'warning',
});
