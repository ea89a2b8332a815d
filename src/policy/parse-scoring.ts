/** Scores: which rules count, and what a total means. */
import { AXES, OUTCOMES, outcomeRank, type Axis, type Outcome } from '#domain/outcome.ts';
import type { Band, Rule, Scoring } from './compiled-policy.ts';
import type { Place } from './diagnostic.ts';
import type { DocumentNode, MapEntry } from './document.ts';
import { parseSpan } from './parse-value.ts';
import { didYouMean, type Shape } from './shape.ts';

export const TOTAL_MAX = 1_000_000_000;
const NO_BANDS: readonly Band[] = [{ below: Infinity, action: 'approve', name: 'none', holdMs: undefined }];

export function parseScoring(
  entry: MapEntry | undefined, rules: readonly Rule[], root: Place, shape: Shape,
): Readonly<Record<Axis, Scoring>> {
  const axes = entry === undefined ? undefined : shape.map(entry.value, AXES, '`scoring`');
  const read = (axis: Axis): Scoring =>
    parseAxis(axis, axes?.get(axis), rules, entry?.keyPlace ?? root, shape);
  return { fraud: read('fraud'), aml: read('aml') };
}

function parseAxis(axis: Axis, entry: MapEntry | undefined, rules: readonly Rule[], around: Place,
  shape: Shape): Scoring {
  const scored = rules.filter((rule) => rule.axis === axis && rule.does.score !== 0);
  const what = `scoring of ${axis}`;
  if (entry === undefined) {
    if (scored.length > 0) {
      shape.findings.report('P102', { start: around.start, end: around.start + 1 },
        `rule ${scored[0]?.id} gives a score, but nothing says what a ${axis} score means`,
        `Write \`scoring: { ${axis}: { bands: [{ below: 50, action: approve }, { else: review }] } }\`.`);
    }
    return { counts: rules.map(() => false), floor: 0, cap: TOTAL_MAX, bands: NO_BANDS };
  }
  const entries = shape.map(entry.value, ['sum', 'floor', 'cap', 'bands'], what);
  const [sum, floorEntry, capEntry, bands] = ['sum', 'floor', 'cap', 'bands'].map((key) => entries?.get(key));
  if (entries !== undefined && bands === undefined) shape.missing(entry.keyPlace, 'bands', what);
  const floor = (floorEntry && shape.integer(floorEntry.value, -TOTAL_MAX, TOTAL_MAX, 'the floor')) ?? 0;
  const cap = (capEntry && shape.integer(capEntry.value, floor, TOTAL_MAX, 'the cap')) ?? TOTAL_MAX;
  const named = sum && new Set(parseSum(sum.value, axis, rules, shape));
  return {
    counts: rules.map((rule) => rule.axis === axis && rule.does.score !== 0 &&
      (named === undefined || named.has(rule.id))),
    floor,
    cap,
    bands: bands === undefined ? NO_BANDS : new BandReader(axis, cap, shape).bands(bands.value),
  };
}

function parseSum(node: DocumentNode, axis: Axis, rules: readonly Rule[], shape: Shape): readonly string[] {
  return shape.scalars(node, 'a rule in the sum').map((scalar) => {
    const rule = rules.find(({ id }) => id === scalar.text);
    const problem = rule === undefined ? `there is no rule \`${scalar.text}\``
      : rule.axis !== axis ? `rule ${rule.id} is on the ${rule.axis} axis`
      : rule.does.score === 0 ? `rule ${rule.id} gives no score` : undefined;
    if (problem !== undefined) {
      const ids = rules.filter((one) => one.axis === axis && one.does.score !== 0).map((one) => one.id);
      shape.findings.report('P402', scalar, problem,
        rule === undefined ? didYouMean(scalar.text, ids) : 'Take it out of the sum.');
    }
    return scalar.text;
  });
}

class BandReader {
  readonly #axis: Axis;
  readonly #cap: number;
  readonly #shape: Shape;

  constructor(axis: Axis, cap: number, shape: Shape) {
    this.#axis = axis;
    this.#cap = cap;
    this.#shape = shape;
  }

  bands(node: DocumentNode): readonly Band[] {
    const items = this.#shape.list(node, '`bands`')?.items ?? [];
    const bands: Band[] = [];
    items.forEach((item, i) => {
      const band = this.#band(item, i === items.length - 1);
      if (band === undefined) return;
      this.#checkOrder(bands.at(-1), band, item);
      bands.push(band);
    });
    if (bands.length > 0) return bands;
    if (items.length === 0) this.#report(node, `the bands of ${this.#axis} are empty`,
      'Write at least `[{ else: review }]`.');
    return NO_BANDS;
  }

  /** `{ below: 30, action: approve, name: low }` or, last, `{ else: decline }`. */
  #band(node: DocumentNode, last: boolean): Band | undefined {
    const shape = this.#shape;
    const entries = shape.map(node, ['below', 'action', 'name', 'for', 'else'], 'a band');
    if (entries === undefined) return undefined;
    const rest = entries.get('else');
    const [below, action] = [entries.get('below'), entries.get('action') ?? rest];
    if (last !== (rest !== undefined) || (rest === undefined) !== (below !== undefined)) {
      this.#report(node, last ? 'the last band has no end' : 'a band before the last has an end',
        last ? 'Write the last one as `{ else: decline }`.' : 'Write `{ below: 30, action: approve }`.');
      return undefined;
    }
    if (action === undefined) {
      shape.missing(node, 'action', 'a band');
      return undefined;
    }
    const word = shape.word(action.value, OUTCOMES, 'the action of a band') ?? 'approve';
    const name = entries.get('name');
    return {
      below: below === undefined ? Infinity
        : (shape.integer(below.value, -TOTAL_MAX, TOTAL_MAX, '`below`') ?? 0),
      action: word,
      name: (name && shape.text(name.value, 'the name of a band')) ?? word,
      holdMs: this.#hold(entries.get('for'), word),
    };
  }

  #hold(entry: MapEntry | undefined, action: Outcome): number | undefined {
    const scalar = entry && this.#shape.scalar(entry.value, '`for`');
    if (scalar === undefined) return undefined;
    const ms = parseSpan(scalar.text);
    if (ms !== undefined && ms > 0 && action === 'hold') return ms;
    this.#report(scalar, ms === undefined || ms <= 0 ? '`for` is a duration such as 30m'
      : '`for` goes with `action: hold`', undefined);
    return undefined;
  }

  #checkOrder(before: Band | undefined, band: Band, node: DocumentNode): void {
    if (before === undefined) return;
    if (band.below <= before.below) this.#report(node,
      `a band below ${band.below} stands after one below ${before.below}`, 'Write them in rising order.');
    if (outcomeRank(band.action) < outcomeRank(before.action)) {
      this.#report(node, `a higher score would ${band.action} where a lower one would ${before.action}`,
        'Outcomes only rise with the score.');
    }
    if (before.below > this.#cap) {
      this.#shape.findings.report('P604', { start: node.start, end: Math.min(node.end, node.start + 40) },
        `no score reaches this band: it starts at ${before.below} and the cap is ${this.#cap}`,
          'Raise the cap or remove the band.');
    }
  }

  #report(node: DocumentNode, message: string, help: string | undefined): void {
    this.#shape.findings.report('P401', { start: node.start, end: Math.min(node.end, node.start + 40) },
      message, help);
  }
}
