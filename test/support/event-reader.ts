import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { testToken } from './app.js';

interface Seen {
  readonly id: number;
  readonly data: string;
}

/** Reads a stream of server-sent events as a browser does, and tells how it ended. */
export class EventReader {
  readonly seen: Seen[] = [];
  readonly comments: string[] = [];
  /** `ended` properly, or `cut`. */
  readonly over: Promise<'ended' | 'cut'>;
  #text = '';
  #changed: () => void = () => undefined;

  private constructor(
    private readonly call: ClientRequest,
    readonly response: IncomingMessage,
  ) {
    this.over = new Promise((resolve) => {
      response.once('end', () => {
        resolve('ended');
      });
      response.once('error', () => {
        resolve('cut');
      });
    });
    response.setEncoding('utf8');
  }

  /**
   * @param url of the log, with its query
   * @param lastEventId where to go on
   * @throws {Error} unless the answer is 200
   */
  static async open(url: string, lastEventId?: number, token = testToken): Promise<EventReader> {
    const reader = await EventReader.wait(url, lastEventId, token);
    reader.response.on('data', (text: string) => {
      reader.#read(text);
    });
    return reader;
  }

  /** The same, but takes nothing of what comes yet. */
  static async wait(url: string, lastEventId?: number, token = testToken): Promise<EventReader> {
    const call = request(url, {
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'text/event-stream',
        ...(lastEventId !== undefined && { 'last-event-id': String(lastEventId) }),
      },
    }).end();
    const [response] = (await once(call, 'response')) as [IncomingMessage];
    if (response.statusCode !== 200) throw new Error(`GET ${url} answered ${response.statusCode}`);
    return new EventReader(call, response);
  }

  get positions(): number[] {
    return this.seen.map(({ id }) => id);
  }

  /** Waits until something is so, which is looked at whenever something has come. */
  async until(isSo: (reader: this) => boolean): Promise<void> {
    while (!isSo(this)) {
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => {
          reject(new Error(`not so within 20 s; seen ${this.positions.slice(-5).join(' ')}`));
        }, 20_000);
        this.#changed = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Goes away without a word. */
  leave(): void {
    this.response.on('error', () => undefined);
    this.call.destroy();
  }

  #read(text: string): void {
    const blocks = (this.#text + text).split('\n\n');
    this.#text = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = new Map(
        block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
      );
      const [id, data] = [fields.get('id'), fields.get('data')];
      if (data !== undefined) this.seen.push({ id: Number(id), data });
      if (fields.has('')) this.comments.push(fields.get('')!);
    }
    this.#changed();
  }
}
