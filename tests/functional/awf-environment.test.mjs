// SPDX-License-Identifier: MIT
// What docker/awf reads of the environment is passed on by compose.yaml and by hdrgate-awf, and nothing is passed on
// that nobody reads.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { tempDir } from './lib/env.mjs';

const docker = resolve(dirname(fileURLToPath(import.meta.url)), '../../docker');
const files = readdirSync(join(docker, 'awf')).filter((name) => name.endsWith('.cfg')).map((name) => readFileSync(join(docker, 'awf', name), 'utf8'));
// $<NAME...>, $<host:NAME...>; the names in env: { NAME = "..."; }; what a document or the log asks for by name.
const READ = [/\$<(?:(?:host|int|json):)?([A-Z]\w*)/g, /[{;]\s*([A-Z][A-Z0-9_]*)\s*=\s*(?=")/g, /\bkey\s*=\s*"([A-Z]\w*)"/g, /%\{set:([A-Z]\w*)\}/g];
const text = files.join('\n').replace(/^\s*#.*$/gm, '');
const read = [...new Set(READ.flatMap((pattern) => [...text.matchAll(pattern)].map(([, name]) => name)))].sort();

// Where the file of tokens lies is where the folder is mounted.
const FIXED = ['AWF_TOKEN_LOG_DIR'];
// What curl reads, and Squid's address in the spelling of other programs.
const OTHERS = ['NO_PROXY', 'no_proxy', 'https_proxy'];
const settable = read.filter((name) => !FIXED.includes(name));

test('the bundle reads what it is known to read', () => {
  for (const name of ['OPENAI_API_KEY', 'COPILOT_PROVIDER_TYPE', 'AWF_MAX_RUNS', 'AWF_ALLOWED_MODELS', 'AWF_PLATFORM_TYPE', 'HTTPS_PROXY', 'AWF_RATE_LIMIT_ENABLED', 'VERTEX_API_BASE_PATH']) assert.ok(read.includes(name), name);
  // Whatever looks like a variable has been seen as one.
  for (const [, name] of text.matchAll(/\b((?:AWF|OPENAI|ANTHROPIC|COPILOT|GEMINI|GOOGLE|VERTEX|GITHUB)_[A-Z_]+)\b/g)) assert.ok(read.includes(name), name);
});

test('compose.yaml passes on all of it, and nothing else', () => {
  const given = parse(readFileSync(join(docker, 'compose.yaml'), 'utf8')).services['api-proxy'].environment;
  assert.deepEqual(Object.keys(given).filter((name) => !OTHERS.includes(name)).sort(), settable);
  // As it is: under its own name, with nothing or the number for "off" where there is none.
  for (const [name, value] of Object.entries(given)) {
    if (!/proxy$/i.test(name)) assert.match(value, new RegExp(`^\\$\\{${name}-(|0|false)\\}$`), name);
  }
});

test('hdrgate-awf passes on all of it', () => {
  const home = tempDir('awf-environment');
  const project = join(home, 'project');
  mkdirSync(project);
  writeFileSync(join(home, 'docker'), '#!/bin/sh\n');
  chmodSync(join(home, 'docker'), 0o755);
  const env = { ...Object.fromEntries(settable.map((name) => [name, '1'])), PATH: `${home}:${process.env.PATH}`, HOME: home };
  const ran = spawnSync(join(docker, 'hdrgate-awf'), ['--dry-run', '--enable-api-proxy', '--allow-domains', 'a.example', '--', 'x'], { cwd: project, env, encoding: 'utf8' });
  assert.equal(ran.status, 0, ran.stderr);
  const gateway = ran.stdout.split('\n').find((line) => line.startsWith('docker run --detach --name awf-api-proxy')).split(' ');
  const passed = gateway.filter((_, i) => gateway[i - 1] === '--env').map((word) => word.split('=')[0]);
  for (const name of settable) assert.ok(passed.includes(name), name);
});
