/** What is usual for an entity: a feature as it was measured in the entity's earlier decisions. */
import { applyTolerance } from '#domain/apply-tolerance.ts';
import { T_SLOT, type ParsedEvent } from '#domain/event.ts';
import { LIMITS } from '#domain/limits.ts';
import { isRefusal, parseTransactionCall } from '#domain/parse-event.ts';
import type { LogReader, LogRecord } from '#ports/decision-log.ts';
import type { FeatureDefinition, FeatureValues } from '#features/definition.ts';
import type { CompiledPolicy } from '#policy/compiled-policy.ts';
import { formatCell } from '#policy/format-cell.ts';
import type { LivePolicy } from '#decisioning/live-policy.ts';
import { readFacts, readVersions, requestBytes, splitKey, type Facts } from '#decisioning/record.ts';
import type { EarlierAsk } from './earlier-decisions.ts';
import type { Baseline, MeasuredAccount } from './explanation.ts';
import type { LiveAt } from './live-at.ts';
import { measureOf, type Measuring } from './measure.ts';

export interface BaselineSources {
  readonly get: LogReader['get'];
  readonly earlier: (ask: EarlierAsk) => Promise<readonly number[]>;
  readonly liveAt: LiveAt;
}

/** An earlier decision: the facts, and where in them each feature stands, by what it measures. */
interface Earlier { readonly facts: Facts; readonly indexOf: ReadonlyMap<string, number> }

/** Accounts of the features with these indexes. */
export async function measuredAccounts(
  { policy, listVersions: lists }: LivePolicy, indexes: readonly number[], event: ParsedEvent,
  values: FeatureValues,
  sources: BaselineSources,
): Promise<readonly MeasuredAccount[]> {
  const past = new Past(sources);
  const measuring: Measuring = { policy, lists, tMs: event.numbers[T_SLOT] ?? Number.NaN };
  const accounts: MeasuredAccount[] = [];
  for (const index of indexes) {
    const feature = policy.features[index];
    if (feature === undefined) continue;
    const value = formatCell(values.cells[index], feature.type);
    const reason = values.reasons[index];
    const head = {
      name: feature.name, value, ...(value === null && reason !== undefined ? { missing: reason } : {}),
      entity: [feature.key, ...feature.alsoEqual].map(({ current }) => current.path).join(', '),
    };
    if (!NUMBERS.has(feature.type.kind)) accounts.push(head);
    else {
      const baseline = await past.baseline(feature, measureOf(measuring, index), event);
      accounts.push({ ...head, baseline });
    }
  }
  return accounts;
}

const NUMBERS: ReadonlySet<string> = new Set([
  'int', 'decimal', 'ratio', 'money', 'duration', 'distance', 'speed',
]);

class Past {
  readonly #sources: BaselineSources;
  readonly #positions = new Map<string, readonly number[]>();
  readonly #decisions = new Map<number, Earlier | undefined>();

  constructor(sources: BaselineSources) {
    this.#sources = sources;
  }

  async baseline(feature: FeatureDefinition, measure: string, event: ParsedEvent): Promise<Baseline> {
    const cells: number[] = [];
    for (const position of await this.#positionsOf(feature, event)) {
      const earlier = await this.#decisionAt(position);
      const cell = earlier?.facts.cells[earlier.indexOf.get(measure) ?? -1];
      if (typeof cell === 'number') cells.push(cell);
    }
    const n = cells.length;
    if (n < LIMITS.baselineDecisionsMin) return { kind: 'no_baseline', n };
    const sorted = cells.toSorted((a, b) => a - b);
    const [low, median, high] = [0.25, 0.5, 0.75].map((share) =>
      formatCell(sorted[Math.ceil(share * n) - 1], feature.type));
    return { kind: 'usual', n, low: low ?? null, median: median ?? null, high: high ?? null };
  }

  async #positionsOf({ key, alsoEqual }: FeatureDefinition, event: ParsedEvent): Promise<readonly number[]> {
    const named = [key, ...alsoEqual].map(({ current }) =>
      ({ path: current.path, value: event.texts[current.textSlot] }));
    const texts = named.flatMap(({ path, value }) => (value === undefined ? [] : [{ path, value }]));
    const [entity, ...same] = texts;
    if (entity === undefined || texts.length < named.length) return [];
    const name = JSON.stringify(texts);
    const known = this.#positions.get(name) ?? await this.#sources.earlier({
      tenant: event.tenant, ...entity, same, position: event.position,
      tMs: event.numbers[T_SLOT] ?? Number.NaN,
    });
    this.#positions.set(name, known);
    return known;
  }

  async #decisionAt(position: number): Promise<Earlier | undefined> {
    if (!this.#decisions.has(position)) this.#decisions.set(position, await this.#read(position));
    return this.#decisions.get(position);
  }

  async #read(position: number): Promise<Earlier | undefined> {
    const record = await this.#sources.get(position);
    if (record?.kind !== 'decision') return undefined;
    const versions = readVersions(record);
    const policy = await this.#sources.liveAt.policyOf(versions);
    const tMs = policy === undefined ? undefined : timeOf(record, policy);
    if (policy === undefined || tMs === undefined) return undefined;
    const measuring = { policy, lists: versions.lists, tMs };
    const indexOf = new Map(policy.features.map((_, index) => [measureOf(measuring, index), index]));
    return { facts: readFacts(record), indexOf };
  }
}

/** When the payment counted, ms; undefined where its request would be refused today. */
function timeOf(record: LogRecord, { schema, time }: CompiledPolicy): number | undefined {
  const { tenant } = splitKey(record.key);
  const parsed = parseTransactionCall(requestBytes(record), schema, record.receivedAtMs, tenant);
  const timed = isRefusal(parsed) ? parsed : applyTolerance(parsed.event, time);
  return isRefusal(timed) ? undefined : timed.event.numbers[T_SLOT];
}
