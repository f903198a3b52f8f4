#!/usr/bin/env node
// Secrets from the agent, for Node 18 and later, without packages.
// As a module: (await getSecret('my/secret')).SecretString. As a program: get-secret.mjs SECRET_ID prints the secret.
import { readFile } from 'node:fs/promises';
import { realpathSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

// Read at each try: a restarted agent may have a new one.
async function token() {
  const { AWS_TOKEN, AWS_SESSION_TOKEN, AWS_CONTAINER_AUTHORIZATION_TOKEN } = process.env;
  const value = AWS_TOKEN || AWS_SESSION_TOKEN || AWS_CONTAINER_AUTHORIZATION_TOKEN || 'file:///var/run/awssmatoken';
  return value.startsWith('file://') ? (await readFile(value.slice('file://'.length), 'ascii')).trim() : value;
}

// The agent's answer. Parameters: versionId, versionStage, refreshNow, roleArn. Tries for about ten seconds while the
// agent is not there yet, is busy, or AWS is away; else throws.
export async function getSecret(secretId, parameters = {}) {
  const url = new URL(`http://localhost:${process.env.SMA_HTTP_PORT || 2773}/secretsmanager/get`);
  url.search = new URLSearchParams({ secretId, ...parameters });
  let fault;
  for (const pause of [100, 200, 400, 800, 1600, 3200, 5000, 0]) {
    try {
      const headers = { 'X-Aws-Parameters-Secrets-Token': await token() };
      const answer = await fetch(url, { headers, signal: AbortSignal.timeout(60_000) });
      if (answer.ok) return await answer.json();
      fault = new Error(`${secretId}: ${answer.status} ${await answer.text()}`);
      if (![403, 429].includes(answer.status) && answer.status < 500) break;
    } catch (error) {
      fault = error;
    }
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
    console.error(`get-secret.mjs: ${error.message}${error.cause ? `: ${error.cause.message}` : ''}`);
    process.exitCode = 1;
  }
}
