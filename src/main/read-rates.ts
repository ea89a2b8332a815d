/** The rate table as it is written down, `rates.json`: told what is wrong with it by file and place. */
import { parseRateTable, type RateTableSource } from '#domain/rates.ts';

type Fields = Readonly<Record<string, unknown>>;
const isMap = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const DATED = '[{ "from": "2026-01-01", "rate": "1.10" }]';
const FORM = `write { "version": "...", "base": "EUR", "rates": { "USD": ${DATED} } }`;

/** Undefined where something is wrong; it then stands in `problems`. */
export function readRates(content: unknown, file: string, problems: string[]): RateTableSource | undefined {
  const faults = isMap(content) ? shapeFaults(content) : [`is not a map; ${FORM}`];
  if (faults.length === 0) {
    const source = content as RateTableSource;
    const parsed = parseRateTable(source);
    if ('table' in parsed) return source;
    faults.push(...parsed.problems);
  }
  problems.push(...faults.map((fault) => `${file}: ${fault}`));
  return undefined;
}

function shapeFaults(content: Fields): string[] {
  const faults = Object.keys(content).filter((key) => !['version', 'base', 'rates'].includes(key))
    .map((key) => `there is no key \`${key}\`; the keys are version, base and rates`);
  const { version, base, rates } = content;
  if (typeof version !== 'string' || version === '') faults.push('`version` is a text that decisions name');
  if (typeof base !== 'string') faults.push('`base` is a currency such as "EUR"');
  if (!isMap(rates)) return [...faults, `\`rates\` is a map from currency to dated rates; ${FORM}`];
  for (const [currency, dated] of Object.entries(rates)) {
    if (!Array.isArray(dated)) faults.push(`${currency} is a list of dated rates: ${DATED}`);
    else dated.forEach((one, i) => faults.push(...datedFaults(one, `${currency}[${i}]`)));
  }
  return faults;
}

function datedFaults(dated: unknown, place: string): readonly string[] {
  if (!isMap(dated)) return [`${place} is { "from": date, "rate": decimal text }`];
  const faults = Object.keys(dated).filter((key) => key !== 'from' && key !== 'rate')
    .map((key) => `${place} has no key \`${key}\`; it has from and rate`);
  if (typeof dated['from'] !== 'string') faults.push(`${place}.from is a date such as "2026-01-01"`);
  const { rate } = dated;
  if (typeof rate === 'number') faults.push(`${place}.rate is a decimal text: write "${rate}"`);
  else if (typeof rate !== 'string') faults.push(`${place}.rate is a decimal text such as "1.10"`);
  return faults;
}
