// SPDX-License-Identifier: MIT
// Runs a child script in an environment of its own: nothing in there but what the test says.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Watch, tempDir, within } from '../lib/env.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const HINT = 'run "npm ci" in tests/functional';

// The SDKs want Node 22; where this one is older, the binary that comes from npm runs them.
export function node() {
  if (Number(process.versions.node.split('.')[0]) >= 22) return process.execPath;
  const path = here(`../node_modules/node-linux-${process.arch}/bin/node`);
  assert.ok(existsSync(path), `the SDKs need Node 22, this is ${process.version}, and there is no other: ${HINT}`);
  return path;
}

export function version(name) {
  const file = here(`../node_modules/${name}/package.json`);
  assert.ok(existsSync(file), `${name} is not installed: ${HINT}`);
  const locked = JSON.parse(readFileSync(here('../package-lock.json'), 'utf8')).packages[`node_modules/${name}`];
  const installed = JSON.parse(readFileSync(file, 'utf8')).version;
  assert.equal(installed, locked?.version, `${name} is not what the lock file says: ${HINT}`);
  return installed;
}

export class Child {
  watch = new Watch();
  seen = []; // what the SDK's stream yielded
  times = [];
  done = null;
  exit = null;
  stderr = '';

  constructor(t, script, args, env) {
    const home = tempDir('home'); // nobody's profile is read
    this.process = spawn(node(), [here(script), ...args], { env: { HOME: home, ...env }, cwd: home,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    this.process.stderr.setEncoding('utf8').on('data', (b) => (this.stderr += b));
    this.process.on('message', (m) => this.#message(m));
    this.ended = new Promise((done) => this.process.on('error', done).on('close', done)).then((e) => this.#change({ exit: { e } }));
    t.after(() => this.process.kill('SIGKILL'));
  }

  #message({ seen, at, done }) {
    if (done) this.#change({ done });
    else {
      this.times.push(at);
      this.seen.push(seen);
      this.watch.changed();
    }
  }

  #change(what) {
    Object.assign(this, what);
    this.watch.changed();
  }

  async until(check, what) {
    const r = await this.watch.until(() => check(this) || (this.exit && { failed: true }), what, 30000); // it loads an SDK first
    if (r.failed) throw new Error(`the child ended before ${what}:\n${this.stderr}`);
    return r;
  }

  // What it has to tell: { result or error, answers }.
  finish() {
    return this.until((c) => c.done, 'the end of the scenario');
  }

  async end() {
    this.process.send('end');
    await within(this.ended, 'the child to end');
    assert.equal(this.stderr, '');
    assert.equal(this.exit.e, 0);
  }
}
