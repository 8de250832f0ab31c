import { randomBytes } from 'node:crypto';
import { link, mkdir, open, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a file that only its owner may read, with its folder. It appears whole or not at all, and is there after a
 * power cut; of two processes that start at once, one makes it.
 *
 * @param folderMode of the folder, where it is made
 * @returns false if there is such a file already
 */
export const makeOnce = async (file: string, text: string | Buffer, folderMode?: number): Promise<boolean> => {
  const [draft, folder] = [`${file}.${randomBytes(6).toString('hex')}`, dirname(file)];
  await mkdir(folder, { recursive: true, mode: folderMode });
  try {
    await writeFile(draft, text, { mode: 0o600, flush: true });
    await link(draft, file);
    await flushFolder(folder);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
};

/** The name too: a key must not be lost while what it was used for is on disk. Windows opens no folders. */
const flushFolder = async (folder: string): Promise<void> => {
  if (process.platform === 'win32') return;
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};
