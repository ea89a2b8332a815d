/** `assay key create|list|revoke`: who may call. */
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import {
  DEVELOPER, PERSON_NAME, ROLE_NAME, SCOPES, SYSTEM_PERSON,
  type KeyStore, type NewKey, type Scope,
} from '#ports/key-store.ts';
import { UsageError, type ExitCode, type Shell } from './shell.ts';

export const KEY_USAGE = `assay key create --name NAME --scopes ${SCOPES.join(',')} [--tenant TENANT]
                 [--person WHO [--roles ROLE,ROLE]]   who holds it: without, it approves and publishes nothing
assay key list
assay key revoke ID
  --data FOLDER     the data folder; default ASSAY_DATA, or .assay`;

export async function key(shell: Shell, open: (folder: string) => Promise<KeyStore>): Promise<ExitCode> {
  const { values, positionals: [verb, id] } = parseArgs({
    args: [...shell.args], allowPositionals: true, options: {
      name: { type: 'string' }, scopes: { type: 'string', default: 'decide' },
      tenant: { type: 'string', default: 'default' }, data: { type: 'string' },
      person: { type: 'string' }, roles: { type: 'string' },
    },
  });
  const keys = await open(resolve(shell.folder, values.data ?? shell.env['ASSAY_DATA'] ?? '.assay'));
  switch (verb) {
    case 'list':
      for (const one of keys.list()) {
        const state = one.revokedAt === undefined ? 'live' : `revoked ${one.revokedAt}`;
        const holder = one.person === undefined ? 'nobody'
          : [one.person, ...(one.roles?.length ? [`(${one.roles.join(',')})`] : [])].join(' ');
        shell.out(
          [one.id, one.name, one.tenant, one.scopes.join(','), holder, one.createdAt, state].join('  '));
      }
      return 0;
    case 'create': {
      if (values.name === undefined) throw new UsageError(KEY_USAGE);
      const { token, key: made } = await keys.create({
        name: values.name, tenant: values.tenant, scopes: values.scopes.split(',').map(parseScope),
        ...holderOf(values.person, values.roles), madeBy: `${userInfo().username} on the data folder`,
      });
      shell.out(`${token}\nThis is shown once: only its hash is kept. Id ${made.id}, to revoke it.`);
      return 0;
    }
    case 'revoke': {
      if (id === undefined) throw new UsageError(KEY_USAGE);
      const revoked = await keys.revoke(id);
      shell.out(revoked ? `${id} is revoked` : `${id} is not a live key`);
      return revoked ? 0 : 1;
    }
    case undefined:
    default: throw new UsageError(KEY_USAGE);
  }
}

function parseScope(text: string): Scope {
  const scope = SCOPES.find((known) => known === text.trim());
  if (scope === undefined) throw new UsageError(`${text} is not a scope; there are ${SCOPES.join(', ')}`);
  return scope;
}

function holderOf(person: string | undefined, roles: string | undefined): Pick<NewKey, 'person' | 'roles'> {
  if (person === undefined) {
    if (roles !== undefined) throw new UsageError('roles belong to a person: add --person WHO');
    return {};
  }
  if (!PERSON_NAME.test(person)) {
    throw new UsageError(`\`${person}\` cannot be a person; small letters, digits and . _ @ - such as a.ng`);
  }
  if (person === DEVELOPER || person === SYSTEM_PERSON) {
    throw new UsageError(`\`${person}\` is a name of the system's own; name the person`);
  }
  const names = roles === undefined ? [] : roles.split(',').map((role) => role.trim());
  const wrong = names.find((role) => !ROLE_NAME.test(role));
  if (wrong !== undefined) throw new UsageError(`\`${wrong}\` cannot be a role; small letters, such as risk`);
  return { person, roles: names };
}
