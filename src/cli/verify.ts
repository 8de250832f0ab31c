import { access, readFile } from 'node:fs/promises';
import { openCheckpoint, parseCheckpoint } from '../audit/checkpoint.js';
import { readLeaves } from '../audit/export.js';
import { NoteError, parseVerifierKeys, type VerifierKey, verifierKey } from '../audit/note.js';
import { TreeStore } from '../audit/tree-store.js';
import { type Commitment, type Finding, notChecked, notCheckedInDatabase } from '../audit/verify.js';
import { epochIn } from '../audit/sealer.js';
import { verifyDatabase, type Verified } from '../audit/verify-database.js';
import { verifyFile } from '../audit/verify-file.js';
import { type CommonOptions, inWords, outcome, Progress, usage } from './command.js';
import { atWork, ledgerNamed } from './workplace.js';

export interface VerifyOptions extends CommonOptions {
  readonly export?: string;
  readonly checkpoint?: string;
  readonly publicKey?: string;
  readonly since?: readonly string[];
}

export const verify = async (name: string | undefined, options: VerifyOptions): Promise<void> => {
  const findings: Finding[] = [];
  let found = 0;
  const report = (finding: Finding): void => {
    found += 1;
    if (options.json) findings.push(finding);
    else process.stdout.write(`${inWords(finding)}\n`);
  };
  const limits: string[] = [...notChecked];
  const verified = await (options.export === undefined
    ? verifyLive(name, options, report, limits)
    : verifyExport(options.export, name, options, report, limits));
  const { ledger, events, good, covered, root, closings } = verified;
  const ok = found === 0;
  if (covered < events) {
    const reason = ok ? 'no checkpoint covers them yet' : 'no checkpoint that agrees with them covers them';
    limits.unshift(`the last ${events - covered} of ${events} events against a signature: ${reason}`);
  }
  if (!ok) process.exitCode = 1;
  const summary = { ok, ledger, events, good, covered, root: root.toString('base64'), closings };
  outcome(options, { ...summary, findings, notChecked: limits }, [
    `Ledger ${ledger}: ${events} events, ${good} in order in themselves, ${covered} covered by a signed checkpoint.`,
    `Root of all lines: ${summary.root}`,
    ...closingsInWords(closings),
    ok ? 'Nothing is wrong.' : `${found} ${found === 1 ? 'thing is' : 'things are'} wrong.`,
    'Not checked:',
    ...limits.map((limit) => `  - ${limit}`),
  ]);
};

const verifyLive = async (
  name: string | undefined,
  options: VerifyOptions,
  report: (finding: Finding) => void,
  limits: string[],
): Promise<Verified> => {
  if (options.checkpoint !== undefined)
    usage('--checkpoint goes with --export; to compare the database with one, use --since.');
  limits.push(...notCheckedInDatabase);
  return atWork(async ({ pool, log, outside, publicKey }) => {
    const ledgerId = await ledgerNamed(log, name);
    const store = new TreeStore(pool);
    const commitments: Commitment[] = [];
    let keys: VerifierKey[];
    const origins = (await store.epochs(ledgerId)).map(({ origin }) => origin);
    const kept = await (await outside()).newest(ledgerId, origins);
    if (options.publicKey === undefined) {
      // What is kept outside, and our own key, are out of the reach of whoever can change the database.
      const ownKey = await publicKey();
      const own = ownKey ? origins.map((origin) => verifierKey(origin, ownKey)) : [];
      keys = [...own, ...kept.flatMap((one) => parseVerifierKeys(one.keys))];
      if (keys.length === 0 && origins.length > 0)
        usage(
          'There is no key here to verify with: say --public-key FILE, or set DUEBOOK_DATA or CHECKPOINT_KEY to those of the server.',
        );
      limits.unshift('who holds the key: it is this installation’s own; use --public-key with one that you were given');
    } else keys = await readKeys(options.publicKey);
    for (const { note } of ofNewestEpoch(kept, keys))
      commitments.push(...commitmentsOf([['the checkpoint kept outside the database', note]], keys, report));
    commitments.push(...(await readCommitments(options.since ?? [], keys, report)));
    const progress = new Progress('Verifying', (await log.head(ledgerId))?.position);
    const verified = await verifyDatabase(pool, ledgerId, keys, commitments, report, (lines) => {
      progress.to(lines);
    });
    progress.end();
    return verified;
  });
};

