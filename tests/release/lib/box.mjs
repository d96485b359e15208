// SPDX-License-Identifier: MIT
// The box in which an agent runs, and what it did there.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { BINARY, own, tempDir, within } from '../../functional/lib/env.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const TOP = here('../../../');
const LIBRARY = join(dirname(BINARY), 'libhg-one-shot-token.so');
const MODULES = here('../node_modules');
const TIME = 120000;

class Box {
  constructor(process) {
    this.process = process;
    this.network = readlinkSync(`/proc/${process.pid}/ns/net`);
  }

  get #enter() {
    return ['--target', `${this.process.pid}`, '--net', '--mount', '--'];
  }

  // Runs a command as the image does: through its entrypoint. What it printed, and how it ended.
  async run(env, command) {
    const cd = ['sh', '-c', 'cd /tmp/work && exec "$@"', 'sh', '/usr/local/bin/entrypoint.sh'];
    const child = own(spawn('nsenter', [...this.#enter, ...cd, ...command], {
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...env }, stdio: ['ignore', 'pipe', 'pipe'],
    }));
    const said = { stdout: '', stderr: '' };
    for (const k of ['stdout', 'stderr']) child[k].setEncoding('utf8').on('data', (b) => (said[k] += b));
    const end = new Promise((done, fail) => child.on('error', fail).on('close', (code, signal) => done({ code, signal })));
    try {
      return { ...(await within(end, `${command[0]} to end`, TIME)), ...said };
    } catch (e) {
      this.kill();
      e.message += `\n${said.stdout}\n${said.stderr}`;
      throw e;
    }
  }

  // A command of root in there, to its end.
  root(...command) {
    return execFileSync('nsenter', [...this.#enter, ...command], { encoding: 'utf8' });
  }

  // The processes in the box: their ids.
  pids() {
    return readdirSync('/proc').filter((n) => /^\d+$/.test(n) && Number(n) !== this.process.pid).filter((n) => {
      try {
        return readlinkSync(`/proc/${n}/ns/net`) === this.network;
      } catch {
        return false; // it is gone
      }
    });
  }

  // The environment and the command line of each process in it.
  processes() {
    return this.pids().flatMap((pid) => {
      try {
        return [{ pid, environment: readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0'), line: readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0') }];
      } catch {
        return [];
      }
    });
  }

  kill() {
    for (const pid of this.pids()) process.kill(Number(pid), 'SIGKILL');
  }

  // How many packets the firewall has turned back since the last start of a command.
  refused() {
    const rule = this.root('iptables', '-nvxL', 'OUTPUT').split('\n').find((l) => / REJECT /.test(l));
    assert.ok(rule, 'the firewall is there');
    return Number(rule.trim().split(/\s+/)[0]);
  }

  // Nothing of an earlier command is left.
  clean() {
    this.kill();
    this.root('sh', '-c', 'rm -rf /tmp/* /tmp/.[!.]*; mkdir -m 0777 /tmp/work');
  }
}

export async function box(t) {
  const dir = tempDir('box');
  const args = ['--net', '--mount', '--propagation', 'private', 'sh', here('box.sh'), `${process.pid}`, dir, TOP, LIBRARY, process.execPath, MODULES];
  const child = own(spawn('unshare', args, { stdio: ['pipe', 'pipe', 'inherit'] }));
  const ready = new Promise((done, fail) => {
    createInterface({ input: child.stdout }).once('line', done);
    child.on('error', fail).on('exit', () => fail(new Error('the box could not be made')));
  });
  await within(ready, 'the box');
  const b = new Box(child);
  t.after(() => {
    b.kill();
    child.stdin.end();
  });
  return b;
}
