/** The `assay` command. */
import process from 'node:process';
import { openKeyStore } from '#adapters/key-file/key-store.ts';
import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import { storeWorld } from '#policy/store-world.ts';
import { runPolicyTests } from '#policy/run-policy-tests.ts';
import { backtestCommand, BACKTEST_USAGE } from '#cli/backtest.ts';
import { benchPolicy, BENCH_POLICY_USAGE } from '#cli/bench-policy.ts';
import { dead, DEAD_USAGE } from '#cli/dead.ts';
import { decide, DECIDE_USAGE } from '#cli/decide.ts';
import { explain, EXPLAIN_USAGE } from '#cli/explain.ts';
import { key, KEY_USAGE } from '#cli/key.ts';
import { languageServer, LANGUAGE_SERVER_USAGE } from '#cli/language-server.ts';
import { isLifecycleVerb, lifecycle, lifecycleUsage, LIFECYCLE_USAGE } from '#cli/lifecycle.ts';
import { labCommand, LAB_USAGE } from '#cli/lab.ts';
import { isFileVerb, policy, POLICY_USAGE } from '#cli/policy.ts';
import { policyDiff, POLICY_DIFF_USAGE } from '#cli/policy-diff.ts';
import { reconcileCommand, RECONCILE_USAGE } from '#cli/reconcile.ts';
import { replayCommand, REPLAY_USAGE } from '#cli/replay.ts';
import { verify, VERIFY_USAGE } from '#cli/verify.ts';
import { UsageError, type Command, type ExitCode, type Shell } from '#cli/shell.ts';
import { eventSchema } from '#domain/field.ts';
import { backtestCliParts } from './backtest-parts.ts';
import { deadParts } from './dead-parts.ts';
import { explainParts } from './explain-parts.ts';
import { messageOrTrace } from './messages.ts';
import { readCustom } from './read-publication.ts';
import { reconcileParts } from './reconcile-parts.ts';
import { policyFolder } from './settings.ts';
import { decideParts, replayParts, verifyParts } from './cli-parts.ts';

const openTestWorld = storeWorld((schema) => new LocalWindowStore(schema));

const editor: Command = async (shell) =>
  languageServer(shell, eventSchema(await readCustom(policyFolder(process.env))), openTestWorld);

/** Of one verb of `assay policy`, or of all where it has no such verb. */
function policyUsage(verb?: string): string {
  if (isLifecycleVerb('policy', verb)) return lifecycleUsage('policy', verb);
  if (verb === 'diff') return POLICY_DIFF_USAGE;
  return isFileVerb(verb) ? POLICY_USAGE
    : [POLICY_USAGE, POLICY_DIFF_USAGE, lifecycleUsage('policy')].join('\n\n');
}

const policyCommand: Command = async (shell) => {
  const [verb] = shell.args;
  if (isLifecycleVerb('policy', verb)) return lifecycle(shell, 'policy');
  if (verb !== 'diff' && !isFileVerb(verb)) {
    const unknown = verb === undefined ? '' : `assay policy has no command ${verb}\n`;
    throw new UsageError(`${unknown}${policyUsage()}`);
  }
  const schema = eventSchema(await readCustom(policyFolder(process.env)));
  if (verb === 'diff') return policyDiff(shell, decideParts, schema);
  return policy(shell, (compiled) => runPolicyTests(compiled, { open: openTestWorld }), schema);
};

interface Entry {
  readonly run: Command;
  /** What `--help` prints: of one verb, where it has verbs and has that one. */
  readonly usage: (verb?: string) => string;
}

const ofServer = (noun: 'list' | 'snooze' | 'brake' | 'audit'): Entry => ({
  run: (shell) => lifecycle(shell, noun), usage: (verb) => lifecycleUsage(noun, verb),
});
const entry = (run: Command, usage: string): Entry => ({ run, usage: () => usage });

const COMMANDS: Readonly<Record<string, Entry>> = {
  decide: entry((shell) => decide(shell, decideParts), DECIDE_USAGE),
  policy: { run: policyCommand, usage: policyUsage },
  list: ofServer('list'),
  snooze: ofServer('snooze'),
  brake: ofServer('brake'),
  audit: ofServer('audit'),
  'bench-policy': entry(async (shell) =>
    benchPolicy(shell, openTestWorld, eventSchema(await readCustom(policyFolder(process.env)))),
  BENCH_POLICY_USAGE),
  'language-server': entry(editor, LANGUAGE_SERVER_USAGE),
  lsp: entry(editor, LANGUAGE_SERVER_USAGE),
  lab: entry((shell) => labCommand(shell, backtestCliParts()), LAB_USAGE),
  backtest: entry((shell) => backtestCommand(shell, backtestCliParts()), BACKTEST_USAGE),
  explain: entry((shell) => explain(shell, explainParts), EXPLAIN_USAGE),
  replay: entry((shell) => replayCommand(shell, replayParts), REPLAY_USAGE),
  verify: entry((shell) => verify(shell, verifyParts), VERIFY_USAGE),
  key: entry((shell) => key(shell, openKeyStore), KEY_USAGE),
  dead: entry((shell) => dead(shell, deadParts), DEAD_USAGE),
  reconcile: entry((shell) => reconcileCommand(shell, reconcileParts), RECONCILE_USAGE),
};

const USAGE = [
  DECIDE_USAGE, EXPLAIN_USAGE, POLICY_USAGE, POLICY_DIFF_USAGE, LIFECYCLE_USAGE, BENCH_POLICY_USAGE,
  BACKTEST_USAGE, LAB_USAGE, LANGUAGE_SERVER_USAGE, REPLAY_USAGE, VERIFY_USAGE, KEY_USAGE,
  DEAD_USAGE, RECONCILE_USAGE,
].join('\n\n');

async function main(): Promise<ExitCode> {
  const [name = '', ...args] = process.argv.slice(2);
  const shell: Shell = {
    args, folder: process.cwd(), env: process.env,
    out: (line) => { process.stdout.write(`${line}\n`); },
    err: (line) => { process.stderr.write(`${line}\n`); },
  };
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (name === '' || name === '--help' || args.includes('--help')) {
    shell.out(command?.usage(args[0]) ?? USAGE);
    return 0;
  }
  if (command === undefined) {
    shell.err(`assay has no command ${name}\n\n${USAGE}`);
    return 2;
  }
  try {
    return await command.run(shell);
  } catch (error) {
    shell.err(isArgumentError(error) ? `${error.message}; see assay ${name} --help` : messageOrTrace(error));
    return 2;
  }
}

/** What `parseArgs` of Node throws for an option it does not know. */
const isArgumentError = (error: unknown): error is Error =>
  error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');

/** As of every command whose reader has gone (`| head`): it ends, and says nothing. 128 + SIGPIPE. */
const READER_GONE = 141;
process.stdout.on('error', (error: Error) => {
  if ('code' in error && error.code === 'EPIPE') process.exit(READER_GONE);
  throw error;
});

process.exitCode = await main();
