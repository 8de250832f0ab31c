import { Readable } from 'node:stream';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { EventLog, type LogPage, type PageOfLog } from '../event-log/event-log.js';
import { LogTail } from '../event-log/log-tail.js';

export type Asked = Omit<PageOfLog, 'limit'>;

/** Large enough that a page costs little more than its lines, small enough that many exports fit into memory. */
const linesPerRead = 2_000;
/** Smaller, since streams that follow a log are there for hours, and many of them. */
const followedPerRead = 250;
/** How soon a browser comes back after its connection broke. */
const retryMs = 1_000;

/** The log as streams: each fetches its next page when its reader has taken the one before, and not earlier. */
@Injectable()
export class EventStreams implements OnModuleDestroy {
  /** Proxies take a connection that says nothing for dead; few do so within half a minute. */
  heartbeatMs = 15_000;
  readonly #tail: LogTail;
  readonly #following = new Set<AbortController>();
  #isStopping = false;

  constructor(private readonly log: EventLog) {
    this.#tail = new LogTail(log);
  }

  /** Ends what would never end by itself, so that the application can. */
  onModuleDestroy(): void {
    this.#isStopping = true;
    for (const stop of this.#following) stop.abort();
  }

  /** What was asked for, one line each, up to where it ends or to a limit. */
  async lines(ledgerId: string, asked: Asked, limit: number): Promise<Readable> {
    // What fails before the first line is answered as a problem; after it, only cutting the answer short is left.
    const first = await this.#page(ledgerId, asked, Math.min(limit, linesPerRead));
    // Not read ahead: the next page is fetched when the reader has taken the one before.
    return Readable.from(this.#lines(ledgerId, asked, limit, first), { objectMode: false, highWaterMark: 1 });
  }

  /**
   * What was asked for, and from then on what is recorded, as server-sent events. Ends when its reader goes, or we do.
   *
   * @param from    an instant: nothing that is recorded before it is shown, also where it has not come yet
   * @param mayGoOn asked before anything is shown: a stream lasts longer than a token or a role may
   */
  async live(
    ledgerId: string,
    asked: Asked,
    from: string | undefined,
    mayGoOn: () => boolean | Promise<boolean>,
  ): Promise<Readable> {
    const first = await this.#page(ledgerId, asked, followedPerRead);
    const stop = new AbortController();
    if (this.#isStopping) stop.abort();
    this.#following.add(stop);
    const texts = this.#live(ledgerId, asked, from, first, mayGoOn, stop.signal);
    return new Readable({
      highWaterMark: 1,
      read() {
        texts.next().then(
          ({ value, done }) => this.push(done === true ? null : value),
          (error: unknown) => this.destroy(error as Error),
        );
      },
      // Readable.from would wait for what is being waited for, before it tells that its reader is gone.
      destroy: (error, done) => {
        this.#following.delete(stop);
        stop.abort();
        done(error);
      },
    });
  }

  async *#lines(ledgerId: string, asked: Asked, limit: number, first: LogPage): AsyncGenerator<string> {
    let left = limit;
    for (let page = first; ;) {
      const last = page.lines.at(-1);
      if (!last) return;
      yield page.lines.map(({ line }) => `${line}\n`).join('');
      left -= page.lines.length;
      if (page.isLast || left === 0) return;
      page = await this.#page(ledgerId, { ...asked, after: last.position }, Math.min(left, linesPerRead));
    }
  }

  async *#live(
    ledgerId: string,
    asked: Asked,
    from: string | undefined,
    first: LogPage,
    mayGoOn: () => boolean | Promise<boolean>,
    signal: AbortSignal,
  ): AsyncGenerator<string> {
    const isOver = (): boolean => signal.aborted;
    // At once, so that the reader knows that it is connected.
    yield `retry: ${retryMs}\n\n`;
    let { after, through } = asked;
    // Until something is recorded at this instant or later: instants never decrease along positions.
    let awaited = from;
    for (let page = first; ; page = await this.#page(ledgerId, { ...asked, after, through }, followedPerRead)) {
      if (!(await mayGoOn())) return;
      // A line has no line break in it, so it is one field.
      if (page.lines.length > 0)
        yield page.lines.map(({ position, line }) => `id: ${position}\ndata: ${line}\n\n`).join('');
      after = page.isLast ? through : page.lines.at(-1)!.position;
      while (page.isLast && !isOver()) {
        const grown = await this.#tail.grown(ledgerId, through, this.heartbeatMs, signal);
        if (grown !== undefined) {
          through = grown;
          if (awaited !== undefined) {
            const before = await this.log.lastRecorded(ledgerId, 'before', awaited);
            after = Math.max(after, before);
            if (before < grown) awaited = undefined;
          }
          break;
        }
        if (!(await mayGoOn())) return;
        if (!isOver()) yield `: looked through up to position ${through}\n\n`;
      }
      if (isOver()) return;
    }
  }

  #page(ledgerId: string, asked: Asked, limit: number): Promise<LogPage> {
    return this.log.page(ledgerId, { ...asked, limit });
  }
}
