import { readFile } from 'node:fs/promises';
import { openCheckpoint } from '../audit/checkpoint.js';
import { beside, readLeaves } from '../audit/export.js';
import { importLog, ImportError } from '../audit/import.js';
import { NoteError, parseVerifierKeys } from '../audit/note.js';
import { verifyFile } from '../audit/verify-file.js';
import { type CommonOptions, inWords, outcome, Progress, usage, UsageError } from './command.js';
import { atWork } from './workplace.js';

export interface ImportOptions extends CommonOptions {
  readonly checkpoint?: string;
  readonly publicKey?: string;
}

export const importLedger = async (file: string, options: ImportOptions): Promise<void> => {
  const read = (path: string): Promise<string> =>
    readFile(path, 'utf8').catch((error: unknown) => usage(`${path} can't be read: ${(error as Error).message}`));
  const note = await read(options.checkpoint ?? beside(file).checkpoint);
  const keys = await read(options.publicKey ?? beside(file).publicKey);
  let checkpoint;
  try {
    checkpoint = openCheckpoint(note, parseVerifierKeys(keys));
  } catch (error) {
    throw error instanceof NoteError ? new UsageError(`The checkpoint: ${error.message}.`) : error;
  }
  const { origin, size, root } = checkpoint;
  const verifying = new Progress('Verifying', size);
  const verified = await verifyFile(
    {
      file,
      commitments: [{ name: 'the checkpoint', size, root }],
      covered: size,
      leaves: await readLeaves(file, note),
    },
    (finding) => void process.stderr.write(`${inWords(finding)}\n`),
    (lines) => {
      verifying.to(lines);
    },
  );
  verifying.end();
  if (verified.findings > 0)
    usage(`The export does not verify, so nothing was taken in: ${verified.findings} findings.`);
  if (verified.events > size)
    usage(
      `The checkpoint covers ${size} of ${verified.events} events: export again once it covers all, or with --to ${size}.`,
    );
  await atWork(async ({ ownerUrl, sealing, sealer: makeSealer }) => {
    const { base } = await sealing();
    const progress = new Progress('Importing', verified.events);
    const ledgerId = verified.ledger;
    try {
      const { events, epoch } = await importLog(ownerUrl, { ledgerId, file, origin, base }, (lines) => {
        progress.to(lines);
      });
      progress.end();
      await (await makeSealer()).sealUp(ledgerId);
      outcome(options, { ledger: ledgerId, events, epoch, root: verified.root.toString('base64') }, [
        `Ledger ${ledgerId} has its ${events} events, and is sealed under epoch ${epoch}.`,
        'The books are folded once Duebook runs.',
      ]);
    } catch (error) {
      throw error instanceof ImportError ? new UsageError(error.message) : error;
    }
  });
};
