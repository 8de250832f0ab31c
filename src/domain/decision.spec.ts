import { describe, expect, it } from '@jest/globals';
import { after, allocate, closed, creditNote, frozen, invoice, payment, reverse } from '../../test/support/domain.js';
import { decide } from './decider.js';
import { type Documents, Unloaded, Working } from './decision.js';
import { kindOf } from './documents.js';
import type { DocumentName } from './events.js';
import { noPolicy } from './policy.js';
import { Rejection, rejections } from './rejection.js';

/** Documents of which only some are in memory, always the ledger's. A name that was taken for free stays so within the decision. */
const partly = (inMemory: readonly DocumentName[], books = after()): Documents => {
  const free = new Set<DocumentName>(['ledger']);
  const find = (name: DocumentName) => {
    if (!inMemory.includes(name) && !free.has(name)) throw new Unloaded([name]);
    return books.find(name);
  };
  const findFresh = (name: DocumentName) => {
    if (!inMemory.includes(name)) free.add(name);
    return find(name);
  };
  return { find, findFresh };
};
const circumstances = {
  today: '2024-02-15',
  closedThrough: undefined,
  policy: noPolicy,
  actor: { id: 'ann', role: 'clerk' },
  fingerprint: JSON.stringify,
};
const workingOn = (inMemory: readonly DocumentName[], books = after()) =>
  new Working(partly(inMemory, books), circumstances);
const unloadedBy = (task: () => unknown): readonly DocumentName[] => {
  try {
    task();
  } catch (error) {
    if (error instanceof Unloaded) return error.names;
    throw error;
  }
  return [];
};

describe('a decision', () => {
  it('asks for everything that it lacks at once', () => {
    const command = payment('P1', '5', {
      allocations: [
        ['I1', '2'],
        ['C2', '3'],
      ],
    });
    expect(unloadedBy(() => decide(command, workingOn([])))).toEqual(['vendor/V1', 'invoice/I1', 'charge/C2']);
    expect(unloadedBy(() => decide(command, workingOn(['vendor/V1', 'charge/C2'])))).toEqual(['invoice/I1']);
  });
  it('asks for all that a reversal ends at once', () => {
    const books = after(
      invoice('I1', '5'),
      invoice('I2', '5'),
      payment('P1', '5', {
        allocations: [
          ['I1', '2'],
          ['I2', '3'],
        ],
      }),
    );
    expect(unloadedBy(() => decide(reverse('P1'), workingOn(['payment/P1'], books)))).toEqual([
      'allocation/P1.1',
      'invoice/I1',
      'allocation/P1.2',
      'invoice/I2',
    ]);
  });
  it.each([
    ['an allocation', allocate('A1', 'P1', 'I1', '1'), ['payment/P1', 'invoice/I1']],
    ['a credit note', creditNote('N1', '1', { allocations: [['I1', '1']] }), ['vendor/V1', 'invoice/I1']],
  ])('asks for what %s needs at once', (_what, command, names) =>
    expect(unloadedBy(() => decide(command, workingOn([])))).toEqual(names),
  );
  it('takes the id that it gives for free without asking', () =>
    expect(decide(invoice('I1', '5'), workingOn(['vendor/V1'])).events).toHaveLength(1));
  it('names the document that the answer shows', () =>
    expect(decide(invoice('I1', '5'), workingOn(['vendor/V1'])).subject).toBe('invoice/I1'));
  it('remembers a print of what was asked for', () =>
    expect(decide(invoice('I1', '5'), workingOn(['vendor/V1'])).contentHash).toMatch(/./));
  it('remembers none for commands that make no document', () =>
    expect(after(invoice('I1', '5')).decide(reverse('I1')).contentHash).toBeUndefined());
  it('sees what it has decided already', () => {
    const working = workingOn(['vendor/V1', 'invoice/I1', 'invoice/I2'], after(invoice('I1', '5'), invoice('I2', '5')));
    expect(() =>
      decide(
        payment('P1', '9', {
          allocations: [
            ['I1', '3'],
            ['I1', '3'],
          ],
        }),
        working,
      ),
    ).toThrow(expect.objectContaining({ code: 'over-allocated' }));
  });
  it('leaves a bug a bug while it looks for what is missing', () => {
    const broken: Documents = {
      find: () => {
        throw new TypeError('a bug');
      },
      findFresh: () => undefined,
    };
    expect(() => decide(payment('P1', '5'), new Working(broken, circumstances))).toThrow(TypeError);
  });
});

describe('the days of a decision', () => {
  const working = after(closed('2024-02-29')).working();
  it('move to the first open one by default', () =>
    expect([
      working.effectiveDay(undefined, '2024-02-15'),
      working.effectiveDay(undefined, '2024-03-01'),
      working.effectiveDay(undefined, '2024-03-02'),
    ]).toEqual(['2024-03-01', '2024-03-01', '2024-03-02']));
  it('are refused where a closed one is named', () =>
    expect(() => working.effectiveDay('2024-02-29', '2024-03-02')).toThrow(
      expect.objectContaining({ code: 'period-closed' }),
    ));
  it('are free while nothing is closed', () =>
    expect(after().working().effectiveDay('1999-01-01', '2024-01-01')).toBe('1999-01-01'));
});

describe('a refusal', () => {
  it('says its code and what to do', () => {
    const refusal = new Rejection('over-allocated', 'Of invoice I1 5.00 is open.', { open: '5.00' });
    expect([refusal.message, refusal.code, refusal.facts]).toEqual([
      'over-allocated: Of invoice I1 5.00 is open.',
      'over-allocated',
      { open: '5.00' },
    ]);
  });
  it('has a code for URLs and a title for people', () => {
    for (const [code, title] of Object.entries(rejections)) {
      expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(title).toMatch(/^[A-Z].*[^.]$/);
    }
  });
  it('leaves nothing behind', () => {
    const books = after(invoice('I1', '5'));
    const before = new Map(books.documents);
    expect(() =>
      books.execute(
        payment('P1', '9', {
          allocations: [
            ['I1', '3'],
            ['I1', '3'],
          ],
        }),
      ),
    ).toThrow(Rejection);
    expect(books.documents).toEqual(before);
  });
});

describe('the making of a document', () => {
  const books = after(
    invoice('I1', '5'),
    payment('P1', '5', { allocations: [['I1', '2']] }),
    allocate('A1', 'P1', 'I1', '1'),
    reverse('A1'),
  );

  it('ends with the last event of the command that made it, and with no later one', () => {
    // Ledger and vendor are 1 and 2, the invoice 3, the payment and its allocation 4 and 5.
    expect(
      [books.get('invoice/I1'), books.get('payment/P1'), books.get('allocation/P1.1'), books.get('allocation/A1')].map(
        ({ made }) => made.position,
      ),
    ).toEqual([3, 5, 5, 6]);
  });
});

describe('the names of documents', () => {
  it('begin with their kind', () =>
    expect([kindOf('ledger'), kindOf('credit-note/a.b'), kindOf('allocation/P1.1')]).toEqual([
      'ledger',
      'credit-note',
      'allocation',
    ]));
});

describe('the tests of the rules', () => {
  it('fail where something changes what it was given', () =>
    expect(() => (frozen({ a: { b: 1 } }).a.b = 2)).toThrow(TypeError));
});
