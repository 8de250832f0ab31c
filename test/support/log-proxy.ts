import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';

/** What becomes of an append on its way: its answer is lost, or already its request, or it is heard of no more. */
export type Fate = 'answer-lost' | 'request-lost' | 'swallowed';

/**
 * A way to Postgres that fails on purpose. It lets everything through but the appends that `fateOf` has something in
 * mind for. Only for connections without TLS: it reads what passes.
 */
export class Proxy {
  /** Asked once per append. */
  fateOf: () => Fate | undefined = () => undefined;
  /** Nothing gets through, neither what is connected nor what would like to be. */
  #isDown = false;
  readonly #sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly target: URL,
  ) {}

  static async before(url: string): Promise<Proxy> {
    const server = createServer();
    const proxy = new Proxy(server, new URL(url));
    server.on('connection', (client) => {
      proxy.#connected(client);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  /** As the one of the database itself, by way of the proxy. */
  get url(): string {
    const url = new URL(this.target);
    url.hostname = '127.0.0.1';
    url.port = String((this.server.address() as AddressInfo).port);
    return url.href;
  }

  set isDown(isDown: boolean) {
    this.#isDown = isDown;
    if (isDown) for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.isDown = true;
    await new Promise((resolve) => this.server.close(resolve));
  }

  #connected(client: Socket): void {
    if (this.#isDown) {
      client.destroy();
      return;
    }
    const upstream = connect(Number(this.target.port || 5432), this.target.hostname);
    let isSwallowing = false;
    for (const socket of [client, upstream]) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => this.#sockets.delete(socket));
    }
    client.on('close', () => upstream.end());
    upstream.on('close', () => client.destroy());
    upstream.on('data', (answer) => {
      if (!client.destroyed && !isSwallowing) client.write(answer);
    });
    client.on('data', (request) => {
      // The name of the prepared statement, as messages to parse or to bind it begin.
      const fate = request.includes('append\0') ? this.fateOf() : undefined;
      isSwallowing ||= fate === 'swallowed';
      if (isSwallowing) return;
      if (fate !== 'request-lost') upstream.write(request);
      // The server carries out what it was sent before it notices that nobody listens any more.
      if (fate) client.destroy();
    });
  }
}
