// SPDX-License-Identifier: MIT
// The real Squid in a folder of its own, with an allowlist of names that resolve to this machine.
import { execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, readFileSync, watch, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { Watch, own, tempDir, within } from './env.mjs';

const SQUID = '/usr/sbin/squid';
// Resolved by Squid alone: nothing else in the test knows these names.
export const NAMES = ['api.test.example', 'other.test.example', 'refused.test.example', 'git.test.example', 'npm.test.example'];
const BAD_NAMES = ['unknown.test.example']; // allowed, but there is no address

function freePort() {
  return new Promise((done, fail) => {
    const s = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = s.address();
      s.close(() => done(port));
    });
    s.on('error', fail);
  });
}

function account() {
  if (process.getuid() !== 0) return null;
  const [, , uid, gid] = execFileSync('getent', ['passwd', 'proxy']).toString().split(':');
  return { uid: Number(uid), gid: Number(gid) };
}

function config(dir, port, { password, extra = '', text }) {
  if (text) return text(dir, port);
  const auth = password && `auth_param basic program ${process.execPath} ${join(dir, 'helper.cjs')}
auth_param basic children 1
acl known proxy_auth REQUIRED
http_access deny !known`;
  return `http_port 127.0.0.1:${port}
visible_hostname squid.test
${process.getuid() === 0 ? 'cache_effective_user proxy' : ''}
pid_filename ${dir}/squid.pid
hosts_file ${dir}/hosts
access_log stdio:${dir}/access.log
cache_log ${dir}/cache.log
logfile_rotate 0
coredump_dir ${dir}
cache deny all
cache_mem 0
netdb_filename none
pinger_enable off
dns_nameservers 127.0.0.1
dns_timeout 1 second
connect_timeout 2 seconds
shutdown_lifetime 0 seconds
max_filedescriptors 2048
acl allowed dstdomain ${[...NAMES, ...BAD_NAMES].join(' ')}
${auth ?? ''}
${extra}
http_access allow CONNECT allowed
http_access deny all
`;
}

const HELPER = `require('node:readline').createInterface({ input: process.stdin }).on('line', (l) => {
  const [user, password] = l.split(' ').map(decodeURIComponent);
  process.stdout.write(user + ':' + password === process.argv[2] ? 'OK\\n' : 'ERR\\n');
});`;

// Squid says that it accepts connections just before it listens: what counts is that one is accepted.
function accepts(port) {
  return new Promise((done) => {
    const s = net.connect(port, '127.0.0.1');
    s.on('connect', () => s.destroy() && done(true)).on('error', () => done(false));
  });
}

class Squid {
  constructor(dir, options) {
    Object.assign(this, { dir, options, port: options.port ?? 0, process: null });
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  // On the same port each time; tries other ports only the first time.
  async start() {
    for (let left = this.port ? 1 : 5; ; left--) {
      const port = this.port || (await freePort());
      writeFileSync(join(this.dir, 'squid.conf'), config(this.dir, port, this.options));
      try {
        await this.#launch();
        while (!(await accepts(port))) if (this.process.exitCode !== null) throw new Error('squid ended');
        this.port = port;
        return this;
      } catch (e) {
        await this.kill();
        if (left <= 1) throw e;
      }
    }
  }

  async #launch() {
    // -N: in the foreground, our child. The service name keeps two of them apart.
    const args = ['-N', '-d', '1', '-n', `hg${process.pid}x${Squid.count++}`, '-f', join(this.dir, 'squid.conf')];
    const child = spawn(SQUID, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { PATH: process.env.PATH } });
    this.process = own(child);
    child.gone = new Promise((done) => child.on('exit', done).on('error', done));
    let said = '';
    await within(new Promise((done, fail) => {
      child.stderr.on('data', (b) => {
        said += b;
        if (/Accepting HTTP Socket connections/.test(said)) done();
      });
      child.gone.then(() => fail(new Error(`squid ended:\n${said}`)));
    }), 'squid to listen');
  }

  async kill(signal = 'SIGKILL') {
    const child = this.process;
    if (!child) return;
    this.process = null;
    child.kill(signal);
    await within(child.gone, 'squid to end');
  }

  log() {
    const file = join(this.dir, 'access.log');
    return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
  }

  // Squid writes a CONNECT's line when its tunnel ends.
  async waitForLog(check, what = "a line in squid's log") {
    const w = new Watch();
    const watcher = watch(this.dir, () => w.changed());
    try {
      return await w.until(() => check(this.log()), what);
    } catch (e) {
      e.message += `\n${this.log().join('\n')}`;
      throw e;
    } finally {
      watcher.close();
    }
  }
}
Squid.count = 0;

// options: password "user:secret" asks for Proxy-Authorization; extra: more lines of configuration; text(dir, port):
// another configuration altogether; hosts: { name: address } that it knows; port: this one.
export async function squid(t, options = {}) {
  if (!existsSync(SQUID)) throw new Error(`${SQUID} is not installed`);
  const dir = tempDir('squid');
  if (options.password) {
    writeFileSync(join(dir, 'helper.cjs'), HELPER.replace('process.argv[2]', JSON.stringify(options.password)));
  }
  const known = options.hosts ?? Object.fromEntries(NAMES.map((n) => [n, '127.0.0.1']));
  const hosts = Object.entries(known).map(([name, address]) => `${address} ${name}\n`).join('');
  writeFileSync(join(dir, 'hosts'), `127.0.0.1 localhost\n${hosts}`);
  const who = account();
  if (who) chownSync(dir, who.uid, who.gid);
  const s = new Squid(dir, options);
  t.after(() => s.kill());
  return s.start();
}
