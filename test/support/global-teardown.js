export default async () => {
  const { stopCluster } = await import('./cluster.ts'); // registered by global-setup.js
  await stopCluster();
};
