import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

interface Certificate { readonly certificate: string; readonly key: string }

/** A certificate for `host`, signed by itself and good for a day, and its key. Both are PEM. */
export function selfSigned(host: string): Promise<Certificate> {
  return inFolder(async (folder, [certificate, key]) => {
    await run('openssl', [
      'req', '-x509', '-nodes', '-days', '1', ...keyArgs(host), '-keyout', key, '-out', certificate,
    ]);
  });
}

/** One that was good on a day of 2020. */
export function expired(host: string): Promise<Certificate> {
  return inFolder(async (folder, [certificate, key]) => {
    const request = join(folder, 'request.pem');
    await run('openssl', ['req', '-new', '-nodes', ...keyArgs(host), '-keyout', key, '-out', request]);
    const settings = join(folder, 'ca.cnf');
    await writeFile(settings, caSettings(folder));
    await writeFile(join(folder, 'index'), '');
    await run('openssl', [
      'ca', '-batch', '-selfsign', '-notext', '-config', settings, '-keyfile', key,
      '-startdate', '20200101000000Z', '-enddate', '20200102000000Z', '-in', request, '-out', certificate,
    ]);
  });
}

const keyArgs = (host: string): readonly string[] => [
  '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-subj', `/CN=${host}`,
  '-addext', `subjectAltName=${/^[\d.]+$/.test(host) ? `IP:${host}` : `DNS:${host}`}`,
];

const caSettings = (folder: string): string => `[ca]
default_ca = own
[own]
database = ${join(folder, 'index')}
new_certs_dir = ${folder}
default_md = sha256
rand_serial = yes
policy = any
copy_extensions = copy
[any]
commonName = supplied
`;

async function inFolder(
  make: (folder: string, paths: readonly [string, string]) => Promise<void>,
): Promise<Certificate> {
  const folder = await mkdtemp(join(tmpdir(), 'assay-certificate-'));
  const [certificate, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')];
  try {
    await make(folder, [certificate, key]);
    return { certificate: await readFile(certificate, 'utf8'), key: await readFile(key, 'utf8') };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
