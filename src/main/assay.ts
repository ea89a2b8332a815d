/** The `assay` command. */
import process from 'node:process';
import { openKeyStore } from '#adapters/key-file/key-store.ts';
import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import { storeWorld } from '#policy/store-world.ts';
import { runPolicyTests } from '#policy/run-policy-tests.ts';
import { backtestCommand, BACKTEST_USAGE } from '#cli/backtest.ts';
import { benchPolicy, BENCH_POLICY_USAGE } from '#cli/bench-policy.ts';
import { decide, DECIDE_USAGE } from '#cli/decide.ts';
import { explain, EXPLAIN_USAGE } from '#cli/explain.ts';
import { key, KEY_USAGE } from '#cli/key.ts';
import { languageServer, LANGUAGE_SERVER_USAGE } from '#cli/language-server.ts';
import { isLifecycleVerb, lifecycle, lifecycleUsage, LIFECYCLE_USAGE } from '#cli/lifecycle.ts';
import { labCommand, LAB_USAGE } from '#cli/lab.ts';
import { isFileVerb, policy, POLICY_USAGE } from '#cli/policy.ts';
import { policyDiff, POLICY_DIFF_USAGE } from '#cli/policy-diff.ts';
import { replayCommand, REPLAY_USAGE } from '#cli/replay.ts';
import { verify, VERIFY_USAGE } from '#cli/verify.ts';
import { UsageError, type Command, type ExitCode, type Shell } from '#cli/shell.ts';
import { eventSchema } from '#domain/field.ts';
import { backtestCliParts } from './backtest-parts.ts';
import { explainParts } from './explain-parts.ts';
import { messageOrTrace } from './messages.ts';
import { readCustom } from './read-publication.ts';
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

const COMMANDS: Readonly<Record<string, Command>> = {
  decide: (shell) => decide(shell, decideParts),
  policy: policyCommand,
  list: (shell) => lifecycle(shell, 'list'),
  snooze: (shell) => lifecycle(shell, 'snooze'),
  brake: (shell) => lifecycle(shell, 'brake'),
  audit: (shell) => lifecycle(shell, 'audit'),
  'bench-policy': async (shell) =>
    benchPolicy(shell, openTestWorld, eventSchema(await readCustom(policyFolder(process.env)))),
  'language-server': editor,
  lsp: editor,
  lab: (shell) => labCommand(shell, backtestCliParts()),
  backtest: (shell) => backtestCommand(shell, backtestCliParts()),
  explain: (shell) => explain(shell, explainParts),
  replay: (shell) => replayCommand(shell, replayParts),
  verify: (shell) => verify(shell, verifyParts),
  key: (shell) => key(shell, openKeyStore),
};

const USAGE = [
  DECIDE_USAGE, EXPLAIN_USAGE, POLICY_USAGE, POLICY_DIFF_USAGE, LIFECYCLE_USAGE, BENCH_POLICY_USAGE,
  BACKTEST_USAGE, LAB_USAGE, LANGUAGE_SERVER_USAGE, REPLAY_USAGE, VERIFY_USAGE, KEY_USAGE,
].join('\n\n');

/** What `--help` prints; of all commands where there is no such command. */
function usageOf(name: string, verb: string | undefined): string {
  switch (name) {
    case 'policy': return policyUsage(verb);
    case 'list': case 'snooze': case 'brake': case 'audit': return lifecycleUsage(name, verb);
    case 'decide': return DECIDE_USAGE;
    case 'explain': return EXPLAIN_USAGE;
    case 'bench-policy': return BENCH_POLICY_USAGE;
    case 'language-server': case 'lsp': return LANGUAGE_SERVER_USAGE;
    case 'lab': return LAB_USAGE;
    case 'backtest': return BACKTEST_USAGE;
    case 'replay': return REPLAY_USAGE;
    case 'verify': return VERIFY_USAGE;
    case 'key': return KEY_USAGE;
    default: return USAGE;
  }
}

async function main(): Promise<ExitCode> {
  const [name = '', ...args] = process.argv.slice(2);
  const shell: Shell = {
    args, folder: process.cwd(), env: process.env,
    out: (line) => { process.stdout.write(`${line}\n`); },
    err: (line) => { process.stderr.write(`${line}\n`); },
  };
  if (name === '' || name === '--help' || args.includes('--help')) {
    shell.out(usageOf(name, args[0]));
    return 0;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    shell.err(`assay has no command ${name}\n\n${USAGE}`);
    return 2;
  }
  try {
    return await command(shell);
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
