// SPDX-License-Identifier: MIT
// What the test run is told from outside, and the few helpers every test needs.
import { mkdtempSync, rmSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const top = fileURLToPath(new URL('../../../', import.meta.url));

export const BINARY = resolve(top, process.env.HDRGATE ?? 'build/release/hdrgate');
export const WRAPPER = (process.env.HDRGATE_WRAPPER ?? '').split(' ').filter(Boolean);
// A process under valgrind takes two seconds more, so it watches a part of them: of each test file the first, and then
// one in eight. HDRGATE_TEST_WATCH=all (tests/run.sh --preset valgrind): each of them.
const every = process.env.HDRGATE_TEST_WATCH === 'all' ? 1 : 8;
let started = 0;
export const watched = () => (started++ === 0 || started % every === 0 ? WRAPPER : []);
// Sizes and counts are multiplied by this (small under valgrind and ThreadSanitizer).
export const SCALE = Number(process.env.HDRGATE_TEST_SCALE ?? 1);
// Figures of time and memory are asked of the release build only.
export const FIGURES = process.env.HDRGATE_TEST_FIGURES === '1';
// How much longer everything may take: all waits have a limit, and this stretches it.
export const PATIENCE = Number(process.env.HDRGATE_TEST_PATIENCE ?? (WRAPPER.length ? 10 : SCALE < 1 ? 3 : 1));

export const scaled = (n, least = 1) => Math.max(least, Math.round(n * SCALE));

export class TimeLimit extends Error {}

// The promise, or an error that says what was waited for in vain.
export function within(promise, what, ms = 10000) {
  let timer;
  const limit = new Promise((_, fail) => {
    timer = setTimeout(() => fail(new TimeLimit(`waited in vain for ${what}`)), ms * PATIENCE);
  });
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer));
}

// Calls check() each time `changed` says so, until it returns something true.
export class Watch {
  #waiting = new Set();
  changed() {
    for (const w of [...this.#waiting]) w();
  }
  until(check, what, ms) {
    let look;
    const found = new Promise((done, fail) => {
      look = () => {
        try {
          const r = check();
          if (r) done(r);
        } catch (e) {
          fail(e);
        }
      };
      this.#waiting.add(look);
      look();
    });
    return within(found, what, ms).finally(() => this.#waiting.delete(look));
  }
}

let base;
// A folder of this test process, gone at its end. Others may pass through it (Squid gives up root).
export function tempDir(name) {
  if (!base) {
    base = mkdtempSync(join(tmpdir(), 'hdrgate-test-'));
    chmodSync(base, 0o755);
    process.on('exit', () => rmSync(base, { recursive: true, force: true }));
  }
  const dir = mkdtempSync(join(base, `${name}-`));
  chmodSync(dir, 0o755);
  return dir;
}

// A process that must not outlive the test, even if that is killed.
const children = new Set();
export function own(child) {
  children.add(child);
  child.on('exit', () => children.delete(child));
  return child;
}
process.on('exit', () => children.forEach((c) => c.kill('SIGKILL')));
for (const s of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(s, () => process.exit(1));

export const deferred = () => {
  const d = {};
  d.promise = new Promise((done, fail) => Object.assign(d, { done, fail }));
  return d;
};

// Bytes that come in pieces, put together only when somebody looks. What goes beyond `most` is not kept.
export class Pieces {
  #list = [];
  length = 0;
  constructor(most = Infinity) {
    this.most = most;
  }
  add(bytes) {
    if (this.length < this.most) this.#list.push(bytes);
    this.length += bytes.length;
  }
  get bytes() {
    if (this.#list.length !== 1) this.#list = [Buffer.concat(this.#list)];
    return this.#list[0];
  }
}
