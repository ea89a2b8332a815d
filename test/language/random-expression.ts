/**
 * Random expressions that are well typed by construction: of every operator, literal and function of the
 * language.
 */
import type { BinaryOp, Expr, InSet } from '#expression/ast.ts';
import type { Type } from '#expression/type.ts';
import type { SeededRandom } from '../simulation/seeded-random.ts';
import { FEATURES, PARAMS, SCHEMA } from './language-world.ts';

type Kind = Exclude<Type['kind'], 'list' | 'period' | 'enum' | 'entity'>;

const span = { start: 0, end: 0 };
const name = (text: string, current = false): Expr => ({ kind: 'name', name: text, current, span });
const call = (called: string, ...args: Expr[]): Expr => ({ kind: 'call', name: called, args, span });
const binary = (op: BinaryOp, left: Expr, right: Expr): Expr => ({ kind: 'binary', op, left, right, span });
const literal = (value: number | string | boolean, type: Type): Expr =>
  ({ kind: 'literal', value, type, span });
const text = (value: string): Expr => literal(value, { kind: 'string' });

const KINDS: readonly [Kind, ...Kind[]] = [
  'bool', 'int', 'decimal', 'ratio', 'string', 'money', 'duration', 'instant', 'date', 'clock', 'distance',
    'speed', 'geo',
];
const ORDERED: readonly [Kind, ...Kind[]] = [
  'int', 'decimal', 'ratio', 'money', 'duration', 'instant', 'date', 'clock', 'distance', 'speed',
];
const WORDS = ['', 'a', 'A', 'ab', 'é', 'É', 'straße', 'declined', 'a*', 'quo"te', 'back\\slash',
  '\u2028'] as const;

export class RandomExpression {
  readonly #random: SeededRandom;
  readonly #row: 'current' | 'past';
  #locals: readonly { name: string; kind: Kind }[] = [];
  #localCount = 0;

  constructor(random: SeededRandom, row: 'current' | 'past') {
    this.#random = random;
    this.#row = row;
  }

  any(depth: number): Expr {
    return this.of(this.#random.pick(KINDS), depth);
  }

  /** An expression of the kind; deeper ones where depth is left. */
  of(kind: Kind, depth: number): Expr {
    const random = this.#random;
    if (kind === 'histogram') return this.#row === 'current' ? name('f_histogram') : name('f_int');
    if (depth <= 0 || random.chance(0.1)) return this.#leaf(kind);
    if (random.chance(0.12)) return this.#shared(kind, depth - 1);
    return this.#made(kind, depth - 1);
  }

  #leaf(kind: Kind): Expr {
    const random = this.#random;
    const local = this.#locals.filter((one) => one.kind === kind).at(random.between(-2, -1));
    if (local !== undefined && random.chance(0.6)) return name(local.name);
    const named = [...(this.#row === 'current' ? FEATURES : []),
      ...PARAMS].filter(({ type }) => type.kind === kind);
    const chosen = named.at(random.between(-2, -1));
    if (chosen !== undefined && random.chance(0.3)) return name(chosen.name);
    const field = this.#field(kind);
    if (field !== undefined && (kind === 'geo' || random.chance(0.6))) return field;
    return kind === 'geo' ? name('location') : this.#literal(kind);
  }

  /** A field of the kind; money is converted at once, its currency being unknown. */
  #field(kind: Kind): Expr | undefined {
    const random = this.#random;
    const current = this.#row === 'past' && random.chance(0.3);
    const fields = SCHEMA.fields.filter((field) =>
      (field.type.kind === kind ||
        (kind === 'string' && (field.type.kind === 'enum' || field.type.kind === 'entity'))) &&
      (this.#row === 'current' || current || field.history));
    const field = fields[random.between(0, fields.length - 1)];
    if (field === undefined) return undefined;
    const read = name(field.path, current);
    return kind === 'money' ? this.#convert(read) : read;
  }

  #convert(value: Expr): Expr {
    return { kind: 'convert', value, currency: 'EUR', span };
  }

  #literal(kind: Kind): Expr {
    const random = this.#random;
    switch (kind) {
      case 'bool': return literal(random.chance(0.5), { kind });
      case 'string': return text(random.pick(WORDS));
      case 'money': return literal(random.pick([0, 1, 50, 999, 100_000]), { kind, currency: 'EUR' });
      case 'int': return literal(random.pick([0, 1, 2, 3, 10, 100, 9_007_199_254_740_991]), { kind });
      case 'decimal': return literal(random.pick([0, 0.5, 1.5, 2.345, 0.0000001, 1e21]), { kind });
      case 'ratio': return literal(random.pick([0, 0.07, 0.5, 0.9, 1.5, 0.0001]), { kind });
      case 'duration': return literal(
        random.pick([0, 1, 90_000, 3_600_000, 5_400_000, 86_400_000, 2_592_000_000]), { kind });
      case 'instant': return literal(random.pick([0, 1_700_000_000_000, 1_795_428_000_123]), { kind });
      case 'date': return literal(random.pick([0, 59, 20_000]), { kind });
      case 'clock': return literal(random.pick([0, 21_600_000, 72_000_000, 86_400_000, 72_030_000]),
        { kind });
      case 'distance': return literal(random.pick([0, 100, 5_000, 0.5]), { kind });
      case 'speed': return literal(random.pick([0, 250, 900 / 3.6, 1.1]), { kind });
      case 'geo': case 'histogram': throw new TypeError(`no literal of ${kind}`);
    }
  }

