import { randomBytes } from 'node:crypto';
import { appendFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unlessCode } from '../files/unless-code.js';
import { formatVerifierKey, type VerifierKey } from './note.js';

/** Upper case apart from lower case also where the file system makes no difference. */
const folderOf = (ledgerId: string): string => ledgerId.replace(/[A-Z]/g, (letter) => `~${letter.toLowerCase()}`);
const ledgerIn = (folder: string): string => folder.replace(/~([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** A signed checkpoint, and the keys that are kept beside it: one a line. */
interface Kept {
  readonly note: string;
  readonly keys: string;
}

/**
 * Where signed checkpoints are kept out of the database's reach: a folder per ledger with the newest one, the last one of
 * each day, what was signed when an epoch was opened, and the public keys. And whoever is sent them as well.
 */
export class Outside {
  /** By ledger, what waits to be sent while something else is under way: the newest says all. */
  readonly #toSend = new Map<string, string>();
  #sending: Promise<void> | undefined;
  readonly #giveUp = new AbortController();

  /**
   * @param directory the checkpoint folder
   * @param base      what the origins of this installation begin with, such as `ledger.example.com`
   * @param url       where checkpoints are sent as well
   * @param report    told of what could not be sent
   * @param limitMs   how long the receiver of checkpoints may take to answer
   */
  constructor(
    private readonly directory: string,
    private readonly base: string,
    private readonly url: string | undefined,
    private readonly report: (error: unknown) => void,
    private readonly limitMs = 5_000,
  ) {}

  #folder(ledgerId: string, base = this.base): string {
    return join(this.directory, ...base.split('/'), folderOf(ledgerId));
  }

  /** The ledgers of which something is kept. */
  async ledgerIds(): Promise<string[]> {
    const entries = await readdir(join(this.directory, ...this.base.split('/')), { withFileTypes: true }).catch(
      unlessCode('ENOENT'),
    );
    return (entries ?? []).filter((entry) => entry.isDirectory()).map(({ name }) => ledgerIn(name));
  }

  /**
   * The newest signed checkpoint and the keys that are kept beside it: one of each folder that has any.
   *
   * @param origins that the ledger had until now: they may begin with what was set before, and then so does the folder
   */
  async newest(ledgerId: string, origins: readonly string[]): Promise<Kept[]> {
    const bases = new Set([this.base, ...origins.map((origin) => origin.split('/').slice(0, -2).join('/'))]);
    const all: Kept[] = [];
    for (const base of bases) {
      const folder = this.#folder(ledgerId, base);
      const note = await readFile(join(folder, 'latest'), 'utf8').catch(unlessCode('ENOENT'));
      if (note === undefined) continue;
      all.push({ note, keys: (await readFile(join(folder, 'public-keys'), 'utf8').catch(unlessCode('ENOENT'))) ?? '' });
    }
    return all;
  }

  /**
   * Keeps a signed checkpoint, and sends it.
   *
   * @param day on which it was signed
   */
  async keep(ledgerId: string, note: string, key: VerifierKey, day: string): Promise<void> {
    const folder = this.#folder(ledgerId);
    await mkdir(folder, { recursive: true });
    const keys = (await readFile(join(folder, 'public-keys'), 'utf8').catch(unlessCode('ENOENT'))) ?? '';
    const line = formatVerifierKey(key);
    if (!keys.split('\n').includes(line)) await appendFile(join(folder, 'public-keys'), `${line}\n`);
    for (const name of [day, 'latest']) await replace(join(folder, name), note);
    this.#send(ledgerId, note);
  }

  /** Keeps what was signed when an epoch was opened, and sends it once: if that fails, the file is what there is of it. */
  async keepStatement(ledgerId: string, epoch: number, note: string): Promise<void> {
    const folder = this.#folder(ledgerId);
    await mkdir(folder, { recursive: true });
    await replace(join(folder, `epoch-${epoch}`), note);
    this.#send(`${ledgerId} epoch`, note);
  }

  #send(what: string, note: string): void {
    if (this.url === undefined) return;
    this.#toSend.set(what, note);
    this.#sending ??= this.#sendAll(this.url).finally(() => (this.#sending = undefined));
  }

  async #sendAll(url: string): Promise<void> {
    for (;;) {
      const [next] = this.#toSend;
      if (!next) return;
      const [what, note] = next;
      this.#toSend.delete(what);
      try {
        const answer = await fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'text/plain; charset=utf-8' },
          body: note,
          signal: AbortSignal.any([this.#giveUp.signal, AbortSignal.timeout(this.limitMs)]),
        });
        await answer.body?.cancel();
        if (!answer.ok) throw new Error(`CHECKPOINT_URL answered ${answer.status}`);
      } catch (error) {
        // The next checkpoint says everything that a checkpoint says; of a statement there is the file.
        this.report(error);
      }
    }
  }

  /** Waits until everything is sent or has failed to be, but no longer than sending one may take: the rest is given up. */
  async drain(): Promise<void> {
    const timer = setTimeout(() => {
      if (this.#toSend.size > 0) this.report(new Error(`not sent any more: ${[...this.#toSend.keys()].join(', ')}`));
      this.#toSend.clear();
      this.#giveUp.abort(new Error('CHECKPOINT_URL did not answer before the end'));
    }, this.limitMs);
    await this.#sending;
    clearTimeout(timer);
  }
}

/** Whoever reads the file sees the old text or the new one, and never half of either. */
const replace = async (file: string, text: string): Promise<void> => {
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    // Flushed: what was shown to the world must not be gone after a power cut.
    await writeFile(draft, text, { flush: true });
    await rename(draft, file);
  } catch (error) {
    // Without the name of the draft, which is another one each time: a fault that stays is to look the same.
    const { code = String(error) } = error as NodeJS.ErrnoException;
    throw new Error(`${file} can't be written: ${code}`, { cause: error });
  } finally {
    await rm(draft, { force: true });
  }
};
