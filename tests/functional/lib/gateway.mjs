// SPDX-License-Identifier: MIT
// Starts hdrgate with a configuration given as text, gathers its log, and ends it: cleanly, or the test fails.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, renameSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { BINARY, Watch, own, tempDir, watched, within } from './env.mjs';
import { RawClient, once } from './raw.mjs';

// The caller's environment stays outside, but for what the sanitizers read.
function environment(env) {
  const clean = { PATH: process.env.PATH };
  for (const k of Object.keys(process.env)) if (/^(ASAN|UBSAN|TSAN|LSAN)_OPTIONS$/.test(k)) clean[k] = process.env[k];
  return { ...clean, ...env };
}

// Files: { 'name.cfg': text }. Returns the folder.
export function writeFiles(files) {
  const dir = tempDir('config');
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text, { mode: 0o600 });
  return dir;
}

// Runs hdrgate to its end.
export async function run(args, { env = {}, wrapper = watched() } = {}) {
  const [command, ...rest] = [...wrapper, BINARY, ...args];
  const child = own(spawn(command, rest, { env: environment(env), stdio: ['ignore', 'pipe', 'pipe'] }));
  const out = { stdout: '', stderr: '' };
  for (const k of ['stdout', 'stderr']) child[k].setEncoding('utf8').on('data', (b) => (out[k] += b));
  const end = new Promise((done, fail) => child.on('error', fail).on('close', (code, signal) => done({ code, signal })));
  try {
    return { ...out, ...(await within(end.then((e) => Object.assign(out, e)), `hdrgate ${args[0]} to end`, 20000)) };
  } catch (e) {
    child.kill('SIGKILL');
    throw e;
  }
}

// What a start may say; a sanitizer's or valgrind's words look different.
const WARNINGS = /^(\S+\.cfg:\d+: [^\n]*warning: [^\n]*\n)*$/;

export class Gateway {
  lines = [];
  stderr = '';
  watch = new Watch();
  ready = null;
  exit = null;

  constructor(text, { env = {}, files = {}, args = [], prefix = [], from, stderr = WARNINGS }) {
    assert.ok(existsSync(BINARY), `${BINARY} is not there: build it first, or set HDRGATE`);
    this.expectedStderr = stderr;
    this.dir = writeFiles({ 'hdrgate.cfg': text, ...files });
    this.readyFile = join(this.dir, 'ready.json');
    const line = [...prefix, ...watched(), BINARY, 'run', '-f', from ?? join(this.dir, 'hdrgate.cfg'), '--ready-file', this.readyFile];
    const [command, ...rest] = [...line, ...args];
    this.process = own(spawn(command, rest, { env: environment(env), stdio: ['ignore', 'pipe', 'pipe'], cwd: this.dir }));
    this.pid = this.process.pid;
    this.process.stderr.setEncoding('utf8').on('data', (b) => this.#said(b));
    createInterface({ input: this.process.stdout }).on('line', (l) => this.#logged(l));
    this.ended = new Promise((done) => {
      this.process.on('error', (error) => done({ error }));
      this.process.on('close', (code, signal) => done({ code, signal }));
    }).then((e) => {
      this.exit = e;
      this.watch.changed();
      return e;
    });
  }

  #said(text) {
    this.stderr += text;
    this.watch.changed();
  }

  #logged(line) {
    try {
      this.lines.push(JSON.parse(line));
    } catch {
      this.lines.push({ event: 'NOT JSON', line });
    }
    this.watch.changed();
  }

  async waitReady() {
    const watcher = watch(this.dir, () => this.watch.changed());
    try {
      await this.watch.until(() => existsSync(this.readyFile) || this.exit, 'the ready file', 20000);
    } finally {
      watcher.close();
    }
    if (this.exit) throw new Error(`hdrgate ended with ${JSON.stringify(this.exit)}:\n${this.stderr}${this.text()}`);
    this.ready = JSON.parse(readFileSync(this.readyFile, 'utf8'));
    return this;
  }

  text() {
    return this.lines.map((l) => JSON.stringify(l)).join('\n');
  }

  // Address of a frontend's i-th bind.
  address(frontend = 'api', i = 0) {
    return this.ready.listeners.filter((l) => l.frontend === frontend)[i].address;
  }

  url(frontend, i) {
    return `http://${this.address(frontend, i)}`;
  }

  client(t, options) {
    return RawClient.connect(t, this.address(options?.frontend), options);
  }

  once(t, bytes, options) {
    return once(t, this.address(options?.frontend), bytes, options);
  }

  async waitForLog(check, what = 'a log line', ms) {
    try {
      return await this.watch.until(() => this.lines.find(check), what, ms);
    } catch (e) {
      e.message += `\n${this.text()}\n${this.stderr}`;
      throw e;
    }
  }

  // The access log's line of a request.
  request(check, ms) {
    const wanted = typeof check === 'string' ? (l) => l.path === check : check;
    return this.waitForLog((l) => l.event === 'request_complete' && wanted(l), `the log line of ${check}`, ms);
  }

  // How many descriptors it has open.
  descriptors() {
    return readdirSync(`/proc/${this.pid}/fd`).length;
  }

  // Its counters, asked for with SIGUSR1.
  async counters() {
    const seen = this.lines.length;
    this.kill('SIGUSR1');
    return this.waitForLog((l) => l.event === 'status' && this.lines.indexOf(l) >= seen, 'the counters');
  }

  // For what shows nowhere but in /proc.
  async until(check, what, ms = 10000) {
    const look = setInterval(() => this.watch.changed(), 5);
    return this.watch.until(check, what, ms).finally(() => clearInterval(look));
  }

  status(key) {
    const m = new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'));
    return Number(m[1]);
  }

  // Another configuration in the place of the first; `again` reads it in.
  rewrite(text) {
    const file = join(this.dir, 'hdrgate.cfg');
    writeFileSync(`${file}.new`, text, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }

  // Reloads with SIGHUP; the event that ends it, "reload" or "reload_failed".
  async again(text) {
    if (text !== undefined) this.rewrite(text);
    const seen = this.lines.length;
    this.kill('SIGHUP');
    const line = await this.waitForLog((l) => /^reload(_failed)?$/.test(l.event) && this.lines.indexOf(l) >= seen, 'the end of a reload');
    this.ready = JSON.parse(readFileSync(this.readyFile, 'utf8'));
    return line;
  }

  kill(signal) {
    this.process.kill(signal);
  }

  async stop({ signal = 'SIGTERM', code = 0 } = {}) {
    if (!this.exit) this.kill(signal);
    try {
      await within(this.ended, 'hdrgate to end', 15000);
    } catch (e) {
      this.kill('SIGKILL');
      await this.ended;
      e.message += `\n${this.text()}\n${this.stderr}`;
      throw e;
    }
    this.stopped = true;
    assert.match(this.stderr, this.expectedStderr, `on standard error:\n${this.stderr}`);
    assert.deepEqual(this.exit, { code, signal: null }, `the end of hdrgate\n${this.stderr}`);
    assert.equal(this.lines.filter((l) => l.event === 'NOT JSON').length, 0, this.text());
  }
}

// options: env, files (beside the configuration), args, prefix (a command in front), stderr (what it may say), from (the
// path of a configuration to take instead of the text).
export async function gateway(t, text, options = {}) {
  const g = new Gateway(text, options);
  t.after(() => (g.stopped ? undefined : g.stop()));
  return g.waitReady();
}
