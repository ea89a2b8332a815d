/**
 * Runs the tests that stand in a policy, each in a world of its own, and says of a failure what the value
 * was.
 */
import type { ParsedEvent } from '#domain/event.ts';
import { emptyRateTable, type RateTable } from '#domain/rates.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import type { Place } from './diagnostic.ts';
import { explainFailure } from './explain-failure.ts';
import { bindLists, type ListSource } from './lists.ts';
import { sameCell } from './parse-value.ts';
import type { Expectation, PolicyTest, TestLine } from './policy-test.ts';
import { linePlace } from './render-diagnostic.ts';
import { formatCell } from './format-cell.ts';
import { EXCEPTED, HIT, MISS, UNKNOWN } from './policy-result.ts';
import type { Judged, OpenTestWorld, TestWorld } from './test-world.ts';

export interface TestOptions {
  readonly open: OpenTestWorld;
  /** Default: none, so that a conversion to another currency is missing. */
  readonly rates?: RateTable;
}

export interface TestReport {
  readonly passed: number;
  readonly failed: number;
  readonly results: readonly TestResult[];
}

export interface TestResult {
  readonly name: string;
  /** One message each, with the place in the file; empty where the test passed. */
  readonly failures: readonly string[];
}

const ANSWER_WORDS = { [MISS]: 'miss', [UNKNOWN]: 'unknown', [HIT]: 'hit',
  [EXCEPTED]: 'excepted' } as const;

/** `hit` for 2, and so on. */
const answerWord = (answer: number | undefined): string =>
  Object.entries(ANSWER_WORDS).find(([code]) => Number(code) === answer)?.[1] ?? 'nothing';

export function runPolicyTests(policy: CompiledPolicy, options: TestOptions): TestReport {
  const at = ({ start }: Place, test: PolicyTest): string => {
    const { line, column } = linePlace(policy.source, start);
    const about = start === test.place.start ? `${line}` : `${line}:${column}`;
    return `${policy.fileName}:${about}`;
  };
  const results = policy.tests.map((test) => ({
    name: test.name,
    failures: runPolicyTest(policy, test, options).map(
      (failure) => `${at(failure, test)} ${failure.message}`),
  }));
  const failed = results.filter((result) => result.failures.length > 0).length;
  return { passed: results.length - failed, failed, results };
}

/** An event of a test as it was sent, for explanations. */
export interface SentEvent { readonly event: ParsedEvent; readonly number: number; readonly at: string }

/** What was expected and was not so, at its place in the document. */
export interface TestFailure extends Place { readonly message: string }

export function runPolicyTest(policy: CompiledPolicy, test: PolicyTest,
  options: TestOptions): readonly TestFailure[] {
  const published = new Map<string, ListSource>(
    [...test.lists].map(([name, entries]) => [name, { name, entries }]));
  const lists = bindLists(policy.lists, published);
  const name = `test "${test.name}"`;
  if ('problems' in lists) return [{ ...test.place, message: `${name}: ${lists.problems.join('; ')}` }];
  const world = options.open(policy, lists, options.rates ?? emptyRateTable(policy.currency ?? 'EUR'));
  const sent: SentEvent[] = [];
  return test.lines.flatMap((step, index) => {
    const judged = send(step, index + 1, test, world, sent);
    if (judged === undefined) return [];
    return step.expect.flatMap((expected) => {
      const problem = mismatch(expected, judged, policy);
      if (problem === undefined) return [];
      const why = expected.kind === 'rule' ? explainFailure(policy, expected.rule, judged, sent) : [];
      const head = `${name}: event ${index + 1} (${step.at}) ${problem}`;
      const { start, end } = expected;
      return [{ start, end, message: [head, ...why].join('\n    ') }];
    });
  });
}

/** Sends the line as often as it says; what the last one was judged to be. */
function send(line: TestLine, number: number, test: PolicyTest, world: TestWorld,
  sent: SentEvent[]): Judged | undefined {
  const { step } = line;
  if (step.kind === 'change') {
    world.change(step.transactionId, step.what, step.value, test.startMs + line.atMs);
    return undefined;
  }
  let judged: Judged | undefined;
  for (let i = 0; i < line.times; i++) {
    const event = copyOf(step.event, line.times > 1 ? `${step.event.id}-${i + 1}` : step.event.id);
    sent.push({ event, number, at: line.at });
    if (event.type !== 'transaction') world.tell(event);
    else judged = line.isDegraded ? world.decideDegraded(event) : world.decide(event);
  }
  return judged;
}

function copyOf(event: ParsedEvent, id: string): ParsedEvent {
  const texts = event.texts.map((text) => (text === event.id ? id : text));
  return { ...event, id, numbers: [...event.numbers], texts };
}

/** What is wrong, or undefined where the expectation is met. */
function mismatch(expected: Expectation, judged: Judged, policy: CompiledPolicy): string | undefined {
  const { result, answers, values } = judged;
  switch (expected.kind) {
    case 'rule': {
      const got = answerWord(answers[expected.rule]);
      return got === expected.answer ? undefined
        : `expected ${policy.rules[expected.rule]?.id} to be ${expected.answer}, got ${got}`;
    }
    case 'outcome': {
      const got = expected.of === 'outcome' ? result.outcome : result[expected.of].outcome;
      if (got === expected.outcome) return undefined;
      const because = result.reasons.map((reason) => `${reason.rule} (${reason.effect})`);
      const unsure = result.unknown.filter(({ effect }) => effect !== 'miss').map(
        ({ rule, effect }) => `${rule} unknown (${effect})`);
      const told = [...because, ...unsure].join(', ');
      return `expected ${expected.of} ${expected.outcome}, got ${got}${told === '' ? '' : `: ${told}`}`;
    }
    case 'score': {
      const { score } = result[expected.of];
      return score === expected.score ? undefined
        : `expected a ${expected.of} score of ${expected.score}, got ${score}`;
    }
    case 'feature': {
      const feature = policy.features[expected.feature];
      const cell = values.cells[expected.feature];
      const absent = cell === undefined || cell !== cell || (feature?.type.kind === 'bool' && cell === 1);
      if (expected.cell === undefined ? absent : !absent && sameCell(cell, expected.cell)) return undefined;
      const got = feature === undefined || absent ? 'missing' : String(formatCell(cell, feature.type));
      return `expected ${feature?.name} to be ${expected.text}, got ${got}`;
    }
  }
}
