import { register } from '../../scripts/typescript.js';

/** Jest runs this once, before the first test that needs a database, and outside its own module loader. */
export default async () => {
  register();
  await import('reflect-metadata');
  const { startCluster } = await import('./cluster.ts');
  await startCluster();
};
