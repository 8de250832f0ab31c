import { buildIfStale } from '../../scripts/build.js';
import { register } from '../../scripts/typescript.js';

/** Jest runs this once, before the first test that needs a database, and outside its own module loader. */
export default async () => {
  // Here, and not by the first test that runs the build: several do, at the same time.
  buildIfStale();
  register();
  await import('reflect-metadata');
  const { startCluster } = await import('./cluster.ts');
  await startCluster();
};
