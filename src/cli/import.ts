import { access, readFile } from 'node:fs/promises';
import { openCheckpoint } from '../audit/checkpoint.js';
import { beside, readLeaves } from '../audit/export.js';
import { importLog, ImportError } from '../audit/import.js';
import { NoteError, parseVerifierKeys } from '../audit/note.js';
import type { Finding } from '../audit/verify.js';
import { type CommonOptions, inWords, outcome, Progress, usage, UsageError } from './command.js';
import { atWork } from './workplace.js';

export interface ImportOptions extends CommonOptions {
  readonly checkpoint?: string;
  readonly publicKey?: string;
}

export const importLedger = async (file: string, options: ImportOptions): Promise<void> => {
  const unreadable = (path: string) => (error: unknown) => usage(`${path} can't be read: ${(error as Error).message}`);
  const read = (path: string): Promise<string> => readFile(path, 'utf8').catch(unreadable(path));
  await access(file).catch(unreadable(file));
  const note = await read(options.checkpoint ?? beside(file).checkpoint);
  const keys = await read(options.publicKey ?? beside(file).publicKey);
  let checkpoint;
  try {
    checkpoint = openCheckpoint(note, parseVerifierKeys(keys));
  } catch (error) {
    throw error instanceof NoteError ? new UsageError(`The checkpoint: ${error.message}.`) : error;
  }
  const leaves = await readLeaves(file, note);
  await atWork(async ({ ownerUrl, sealing, sealer: makeSealer }) => {
    const { base } = await sealing();
    const progress = new Progress('Importing', checkpoint.size);
    const report = (finding: Finding): void => void process.stderr.write(`${inWords(finding)}\n`);
    const toLines = (lines: number): void => {
      progress.to(lines);
    };
    const { ledgerId, events, epoch } = await importLog(ownerUrl, { file, checkpoint, leaves, base }, report, toLines)
      .finally(() => {
        progress.end();
      })
      .catch((error: unknown) => {
        throw error instanceof ImportError ? new UsageError(error.message) : error;
      });
    await (await makeSealer()).sealUp(ledgerId);
    outcome(options, { ledger: ledgerId, events, epoch, root: checkpoint.root.toString('base64') }, [
      `Ledger ${ledgerId} has its ${events} events, and is sealed under epoch ${epoch}.`,
      'The books are folded once Duebook runs.',
    ]);
  });
};
