/** Exact costs as the amounts that people read. */
import { formatMinor, type Minor } from '../domain/money.js';
import { costUnit } from './costs.js';

/** The nearest whole minor unit of a cost. */
export const toMinor = (cost: bigint): Minor =>
  cost < 0n ? -toMinor(-cost) : (2n * cost + costUnit) / (2n * costUnit);

/** A bound on a cost: never above it. */
export const floorMinor = (cost: bigint): Minor => (cost < 0n ? 0n : cost / costUnit);

/** Parts of a cost in minor units that add up to its total: what rounding leaves goes where it cuts off most. */
export const apportioned = (parts: readonly bigint[]): Minor[] => {
  const total = toMinor(parts.reduce((sum, part) => sum + part, 0n));
  const down = parts.map((part) => part / costUnit);
  let left = total - down.reduce((sum, part) => sum + part, 0n);
  const byRest = [...parts.keys()].sort((a, b) => Number((parts[b]! % costUnit) - (parts[a]! % costUnit)) || a - b);
  for (const place of byRest) {
    if (left <= 0n) break;
    down[place]! += 1n;
    left -= 1n;
  }
  return down;
};

/** (cost − bound) ÷ cost with 6 decimals, rounded up. */
export const gapText = (cost: bigint, bound: bigint): string => {
  if (cost <= 0n || bound >= cost) return '0.000000';
  const millionths = ((cost - bound) * 1_000_000n + cost - 1n) / cost;
  return `${millionths / 1_000_000n}.${String(millionths % 1_000_000n).padStart(6, '0')}`;
};

/** The price of a minor unit of cash in minor units, with 4 decimals. */
export const priceText = (price: bigint): string => {
  const tenThousandths = (2n * price * 10_000n + costUnit) / (2n * costUnit);
  return `${tenThousandths / 10_000n}.${String(tenThousandths % 10_000n).padStart(4, '0')}`;
};

/** An amount for a sentence: with thousands set apart. */
export const spoken = (minor: Minor, currency: string): string => {
  const text = formatMinor(minor, currency);
  const [whole, decimals] = text.split('.');
  const grouped = whole!.replace(/\B(?=(\d{3})+$)/g, ',');
  return `${currency} ${decimals === undefined ? grouped : `${grouped}.${decimals}`}`;
};
