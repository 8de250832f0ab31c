import { takingTurns } from '../database/turns.js';
import { linesIn } from './log-file.js';
import type { Verified } from './verify-database.js';
import { type Commitment, type EventOnLine, type Finding, leavesOf, LogVerifier } from './verify.js';

/** Whoever writes verified lines waits for several answers of the database a page: few, so that each is heard soon. */
const linesPerTurn = 20;

/** An export as it is verified, with nothing but files. */
export interface ExportFile {
  readonly file: string;
  /** What it has to agree with: the checkpoint that came with it, and others that somebody kept, all of them signed. */
  readonly commitments: readonly Commitment[];
  /** The hashes that came beside it, whose tree is that of the checkpoint: they tell which line was changed. */
  readonly leaves: Buffer | undefined;
}

/** What is done with the lines of an export once they are verified. */
export interface Taker {
  /**
   * Takes a line when all that is wrong with it by itself has been reported.
   *
   * @param line  without its newline
   * @param event undefined if it is none
   */
  line(line: Buffer, leaf: Buffer, event: EventOnLine | undefined): void;
  /** Comes after some lines. The next ones are not read before it is done. */
  page(): Promise<void>;
}

/**
 * Verifies an export of a log. It takes no database, no network and no key but the public one.
 *
 * @param progress told of the lines done
 */
export const verifyFile = async (
  { file, commitments, leaves }: ExportFile,
  report: (finding: Finding) => void,
  progress: (lines: number) => void = () => undefined,
  taker?: Taker,
): Promise<Verified> => {
  let findings = 0;
  const found = (finding: Finding): void => {
    findings += 1;
    report(finding);
  };
  const verifier = new LogVerifier(commitments, found, leaves && leavesOf(leaves));
  const cutShort = (rest: Buffer): void => {
    found({
      check: 'line',
      position: verifier.lines + 1,
      detail: `line ${verifier.lines + 1} is cut short after ${rest.length} bytes: the file does not end with a newline`,
    });
  };
  const turn = takingTurns(linesPerTurn);
  for await (const lines of linesIn(file, cutShort)) {
    for (const line of lines) {
      const { leaf, event } = verifier.add(line);
      taker?.line(line, leaf, event);
      await turn();
    }
    verifier.takeTiles();
    progress(verifier.lines);
    await taker?.page();
  }
  verifier.end();
  const { ledger = '', lines: events, good, covered, root, closings } = verifier;
  return { ledger, events, good, covered, root, closings, findings };
};
