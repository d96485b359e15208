// SPDX-License-Identifier: MIT
// Where the log goes while it runs, and what the service manager hears.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { Watch, own, tempDir, within } from './lib/env.mjs';
import { gateway, run, writeFiles } from './lib/gateway.mjs';
import { direct, get } from './lib/world.mjs';

const text = (global) => `global: { threads = 2; ${global} };
frontend: { api: { bind = "127.0.0.1:0"; request = ( { respond: { status = 204; }; } ); }; };\n`;
const paths = (file) => readFileSync(file, 'utf8').trim().split('\n').map((l) => JSON.parse(l)).filter((l) => l.path).map((l) => l.path);

// Node has no unix datagrams; every Debian has Perl. Prints each datagram, its line ends written as "|".
async function datagrams(t, path) {
  const script = 'use Socket; $|=1; socket(S,AF_UNIX,SOCK_DGRAM,0)||die; $ARGV[0] =~ s/^\\\\0/\\0/; bind(S,pack_sockaddr_un($ARGV[0]))||die $!; print "ready\\n"; while (defined recv(S,$m,65536,0)) { $m =~ s/\\n/|/g; print "$m\\n" }';
  const child = own(spawn('perl', ['-e', script, path], { stdio: ['ignore', 'pipe', 'inherit'] }));
  const got = { lines: [], watch: new Watch(), child };
  createInterface({ input: child.stdout }).on('line', (l) => (got.lines.push(l), got.watch.changed()));
  got.until = (check, what) => got.watch.until(() => got.lines.find(check), what).catch((e) => {
    e.message += `\n${got.lines.join('\n')}`;
    throw e;
  });
  got.stop = () => within(new Promise((done) => (child.on('exit', done), child.kill('SIGKILL'))), 'Perl to end');
  t.after(() => child.kill('SIGKILL'));
  await got.until((l) => l === 'ready', 'Perl');
  return got;
}

test('a log file that is renamed: SIGUSR2, the command, and a reload open it anew', async (t) => {
  const dir = tempDir('log');
  const file = join(dir, 'a.log');
  const control = join(dir, 'c.sock');
  const gw = await gateway(t, text(`log: { to = "${file}"; }; control = "unix:${control}";`));
  const has = (what) => gw.until(() => readFileSync(file, { encoding: 'utf8', flag: 'a+' }).includes(what), what);
  const ask = (...args) => run([...args, '--control', control], { wrapper: [] });
  await gw.once(t, get('/0'));
  await has('"/0"');
  renameSync(file, `${file}.1`);
  await gw.once(t, get('/1'));
  await gw.until(() => readFileSync(`${file}.1`, 'utf8').includes('"/1"'), '/1'); // the line may come after the answer
  gw.kill('SIGUSR2');
  await has('log_reopened');
  await gw.once(t, get('/2'));
  await has('"/2"');
  renameSync(file, `${file}.2`);
  assert.deepEqual([(await ask('log-reopen')).stdout, (await ask('reload')).code], ['the log was opened anew\n', 0]);
  await gw.once(t, get('/3'));
  await has('"/3"');
  assert.deepEqual([paths(`${file}.1`), paths(`${file}.2`), paths(file)], [['/0', '/1'], ['/2'], ['/3']]);

  // To another file, and to one that cannot be opened.
  const next = join(dir, 'b.log');
  gw.rewrite(text(`log: { to = "${next}"; }; control = "unix:${control}";`));
  await ask('reload');
  await gw.once(t, get('/4'));
  await gw.until(() => readFileSync(next, 'utf8').includes('"/4"'), '/4');
  gw.rewrite(text(`log: { to = "${dir}/no/b.log"; }; control = "unix:${control}";`));
  const r = await ask('reload');
  assert.equal(r.code, 0);
  assert.match(r.stdout, /^warning: global\.log\.to: .*\/no\/b\.log: No such file or directory; the log goes on where it was\n/);
  assert.equal((await ask('log-reopen')).code, 1);
  await gw.once(t, get('/5'));
  await gw.until(() => readFileSync(next, 'utf8').includes('"/5"'), '/5');
});

test('syslog: a datagram for each line, also after the logger was started anew', async (t) => {
  const path = join(tempDir('log'), 'dev-log');
  let log = await datagrams(t, path);
  const gw = await gateway(t, text(`log: { to = "syslog:${path}"; facility = "local3"; };`));
  await gw.once(t, get('/one'));
  const line = await log.until((l) => l.includes('"/one"'), 'the line');
  assert.match(line, new RegExp(`^<158>[A-Z][a-z]{2} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d hdrgate\\[${gw.ready.pid}\\]: \\{"timestamp".*\\}$`));
  await log.stop();
  assert.equal((await gw.once(t, get('/lost'))).status, 204);
  renameSync(path, `${path}.old`);
  log = await datagrams(t, path);
  await gw.once(t, get('/two'));
  await log.until((l) => l.includes('"/two"'), 'the line');
  await gw.stop();
});

