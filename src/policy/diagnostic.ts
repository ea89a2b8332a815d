import type { DiagnosticCode } from '#expression/diagnostic.ts';

/** Closed list of what can be wrong in a policy document; every code has a case in test/language/policy. */
export const POLICY_CODES = {
  P001: 'not YAML 1.2',
  P002: 'YAML that a policy may not use: anchors, aliases, tags, merge keys, directives',
  P003: 'a key that is there twice',
  P004: 'no document, or more than one',
  P005: 'a document that is too large',
  P101: 'an unknown key',
  P102: 'a missing key',
  P103: 'a value of the wrong shape',
  P104: 'a word that is not one of those allowed',
  P105: 'a name that cannot be a name',
  P106: 'a number, date or text that cannot be read, or is out of range',
  P107: 'a name that is already taken',
  P108: 'more than a limit allows',
  P109: 'another event schema',
  P201: 'a parameter that is not a fixed value',
  P202: 'values of one parameter that differ in type',
  P203: 'a feature that is not an aggregate',
  P204: 'an expression of the wrong type for its place',
  P205: 'dates out of order',
  P301: 'a rule that does not say what it does when it cannot decide',
  P302: 'a final rule that something could take back',
  P303: 'a rule without effect',
  P304: 'a replacement that cannot be',
  P305: 'an unknown reference',
  P306: 'a `then` whose parts do not fit together',
  P307: 'a rule for payments without windows that needs them',
  P401: 'bands that do not cover the scores in order',
  P402: 'a sum of scores that does not fit the rules',
  P501: 'a test that cannot be run',
  P502: 'an expectation that names nothing in the policy',
  P503: 'a policy that costs too much',
  P601: 'a name that is never used',
  P602: 'a number in a reason text',
  P603: 'a rule without a test that it hits',
  P604: 'a band that is never reached',
  P605: 'a condition that does not depend on the payment',
  P606: 'an AML rule that lets pass what it cannot see without windows',
  P607: 'a word about windows on a rule that reads none',
} as const;
export type PolicyCode = keyof typeof POLICY_CODES;

/** What is wrong, where, and one way to put it right. Offsets are UTF-16 units into the document. */
export interface PolicyDiagnostic {
  readonly code: PolicyCode | DiagnosticCode;
  readonly severity: 'error' | 'warning';
  readonly start: number;
  readonly end: number;
  readonly message: string;
  readonly help?: string;
}

/** P6xx warn; everything else keeps the policy from being compiled. */
const severityOf = (code: PolicyDiagnostic['code']): PolicyDiagnostic['severity'] =>
  code.startsWith('P6') ? 'warning' : 'error';

/** Where a diagnostic points: a node of the document, a key of it, or any stretch of text. */
export interface Place { readonly start: number; readonly end: number }

const DIAGNOSTIC_COUNT_MAX = 100;

/** Collects what the passes find; a pass goes on after an error, so that one run shows them all. */
export class Findings {
  readonly #found: PolicyDiagnostic[] = [];
  #errorCount = 0;

  report(code: PolicyDiagnostic['code'], place: Place, message: string, help?: string): void {
    const severity = severityOf(code);
    if (severity === 'error') this.#errorCount += 1;
    if (this.#found.length >= DIAGNOSTIC_COUNT_MAX) return;
    const { start, end } = place;
    const found = { code, severity, start, end, message };
    this.#found.push(help === undefined ? found : { ...found, help });
  }

  get errorCount(): number {
    return this.#errorCount;
  }

  get hasErrors(): boolean {
    return this.#errorCount > 0;
  }

  /** Without the warnings: they are for a policy that stands. */
  get errors(): readonly PolicyDiagnostic[] {
    return this.all.filter((found) => found.severity === 'error');
  }

  /** In the order of the document. */
  get all(): readonly PolicyDiagnostic[] {
    return this.#found.toSorted((a, b) => a.start - b.start || (a.code < b.code ? -1 : 1));
  }
}
