/**
 * What emitted expressions need around them: temporaries inside the generated function, constants outside it.
 *
 *   const unit = new EmitUnit();
 *   const body = emitExpression(expr, { unit });
 *   new Function('$', `${unit.constants()} return (e, f, p) => { ${unit.locals()} return ${body}; };`)
 */
export class EmitUnit {
  #localCount = 0;
  readonly #constants: string[] = [];

  /** The name of a fresh temporary, `l0`, `l1`, ... */
  local(): string {
    return `l${this.#localCount++}`;
  }

  /** The name of a constant with this source, which may use `$`; `k0`, `k1`, ... */
  constant(source: string): string {
    const known = this.#constants.indexOf(source);
    return `k${known === -1 ? this.#constants.push(source) - 1 : known}`;
  }

  /** `let l0,l1;`, to stand first in the function that runs the expressions. */
  locals(): string {
    if (this.#localCount === 0) return '';
    return `let ${Array.from({ length: this.#localCount }, (_, i) => `l${i}`).join(',')};`;
  }

  /** `const k0=...;`, to stand outside that function, where `$` is in scope. */
  constants(): string {
    return this.#constants.map((source, i) => `const k${i}=${source};`).join('');
  }
}