const verifyExport = async (
  file: string,
  name: string | undefined,
  options: VerifyOptions,
  report: (finding: Finding) => void,
  limits: string[],
): Promise<Verified> => {
  const { checkpoint = usage('Say --checkpoint FILE: the signed note that the export is to agree with.') } = options;
  const { publicKey = usage('Say --public-key FILE: the verifier key that you trust, one a line.') } = options;
  const keys = await readKeys(publicKey);
  const note = await readText('--checkpoint', checkpoint);
  const own = commitmentsOf([['the checkpoint', note]], keys, report);
  const commitments = [...own, ...(await readCommitments(options.since ?? [], keys, report))];
  const leaves = own.length > 0 ? await readLeaves(file, note) : undefined;
  if (!leaves)
    limits.push(
      'which line it is that was changed, if one was: the hashes beside the export are not there, or not those of the checkpoint',
    );
  await access(file).catch((error: unknown) => usage(`--export: ${file} can't be read: ${(error as Error).message}`));
  const progress = new Progress('Verifying', parseSize(note));
  const verified = await verifyFile({ file, commitments, leaves }, report, (lines) => {
    progress.to(lines);
  });
  progress.end();
  if (name !== undefined && verified.ledger !== name)
    report({ check: 'line', position: null, detail: `the export is of ledger ${verified.ledger}, not ${name}` });
  return verified;
};

const parseSize = (note: string): number | undefined => {
  try {
    return parseCheckpoint(note).size;
  } catch {
    return undefined;
  }
};

const readText = async (option: string, file: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    return usage(`${option}: ${file} can't be read: ${(error as Error).message}`);
  }
};

const readKeys = async (file: string): Promise<VerifierKey[]> => {
  const text = await readText('--public-key', file);
  try {
    const keys = parseVerifierKeys(text);
    return keys.length > 0 ? keys : usage(`--public-key: ${file} has no key in it.`);
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    return usage(`--public-key: ${file}: ${error.message}`);
  }
};

const readCommitments = async (
  files: readonly string[],
  keys: readonly VerifierKey[],
  report: (finding: Finding) => void,
): Promise<Commitment[]> => {
  const notes: [string, string][] = [];
  for (const file of files) notes.push([`the earlier checkpoint ${file}`, await readText('--since', file)]);
  return commitmentsOf(notes, keys, report);
};

/** What signed notes commit to; those that are not signed as they should be are found. */
const commitmentsOf = (
  notes: readonly (readonly [name: string, note: string])[],
  keys: readonly VerifierKey[],
  report: (finding: Finding) => void,
): Commitment[] =>
  notes.flatMap(([name, note]) => {
    try {
      const { size, root } = openCheckpoint(note, keys);
      return [{ name, isSigned: true, size, root }];
    } catch (error) {
      if (!(error instanceof NoteError)) throw error;
      report({ check: 'signature', position: null, detail: `${name}: ${error.message}` });
      return [];
    }
  });

/**
 * What is kept outside under the origin before was put aside with its epoch, once something of a later one is signed:
 * then it may well contradict. Whoever can change the database but has no key can't make it so.
 */
const ofNewestEpoch = <K extends { readonly note: string }>(kept: readonly K[], keys: readonly VerifierKey[]): K[] => {
  const epochs = kept.map(({ note }) => {
    try {
      return epochIn(openCheckpoint(note, keys).origin);
    } catch (error) {
      if (error instanceof NoteError) return undefined;
      throw error;
    }
  });
  const newest = Math.max(0, ...epochs.filter((epoch) => epoch !== undefined));
  // What is not signed as it should be is compared, and so told.
  return kept.filter((_, n) => (epochs[n] ?? newest) >= newest);
};

/** How many closings were checked against their totals. */
const closingsInWords = ({ made, withoutTotals }: Verified['closings']): string[] => {
  if (made === 0) return [];
  const without = withoutTotals === 0 ? '' : `; ${withoutTotals} without totals, which is no fault`;
  return [`Closings of periods: ${made}, ${made - withoutTotals} with totals${without}.`];
};
