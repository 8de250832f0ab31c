/** Posts invoices as fast as they are answered, over so many connections, and tells the parent how many were. */
import { Agent, request } from 'node:http';

const { url, token, connections, seconds, vendors, run } = JSON.parse(process.argv[2]);
const agent = new Agent({ keepAlive: true, maxSockets: connections });

const post = (n) =>
  new Promise((resolve, reject) => {
    const body = JSON.stringify({
      vendorId: `vendor-${n % vendors}`,
      number: `INV-${run}-${n}`,
      invoiceDate: '2025-01-31',
      currency: 'USD',
      lines: [
        { description: 'Compute, on demand', account: '6100', amount: `${1 + (n % 90_000)}.00`, tax: '200.00' },
        { description: 'Object storage', account: '6110', amount: '17.50' },
      ],
      total: `${218 + (n % 90_000)}.50`,
      dueDate: '2025-03-01',
    });
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    };
    const call = request(url, { method: 'POST', agent, headers }, (reply) => {
      reply.resume();
      reply.on('end', () => resolve(reply.statusCode));
    });
    call.on('error', reject);
    call.end(body);
  });

let n = 0;
let count = 0;
let refused = 0;
const start = performance.now();
const end = start + seconds * 1000;
await Promise.all(
  Array.from({ length: connections }, async () => {
    while (performance.now() < end) {
      if ((await post(n++)) === 201) count += 1;
      else refused += 1;
    }
  }),
);
process.send({ count, refused, seconds: (performance.now() - start) / 1000 }, () => process.exit());
