import { randomBytes } from 'node:crypto';
import { link, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a file that only its owner may read, with its folder. It appears whole or not at all; of two processes that
 * start at once, one makes it.
 *
 * @param folderMode of the folder, where it is made
 * @returns false if there is such a file already
 */
export const makeOnce = async (file: string, text: string | Buffer, folderMode?: number): Promise<boolean> => {
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    await mkdir(dirname(file), { recursive: true, mode: folderMode });
    await writeFile(draft, text, { mode: 0o600 });
    await link(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
};
