/**
 * What emitted expressions need around them: temporaries inside the generated function, constants outside it.
 *
 *   const unit = new EmitUnit();
 *   const body = emitExpression(expr, { unit });
 *   new Function('$', `${unit.constants()} return (e, f, p) => { ${unit.locals()} return ${body}; };`)
 */
export class EmitUnit {
  #localCount = 0;
  readonly #shared: string[] = [];
  readonly #constants: string[] = [];

  /** The name of a fresh temporary, `l0`, `l1`, ... */
  local(): string {
    return `l${this.#localCount++}`;
  }

  /**
   * The name of what this source gives, evaluated once before the expressions run: it must read nothing but
   * `e`. Rules convert the same amount and ask for the same local time over and over. `s0`, `s1`, ...
   */
  shared(source: string): string {
    const known = this.#shared.indexOf(source);
    return `s${known === -1 ? this.#shared.push(source) - 1 : known}`;
  }

  /** The name of a constant with this source, which may use `$`; `k0`, `k1`, ... */
  constant(source: string): string {
    const known = this.#constants.indexOf(source);
    return `k${known === -1 ? this.#constants.push(source) - 1 : known}`;
  }

  /**
   * `let l0,l1;const s0=...;`, to stand first in the function that runs the expressions, where `e` is in
   * scope.
   */
  locals(): string {
    const names = Array.from({ length: this.#localCount }, (_, i) => `l${i}`).join(',');
    const shared = this.#shared.map((source, i) => `const s${i}=${source};`).join('');
    return names === '' ? shared : `let ${names};${shared}`;
  }

  /** `const k0=...;`, to stand outside that function, where `$` is in scope. */
  constants(): string {
    return this.#constants.map((source, i) => `const k${i}=${source};`).join('');
  }
}
