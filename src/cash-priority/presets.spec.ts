import { describe, expect, it } from '@jest/globals';
import { addDays, isLocalDate, lastDay } from '../domain/calendar.js';
import { isCurrency } from '../domain/money.js';
import { type Preset, presetOn, presets } from './presets.js';

const keys = ['id', 'name', 'validFrom', 'validTo', 'currency', 'note', 'source', 'consequences', 'terms'];
const consequenceKeys = [
  'tier',
  'neverDefer',
  'lateInterest',
  'relationship',
  'steps',
  'unpaidAtEndPercent',
  'partial',
];
const percent = /^(0|[1-9]\d*)\.\d\d$/;

describe('the presets', () => {
  it.each(presets.map((preset) => [`${preset.id} from ${preset.validFrom}`, preset] as const))(
    '%s says what it is, for which days, and where that is written',
    (_, preset) => {
      expect(Object.keys(preset).filter((key) => !keys.includes(key))).toEqual([]);
      expect(preset.id).toMatch(/^[a-z0-9-]{1,64}$/);
      for (const text of [preset.name, preset.note, preset.source]) expect(text).toMatch(/\S/);
      expect(isLocalDate(preset.validFrom)).toBe(true);
      if (preset.validTo !== undefined)
        expect(isLocalDate(preset.validTo) && preset.validTo >= preset.validFrom).toBe(true);
      expect([preset.consequences, preset.terms].filter((what) => what !== undefined)).toHaveLength(1);
      expect(Object.keys(preset.consequences ?? {}).filter((key) => !consequenceKeys.includes(key))).toEqual([]);
      const text = JSON.stringify(preset.consequences ?? {});
      for (const [, rate] of text.matchAll(/"(?:annualPercent|percent|unpaidAtEndPercent)":"([^"]*)"/g)) {
        expect(rate).toMatch(percent);
      }
      // An amount is worth nothing without its currency.
      expect(text.includes('"fixed"')).toBe(preset.currency !== undefined);
      if (preset.currency !== undefined) expect(isCurrency(preset.currency)).toBe(true);
    },
  );

  it('leave no day of one id to two entries, and none between the first and the last to nobody', () => {
    const byId = new Map<string, Preset[]>();
    for (const preset of presets) byId.set(preset.id, [...(byId.get(preset.id) ?? []), preset]);
    for (const [id, entries] of byId) {
      entries.forEach(({ validTo = lastDay }, i) => {
        const next = entries[i + 1];
        if (next) expect([id, addDays(validTo, 1)]).toEqual([id, next.validFrom]);
      });
    }
  });

  it.each([
    [
      'uk-vat-late-payment',
      '2025-03-31',
      [
        { afterDays: 15, percent: '2.00' },
        { afterDays: 30, percent: '2.00', annualPercent: '4.00' },
      ],
    ],
    [
      'uk-vat-late-payment',
      '2025-04-01',
      [
        { afterDays: 15, percent: '3.00' },
        { afterDays: 30, percent: '3.00', annualPercent: '10.00' },
      ],
    ],
    [
      'us-withheld-tax-deposit',
      '2023-10-31',
      [
        { afterDays: 0, percent: '2.00' },
        { afterDays: 5, percent: '3.00' },
        { afterDays: 15, percent: '5.00' },
      ],
    ],
    ['us-wages', '2023-10-31', [{ afterDays: 0, percent: '100.00' }]],
  ])('%s on %s', (id, on, steps) => expect(presetOn(id, on)?.consequences?.steps).toEqual(steps));

  it.each([
    ['uk-hmrc-interest', '2023-10-31', '7.75'],
    ['uk-hmrc-interest', '2025-04-05', '7.00'],
    ['uk-hmrc-interest', '2025-04-06', '8.50'],
    ['uk-hmrc-interest', '2026-01-08', '8.00'],
    ['uk-hmrc-interest', '2026-01-09', '7.75'],
    ['uk-trade-debt-large', '2023-10-31', '13.00'],
    ['uk-trade-debt-small', '2026-01-01', '11.75'],
    ['eu-trade-debt', '2023-10-31', '12.00'],
    ['eu-trade-debt', '2025-01-01', '11.15'],
    ['eu-trade-debt', '2026-06-30', '10.15'],
    ['cloud-provider', '2023-10-31', '18.00'],
  ])('%s on %s: %s a year', (id, on, rate) =>
    expect(presetOn(id, on)?.consequences?.lateInterest?.annualPercent).toBe(rate),
  );

  it.each([
    ['uk-vat-late-payment', '2022-12-31'],
    ['uk-hmrc-interest', '2099-01-01'],
    ['nothing-of-the-kind', '2024-01-01'],
  ])('%s is nothing on %s', (id, on) => expect(presetOn(id, on)).toBeUndefined());
});
