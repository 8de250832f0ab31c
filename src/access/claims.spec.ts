import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { roles } from '../domain/access.js';
import { grantsIn } from './claims.js';

const clerk = [{ ledger: 'acme', roles: ['clerk'] }];
const two = [
  { ledger: 'acme', roles: ['clerk', 'approver'] },
  { ledger: 'beta', roles: ['auditor'] },
];

describe('the claim of roles', () => {
  it.each<[unknown, unknown]>([
    ['acme:clerk', clerk],
    ['acme:approver acme:clerk beta:auditor', two],
    ['acme:approver,acme:clerk, beta:auditor', two],
    [['acme:clerk'], clerk],
    [['acme:clerk', 'acme:approver acme:clerk', 'beta:auditor'], two],
    [{ acme: 'clerk' }, clerk],
    [{ acme: ['approver', 'clerk'], beta: 'auditor' }, two],
    [{ '*': 'auditor' }, [{ ledger: '*', roles: ['auditor'] }]],
    [{ _installation: 'admin clerk' }, [{ ledger: '_installation', roles: ['admin'] }]],
    [['offline_access', 'acme:clerk', 'acme:root', ':clerk', 'acme:', 'a:b:c', '../x:clerk', 'acme:CLERK'], clerk],
    [[null, 7, true, { acme: 'clerk' }, ['acme:clerk'], 'acme:clerk'], clerk],
    [{ acme: ['clerk', null, 7, { role: 'admin' }], '': 'admin', '..': 'admin', 'a/b': 'admin' }, clerk],
    [{ acme: { clerk: true } }, []],
    [undefined, []],
    [null, []],
    [7, []],
    [true, []],
    ['', []],
    ['admin', []],
    ['*', []],
    [[], []],
    [{}, []],
    [{ __proto__: { acme: 'admin' } }, []],
  ])('%j gives %j', (claim, expected) => {
    expect(grantsIn({ duebook: claim }, 'duebook')).toEqual(expected);
  });

  it.each([
    ['resource_access.duebook.roles', { resource_access: { duebook: { roles: ['acme:clerk'] } } }],
    ['https://duebook.example/roles', { 'https://duebook.example/roles': 'acme:clerk' }],
    ['a.b', { 'a.b': 'acme:clerk', a: { b: 'acme:admin' } }],
  ])('%s is found', (name, payload) => {
    expect(grantsIn(payload, name)).toEqual(clerk);
  });
  it.each(['constructor.name', '__proto__.acme', 'a.b.c', 'a..b', 'toString', 'a.length'])('%s is not', (name) => {
    expect(grantsIn({ a: { b: 'acme:clerk' } }, name)).toEqual([]);
  });

  it('never gives more than it says, whatever it is', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), (claim) => {
        const text = JSON.stringify(claim);
        for (const { ledger, roles: given } of grantsIn({ duebook: claim }, 'duebook')) {
          expect(text).toContain(ledger);
          for (const role of given) {
            expect(roles).toContain(role);
            expect(text).toContain(role);
          }
        }
      }),
    );
  });
});