test('the service manager hears of the start, of reloads and of the end', async (t) => {
  const path = join(tempDir('notify'), 'n.sock');
  const manager = await datagrams(t, path);
  const gw = await gateway(t, text(''), { env: { NOTIFY_SOCKET: path } });
  assert.equal(await manager.until((l) => l.startsWith('READY=1'), 'READY'), `READY=1|MAINPID=${gw.ready.pid}|STATUS=Serving on 1 listeners`);
  await gw.again();
  await manager.until((l) => /^READY=1\|STATUS=Serving, generation 2$/.test(l), 'READY again');
  await gw.again('nonsense');
  await manager.until((l) => /^READY=1\|STATUS=Reload failed, generation 2$/.test(l), 'READY again');
  gw.kill('SIGTERM');
  await manager.until((l) => l.startsWith('STOPPING=1'), 'STOPPING');
  assert.deepEqual(manager.lines.slice(1).map((l) => l.replace(/[=|].*/, '')), ['READY', 'RELOADING', 'READY', 'RELOADING', 'READY', 'STOPPING']);
  const usec = Number(/^RELOADING=1\|MONOTONIC_USEC=(\d+)$/.exec(manager.lines[2])[1]);
  assert.ok(Math.abs(usec / 1e6 - Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0])) < 60);
  await gw.stop();
});

// Perl: the signal waits, blocked, until hdrgate takes signals.
test('SIGHUP while it starts is a reload once it runs', async (t) => {
  const script = 'use POSIX; sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGHUP)); kill HUP => $$; exec @ARGV';
  const gw = await gateway(t, text(''), { prefix: ['perl', '-e', script] });
  await gw.waitForLog((l) => l.event === 'reload');
});

test('an abstract socket of the service manager', async (t) => {
  const name = `\\0hdrgate-test-${process.pid}`;
  const manager = await datagrams(t, name);
  const gw = await gateway(t, text(''), { env: { NOTIFY_SOCKET: `@${name.slice(2)}` } });
  await manager.until((l) => l.startsWith(`READY=1|MAINPID=${gw.ready.pid}|`), 'READY');
  await gw.stop();
});

test('the watchdog hears of us while all threads take their turns, and while we drain', async (t) => {
  const path = join(tempDir('notify'), 'n.sock');
  const manager = await datagrams(t, path);
  const beats = () => manager.lines.filter((l) => l === 'WATCHDOG=1').length;
  let release;
  const { up, gw } = await direct(t, {
    upstream: { handle: (req, res) => new Promise((done) => (release = done)).then(() => res.send(200, 'late')) },
    gateway: { env: { NOTIFY_SOCKET: path, WATCHDOG_USEC: '200000' } },
  });
  await manager.until(() => beats() >= 5, 'five beats');
  const c = await gw.client(t);
  await c.send(get('/held'));
  await up.request(0);
  gw.kill('SIGTERM');
  await manager.until((l) => l.startsWith('STOPPING=1'), 'STOPPING');
  const before = beats();
  await manager.watch.until(() => beats() > before, 'a beat while it drains');
  release();
  assert.equal((await c.response()).body.toString(), 'late');
  await gw.stop();

  const other = await gateway(t, text(''), { env: { NOTIFY_SOCKET: path, WATCHDOG_USEC: '1000', WATCHDOG_PID: '1' } });
  await manager.until((l) => l.includes(`MAINPID=${other.ready.pid}`), 'READY');
  const n = beats();
  for (let i = 0; i < 20; i++) await other.once(t, get('/'));
  await other.stop();
  await manager.until(() => manager.lines.at(-1).startsWith('STOPPING=1'), 'STOPPING');
  assert.equal(beats(), n);
});

test('a full disk, and no logger at all: requests are answered, and lost lines are counted', async (t) => {
  const dir = tempDir('log');
  const control = join(dir, 'c.sock');
  const lost = async () => JSON.parse((await run(['status', '--json', '--control', control], { wrapper: [] })).stdout).log_lines_lost;
  const gw = await gateway(t, text(`log: { to = "/dev/full"; }; control = "unix:${control}";`));
  for (let i = 0; i < 20; i++) assert.equal((await gw.once(t, get(`/${i}`))).status, 204);
  assert.ok((await lost()) >= 20);

  const path = join(dir, 'dev-log');
  const log = await datagrams(t, path);
  gw.rewrite(text(`log: { to = "syslog:${path}"; }; control = "unix:${control}";`));
  assert.equal((await run(['reload', '--control', control], { wrapper: [] })).code, 0);
  await gw.once(t, get('/heard'));
  await log.until((l) => l.includes('"/heard"'), 'the line');
  assert.ok(log.lines.some((l) => /"event":"log-dropped","lines":\d+\}$/.test(l)));
  await log.stop();
  const before = await lost();
  for (let i = 0; i < 20; i++) assert.equal((await gw.once(t, get(`/${i}`))).status, 204);
  assert.ok((await lost()) >= before + 20);

  const none = text(`log: { to = "syslog:${dir}/none"; };`);
  const r = await run(['run', '-f', join(writeFiles({ 'x.cfg': none }), 'x.cfg')]);
  assert.deepEqual([r.code, r.stderr], [1, `hdrgate: global.log.to: syslog:${dir}/none: No such file or directory\n`]);
});
