#!/usr/bin/env node
// Secrets from the agent, for Node 18 and later, without packages.
// As a module: (await getSecret('my/secret')).SecretString. As a program: get-secret.mjs SECRET_ID prints the secret.
import { Agent, get } from 'node:http';
import { readFile } from 'node:fs/promises';
import { existsSync, realpathSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

// Keeps connections for less time than the agent does (75 s). Uses no proxy, which could not reach the agent, and would
// see the token.
const connections = new Agent({ keepAlive: true, timeout: 60_000 });

// A path without file:// would be sent as the token.
function checkedNoPath(value) {
  if (/^(file:|~\/)/.test(value) || (value.startsWith('/') && existsSync(value))) {
    throw new Error("the token's variable holds a path: write file:///PATH");
  }
  return value;
}

// Read for each try: a restarted agent may have a new one. Throws if there is none yet.
async function token() {
  const { AWS_TOKEN, AWS_SESSION_TOKEN, AWS_CONTAINER_AUTHORIZATION_TOKEN } = process.env;
  const values = [AWS_TOKEN, AWS_SESSION_TOKEN, AWS_CONTAINER_AUTHORIZATION_TOKEN].map((value) => value?.trim());
  const value = values.find(Boolean) ?? 'file:///var/run/awssmatoken';
  if (!value.startsWith('file://')) return checkedNoPath(value);
  const path = value.slice('file://'.length);
  const text = (await readFile(path, 'ascii')).trim();
  if (text === '') throw new Error(`${path} is empty`);
  return text;
}

// The agent's Unix socket, if there is one. It needs no token.
const socketPath = process.env.SMA_UNIX_SOCKET || undefined;

async function fields() {
  return socketPath ? {} : { 'X-Aws-Parameters-Secrets-Token': await token() };
}

// One request; resolves to { status, body }.
function ask(url, headers) {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(60_000);
    get(url, { agent: connections, headers, signal, socketPath }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () => resolve({ status: answer.statusCode, body: Buffer.concat(parts).toString() }));
      answer.on('error', reject);
    }).on('error', reject);
  });
}

// The agent's answer. Parameters: versionId, versionStage, refreshNow, roleArn. Tries for about ten seconds while the
// agent is not there yet, is busy, or cannot reach AWS, and three times if it refuses the token. Says on standard error why
// the first try failed. In the end throws.
export async function getSecret(secretId, parameters = {}) {
  const url = new URL(`http://127.0.0.1:${process.env.SMA_HTTP_PORT || 2773}/secretsmanager/get`);
  url.search = new URLSearchParams({ secretId, ...parameters });
  let fault;
  let refusals = 0;
  for (const pause of [100, 200, 400, 800, 1600, 3200, 5000, 0]) {
    try {
      const { status, body } = await ask(url, await fields());
      if (status === 200) return JSON.parse(body);
      fault = new Error(`${secretId}: ${status} ${body}`);
      if (status === 403) refusals += 1;
      if (refusals === 3 || (![403, 429].includes(status) && status < 500)) break;
    } catch (error) {
      fault = error;
    }
    if (pause === 100) console.error(`trying again: ${fault.message}`);
    await setTimeout(pause);
  }
  throw fault;
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  if (process.argv.length !== 3) {
    console.error('usage: get-secret.mjs SECRET_ID');
    process.exit(1);
  }
  try {
    const secret = await getSecret(process.argv[2]);
    if (secret.SecretString === undefined) process.stdout.write(Buffer.from(secret.SecretBinary, 'base64'));
    else console.log(secret.SecretString);
  } catch (error) {
    console.error(`get-secret.mjs: ${error.message}`);
    process.exitCode = 1;
  }
}
