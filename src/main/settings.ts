/** Every variable of the environment that is read, with its default. */
import { join, resolve } from 'node:path';
import { UsageError } from '#cli/shell.ts';
import type { RecordsPlace } from './open-records.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const ROOT = join(import.meta.dirname, '..', '..');

/** `ASSAY_DATA`: where the log, snapshots and keys are. */
export const dataFolder = (env: Environment): string => env['ASSAY_DATA'] ?? join(ROOT, '.assay');
export const SHIPPED_POLICIES = join(ROOT, 'policies');
/** `ASSAY_POLICIES`: the folder of policies, lists, rates and custom fields. */
export const policyFolder = (env: Environment): string =>
  (env['ASSAY_POLICIES'] === undefined ? SHIPPED_POLICIES : resolve(env['ASSAY_POLICIES']));
/** `PORT`; 0 takes any that is free. */
export function port(env: Environment): number {
  const text = env['PORT'] ?? '8080';
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65_535) {
    throw new UsageError(`PORT is a port number, not ${text}`);
  }
  return value;
}
/** `HOST`: the address to listen on. */
export const host = (env: Environment): string => env['HOST'] ?? '127.0.0.1';
/** `ASSAY_DEV_KEY`: the key with all scopes; default: the one in the data folder, made at the first start. */
export const devKey = (env: Environment): string | undefined => env['ASSAY_DEV_KEY'];
/**
 * `ASSAY_KEYS`: a folder that all nodes of a fleet read and write, with the API keys and the key of the
 * seals; default: the data folder, and then each node has keys of its own.
 */
export const keysFolder = (env: Environment): string => env['ASSAY_KEYS'] ?? dataFolder(env);
/**
 * `ASSAY_SEAL_KEY_REPLACES`: the fingerprint of a seal key that is lost; what it sealed approves nothing any
 * more.
 */
export const sealKeyReplaced = (env: Environment): string | undefined => env['ASSAY_SEAL_KEY_REPLACES'];
/** `ASSAY_SETTLE=1`: the rates and custom fields of this node's folder go live, for the whole fleet. */
export const isSettling = (env: Environment): boolean => env['ASSAY_SETTLE'] === '1';
/**
 * `ASSAY_POSTGRES`: the URL of a server's database for the records; default: embedded, in the data folder.
 */
export function recordsPlace(env: Environment, folder: string): RecordsPlace {
  const url = env['ASSAY_POSTGRES'];
  return url === undefined ? { folder } : { url, ownerUrl: env['ASSAY_POSTGRES_OWNER'] };
}
