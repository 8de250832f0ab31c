import { describe, expect, it } from '@jest/globals';
import { AgeingQuery, ChangesQuery, JournalQuery, ReportQuery, StatementQuery } from './queries.js';
import { QueryPipe } from './query.pipe.js';

type QueryClass = new () => ReportQuery;

/** The pointers of the faults that are found in a query, in their order; none if it is well formed. */
const pointersOf = async (metatype: QueryClass, query: Record<string, unknown>): Promise<string[]> => {
  try {
    await new QueryPipe().transform(query, { type: 'query', metatype });
    return [];
  } catch (error) {
    return (error as { facts: { errors: { pointer: string }[] } }).facts.errors.map(({ pointer }) => pointer).sort();
  }
};

describe('the query of a report', () => {
  it.each<[QueryClass, Record<string, string>]>([
    [ReportQuery, {}],
    [
      ReportQuery,
      { asOf: '2023-10-31', knownAt: '2023-10-31T09:00:00Z', currency: 'JPY', atLeast: '0', format: 'csv' },
    ],
    [ReportQuery, { knownAtPosition: '42' }],
    [AgeingQuery, { basis: 'invoice-date', edges: '30', by: 'kind' }],
    [StatementQuery, { vendorId: 'aws', from: '2023-01-01' }],
    [ChangesQuery, { from: '2023-10-31T09:00:00Z', toPosition: '7', basis: 'agreed', edges: '30' }],
    [ChangesQuery, { fromPosition: '0', knownAt: '2023-10-31T09:00:00Z' }],
    [JournalQuery, { vendorId: 'aws', account: 'Ausgaben für Büro', limit: '1000', cursor: 'x' }],
  ])('may be of %p: %j', async (metatype, query) => {
    expect(await pointersOf(metatype, query)).toEqual([]);
  });

  it.each<[QueryClass, Record<string, unknown>, string[]]>([
    [ReportQuery, { asOf: '2023-02-29' }, ['/asOf']],
    [ReportQuery, { asOf: '' }, ['/asOf']],
    [ReportQuery, { asOf: ['2023-10-31', '2023-10-31'] }, ['/asOf']],
    [ReportQuery, { knownAt: '2023-10-31' }, ['/knownAt']],
    [ReportQuery, { knownAt: '2023-10-31T09:00:00Z', knownAtPosition: '1' }, ['/knownAtPosition']],
    [ReportQuery, { knownAtPosition: '01' }, ['/knownAtPosition']],
    [ReportQuery, { knownAtPosition: '-1' }, ['/knownAtPosition']],
    [ReportQuery, { knownAtPosition: '9007199254740993' }, ['/knownAtPosition']],
    [ReportQuery, { currency: 'usd' }, ['/currency']],
    [ReportQuery, { atLeast: 'x', format: 'pdf' }, ['/atLeast', '/format']],
    [ReportQuery, { asof: '2023-10-31', 'a/b~': '1' }, ['/asof', '/a~1b~0']],
    [ReportQuery, { by: 'vendor' }, ['/by']],
    [AgeingQuery, { basis: 'due', edges: '60,30', by: 'vendors' }, ['/basis', '/by', '/edges']],
    [StatementQuery, {}, ['/vendorId']],
    [StatementQuery, { vendorId: 'a b' }, ['/vendorId']],
    [ChangesQuery, {}, ['/from']],
    [ChangesQuery, { from: 'yesterday', fromPosition: '1' }, ['/from', '/fromPosition']],
    [ChangesQuery, { fromPosition: '1', to: '2023-10-31T09:00:00Z', knownAtPosition: '3' }, ['/to']],
    [ChangesQuery, { fromPosition: '1', toPosition: '3', knownAtPosition: '3' }, ['/toPosition']],
    [ReportQuery, JSON.parse('{ "__proto__": ["a", "b"] }') as Record<string, unknown>, ['/__proto__']],
    [ReportQuery, { constructor: '' }, ['/constructor']],
    [JournalQuery, { limit: '0' }, ['/limit']],
    [JournalQuery, { limit: '1001' }, ['/limit']],
    [JournalQuery, { account: 'a\u0000' }, ['/account']],
  ])('may not be of %p: %j', async (metatype, query, pointers) => {
    expect(await pointersOf(metatype, query)).toEqual(pointers);
  });
});
