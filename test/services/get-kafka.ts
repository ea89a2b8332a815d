import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ServerProgram } from './debian-packages.ts';
import { fetchService } from './service-cache.ts';

const run = promisify(execFile);
const POM = join(import.meta.dirname, 'kafka', 'pom.xml');
const JAVA_MAJOR_MIN = 17;

/** Java, and the folder of the jars that are Kafka, which Maven fetches into the cache. */
export async function getKafka(): Promise<{ readonly java: ServerProgram; readonly jars: string }> {
  const { stderr } = await run('java', ['-version']).catch((error: unknown) => {
    throw new Error('Kafka needs a Java: there is none in PATH', { cause: error });
  });
  const major = Number(/version "(\d+)/.exec(stderr)?.[1]);
  if (!(major >= JAVA_MAJOR_MIN)) throw new Error(`Kafka needs Java ${JAVA_MAJOR_MIN}, and here is ${major}`);
  const tag = createHash('sha256').update(readFileSync(POM)).digest('hex').slice(0, 12);
  const jars = await fetchService(`kafka-${tag}`, fetchJars);
  return { java: { path: 'java', env: {} }, jars };
}

async function fetchJars(folder: string): Promise<void> {
  const args = ['-q', '-B', '-f', POM, 'dependency:copy-dependencies', `-DoutputDirectory=${folder}`];
  try {
    await run('mvn', args);
  } catch (error) {
    const { stdout, message } = error as { stdout?: string; message: string };
    const said = /^.*\[ERROR\].*$/m.exec(stdout ?? '')?.[0];
    throw new Error(`Maven did not fetch Kafka: ${said ?? message}`, { cause: error });
  }
}
