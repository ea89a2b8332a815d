/** What one rule says when it hits: all that does not depend on the payment is worked out once. */
import type { Reason, ReasonFact } from '#domain/decision.ts';
import type { ParsedEvent } from '#domain/event.ts';
import { ownText } from '#domain/flat-text.ts';
import type { Expr } from '#expression/ast.ts';
import { typeOf } from '#expression/tree.ts';
import type { Cell, Type } from '#expression/type.ts';
import type { CompiledPolicy, Rule } from './compiled-policy.ts';
import { currencySlotOf } from './currency-of.ts';
import { formatCell, sayCell } from './format-cell.ts';
import { explanationOf } from './generate-policy.ts';

/** How the cell of an expression is told. */
interface Told { readonly type: Type; readonly currencySlot: number }

interface ToldFact {
  readonly name: string;
  /** The cell of the comparison where the fact is told. */
  readonly when: Cell;
  readonly value: Told;
  readonly threshold: Told | undefined;
}

const told = (expr: Expr): Told => ({ type: typeOf(expr), currencySlot: currencySlotOf(expr) });

/** What it puts together is flat (`ownText`): it is written into every decision that it is in. */
export class ReasonWriter {
  readonly #rule: Rule;
  readonly #facts: readonly ToldFact[];
  readonly #words: readonly (string | Told)[];
  readonly #references: readonly string[];

  constructor(rule: Rule, { references }: CompiledPolicy) {
    this.#rule = rule;
    this.#facts = explanationOf(rule).facts.map((fact) => ({
      name: ownText(fact.name), when: fact.holds ? 2 : 0, value: told(fact.value),
      threshold: fact.threshold === undefined ? undefined : told(fact.threshold),
    }));
    this.#words = rule.reason.map((part) => (part.kind === 'text' ? ownText(part.text) : told(part.expr)));
    this.#references = rule.because.map((key) => references.get(key)?.text ?? key);
  }

  /** `cells` are those of the rule's explanation for the event. */
  write(event: ParsedEvent, cells: readonly Cell[], effect: string, note: string): Reason {
    const facts: ReasonFact[] = [];
    for (let i = 0; i < this.#facts.length; i++) {
      const { name, when, value, threshold } = this.#facts[i]!;
      if (cells[3 * i] !== when) continue;
      const seen = formatted(value, cells[3 * i + 1], event);
      facts.push(threshold === undefined ? { name, value: seen }
        : { name, value: seen, threshold: formatted(threshold, cells[3 * i + 2], event) });
    }
    let next = 3 * this.#facts.length;
    const words = this.#words.map((word) => (typeof word === 'string'
      ? word : sayCell(cells[next++], word.type, event.texts[word.currencySlot])));
    if (note !== '') words.push(note);
    const { id, axis, does } = this.#rule;
    return {
      code: does.reasonCode ?? id, rule: id, axis, effect, text: words.join(''), facts,
      references: this.#references,
    };
  }
}

const formatted = ({ type, currencySlot }: Told, cell: Cell, event: ParsedEvent): ReasonFact['value'] =>
  formatCell(cell, type, event.texts[currencySlot]);