  /** What any kind can be made of. */
  #shared(kind: Kind, depth: number): Expr {
    const random = this.#random;
    const form = random.between(0, 3);
    if (form === 0) {
      const left = kind === 'string' ? this.#looseText(depth) : this.of(kind, depth);
      return binary('??', left, this.of(kind, depth));
    }
    if (form === 1) return { kind: 'require', condition: this.of('bool', depth), body: this.of(kind, depth),
      span };
    if (form === 2 && ORDERED.includes(kind)) {
      return call(random.pick(['min', 'max']),
        ...Array.from({ length: random.between(2, 3) }, () => this.of(kind, depth)));
    }
    const valueKind = random.pick(KINDS);
    const value = this.of(valueKind, depth);
    const local = `v${this.#localCount++}`;
    const before = this.#locals;
    this.#locals = [...before, { name: local, kind: valueKind }];
    const body = this.of(kind, depth);
    this.#locals = before;
    return { kind: 'let', name: local, value, body, span };
  }

  #made(kind: Kind, depth: number): Expr {
    const random = this.#random;
    const of = (part: Kind): Expr => this.of(part, depth);
    const either = (a: Kind, b: Kind): [Expr, Expr] => (random.chance(0.5) ? [of(a), of(b)] : [of(b), of(a)]);
    const number = (): Kind => random.pick(['int', 'decimal', 'ratio']);
    const sum = (): Expr => binary(random.pick(['+', '-']), of(kind), of(kind));
    switch (kind) {
      case 'bool': return this.#condition(depth);
      case 'int':
        return random.pick([
          sum, () => binary('*', of('int'), of('int')), () => call('abs', of('int')),
            () => this.#negative(of('int')),
          () => call('hour', of('instant'), this.#zone()), () => call('length', of('string')),
          () => call('first_digit', random.chance(0.5) ? of('int') : of('money')),
        ])();
      case 'decimal':
        return random.pick([
          () => binary('/', of('int'), of(number())), () => binary('*', of('decimal'), of(number())),
          () => binary('+', of('decimal'), of(number())), () => binary('/', of(number()), of('decimal')),
          () => (this.#row === 'current' ? call('chi_square', of('histogram'), name('benford'))
            : of('decimal')),
          () => call('fact', text('fan_out'), this.#entity(), literal(600_000, { kind: 'duration' })),
        ])();
      case 'ratio':
        return random.pick([
          () => binary('/', of('money'), of('money')), () => binary('/', of('duration'), of('duration')), sum,
          () => binary('*', of('ratio'), of('ratio')), () => binary('/', of('distance'), of('distance')),
        ])();
      case 'money':
        return random.pick([
          sum, () => binary('*', ...either('money', number())), () => call('abs', of('money')),
          () => this.#negative(of('money')), () => this.#convert(of('money')),
          () => this.#convert({ kind: 'convert', value: of('money'), currency: 'JPY', span }),
        ])();
      case 'duration':
        return random.pick([
          sum, () => binary('*', ...either('duration', number())), () => call('age', of('instant')),
          () => binary('-', of('instant'), of('instant')), () => binary('-', of('date'), of('date')),
          () => binary('/', of('distance'), of('speed')), () => call('abs', of('duration')),
        ])();
      case 'instant':
        return random.pick([
          () => binary('+', ...either('instant', 'duration')),
            () => binary('-', of('instant'), of('duration')),
          () => binary(random.pick(['+', '-']), of('instant'), this.#period()),
        ])();
      case 'date':
        return random.pick([
          () => binary(random.pick(['+', '-']), of('date'), this.#period()),
          () => call('local_date', of('instant'), this.#zone()),
        ])();
      case 'clock': return call('local_time', of('instant'), this.#zone());
      case 'distance':
        return random.pick([
          sum, () => binary('*', ...either('speed', 'duration')),
            () => binary('*', ...either('distance', number())),
          () => call('distance', of('geo'), of('geo')),
        ])();
      case 'speed': return random.pick([sum, () => binary('/', of('distance'), of('duration'))])();
      case 'string':
        return random.chance(0.3) ? call('weekday', of('instant'), this.#zone())
          : call('lower', of('string'));
      case 'geo': case 'histogram': return this.#leaf('geo');
    }
  }

  #condition(depth: number): Expr {
    const random = this.#random;
    const of = (part: Kind): Expr => this.of(part, depth);
    const ordered = random.pick(ORDERED);
    const field = (): Expr => this.#field(random.pick(['string', 'int', 'money', 'bool', 'geo'])) ??
      of('int');
    return random.pick<() => Expr>([
      () => binary(random.pick(['and', 'or']), of('bool'), of('bool')),
      () => binary(random.pick(['and', 'or']), of('bool'), of('bool')),
      () => binary(random.pick(['<', '<=', '>', '>=', '==', '!=']), of(ordered), of(ordered)),
      () => binary(random.pick(['==', '!=']), of('bool'), of('bool')),
      () => binary(random.pick(['==', '!=', '~=']), this.#leaf('string'), this.#looseText(depth)),
      () => ({ kind: 'unary', op: 'not', operand: of('bool'), span }),
      () => this.#membership(depth),
      () => call(random.pick(['missing', 'known']), random.chance(0.5) ? field() : this.any(depth)),
      () => call('blank', of('string')),
      () => call(random.pick(['starts_with', 'ends_with', 'contains']), of('string'), of('string')),
      () => call('matches', of('string'), text(random.pick(['*', 'a*', '?', '*a?*', '', 'É', '*.(']))),
      () => call('is_round', random.chance(0.5) ? name('amount') : of('money'),
        literal(random.pick([1, 10, 100]), { kind: 'int' })),
      () => call('has_label', this.#entity(), text(random.pick(['mule', 'hold']))),
      () => (this.#row === 'past' ? name('this', true)
        : call('sample', literal(random.pick([0, 0.01, 0.5, 1]), { kind: 'ratio' }), of('string'))),
    ])();
  }

  /** Not an enum beside a text it cannot have: the checker refuses that. */
  #looseText(depth: number): Expr {
    return call('lower', this.of('string', depth));
  }

  #membership(depth: number): Expr {
    const random = this.#random;
    const set = (value: Expr, made: InSet): Expr => ({ kind: 'in', value, set: made, span });
    const form = random.between(0, 3);
    if (form === 0) return set(this.#looseText(depth), { kind: 'list', list: 'words' });
    if (form === 1) {
      return random.chance(0.5) ? set(name('card.id'), { kind: 'list', list: 'cards' })
        : set(this.of('int', depth), { kind: 'list', list: 'numbers' });
    }
    const kind = random.chance(0.3) ? 'clock' : random.pick(ORDERED);
    if (form === 2) {
      const low = random.chance(0.6) ? this.#literal(kind) : this.of(kind, depth);
      const high = random.chance(0.6) ? this.#literal(kind) : this.of(kind, depth);
      return set(this.of(kind, depth), {
        kind: 'interval', low, high, lowClosed: random.chance(0.5), highClosed: random.chance(0.5),
      });
    }
    const sameKind = random.chance(0.5);
    const size = random.between(1, 11);
    const value = sameKind ? this.of(kind, depth) : this.#looseText(depth);
    const item = (): Expr => random.chance(0.8) ? this.#literal(sameKind ? kind : 'string')
      : sameKind ? this.of(kind, 0) : call('lower', this.#leaf('string'));
    return set(value, { kind: 'values', values: Array.from({ length: size }, item) });
  }

  #negative(operand: Expr): Expr {
    return { kind: 'unary', op: '-', operand, span };
  }

  #zone(): Expr {
    const random = this.#random;
    return random.chance(0.2) ? name('custom.word')
      : text(random.pick(['Europe/Paris', 'America/Sao_Paulo', 'UTC', 'Asia/Kolkata']));
  }

  #period(): Expr {
    return literal(this.#random.pick([0, 1, 3, 12, 14]), { kind: 'period' });
  }

  #entity(): Expr {
    return name(this.#random.pick(['card', 'debtor', 'device.ip']));
  }
}
