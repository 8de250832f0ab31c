import { describe, expect, it } from '@jest/globals';
import { OutcomeUnknown, TooBusy } from '../event-log/ledger-writer.js';
import { Adopter, type AdoptionOrder } from './adopter.js';

const thread = new URL('../../test/support/threads/adopting.js', import.meta.url);
const adopter = new Adopter('', () => Promise.resolve(), thread);
const order = (reason: string): AdoptionOrder => ({
  ledgerId: 'x',
  planId: 'p',
  reason,
  actor: { id: 'ann', role: 'treasurer' },
  key: undefined,
  requestHash: '',
  correlationId: '',
  nowMs: 0,
});

describe('the adopter', () => {
  it('says that nobody knows what came of an order whose thread broke or ended', async () => {
    await expect(adopter.adopt(order('throw'))).rejects.toThrow(OutcomeUnknown);
    await expect(adopter.adopt(order('end'))).rejects.toThrow(OutcomeUnknown);
  });
  it('says no such thing where nothing was ordered', async () => {
    const shown = adopter.show({ ledgerId: 'x', planId: 'throw' });
    await expect(shown).rejects.toThrow('broken');
    await expect(shown).rejects.not.toBeInstanceOf(OutcomeUnknown);
  });
  it('passes on what the database says', () =>
    expect(adopter.adopt(order('out of reach'))).rejects.toMatchObject({ code: 'ECONNREFUSED' }));
  it('begins nothing in a ledger that takes nothing any more, and shows what is there', async () => {
    const refused = new Adopter('', () => Promise.reject(new Error('set back')), thread);
    await expect(refused.adopt(order(''))).rejects.toThrow('set back');
    await expect(refused.show({ ledgerId: 'x', planId: 'p' })).resolves.toEqual(Buffer.from('{}'));
  });
  it('lets no more wait than it may, and takes the next once there is room', async () => {
    const outcomes = Array.from({ length: 60 }, () => adopter.adopt(order('')).catch((error: unknown) => error));
    const busy = (await Promise.all(outcomes)).filter((outcome) => outcome instanceof TooBusy);
    expect(busy).toHaveLength(10);
    expect((await adopter.adopt(order(''))).body.toString()).toBe('{}');
  });
});
