// SPDX-License-Identifier: MIT
// Variables from files: their form, who wins, and what a reload reads again.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { chmodSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { tempDir } from './lib/env.mjs';
import { gateway, run, writeFiles } from './lib/gateway.mjs';
import { config, direct, get } from './lib/world.mjs';

const NAMES = ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H'];
const own = (files, names = NAMES) => `env-file = ${files};
frontend: { api: { bind = "127.0.0.1:0"; request = ( { respond: { status = 200; body = "${names.map((n) => `[$<${n}:-none>]`).join('')}"; }; } ); }; };\n`;

function file(text, name = 'x.env') {
  const path = join(tempDir('env'), name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

test('the form of a file', async (t) => {
  const path = file(`# a comment
; another
A=plain text # not a comment
  export B = spaces around \r
C='single $x \\ "quoted"' # a comment
D="double \\"quoted\\" \\\\ $x"
E=
F=first
F=last
G=a=b=c
H="$<A>"`);
  const gw = await gateway(t, own(`"${path}"`));
  assert.equal((await gw.once(t, get('/'))).body.toString(), '[plain text # not a comment][spaces around][single $x \\ "quoted"][double "quoted" \\ $x][none][last][a=b=c][$<A>]');
});

test('the environment wins, then the last file; several config files may each name some', async (t) => {
  const [one, two, three] = [file('A=1\nB=1\nC=1\nD=1\n'), file('B=2\nC=2\nD=2\n'), file('D=3\n')];
  const more = `env-file = [ "${two}", "-/no/such/file" ];\n`;
  const gw = await gateway(t, `include = [ "more.cfg" ];\n${own(`"${one}"`, ['A', 'B', 'C', 'D'])}`, {
    env: { C: 'env' }, files: { 'more.cfg': more }, args: ['--env-file', three],
  });
  const body = (await gw.once(t, get('/'))).body.toString();
  assert.equal(body, '[1][1][env][3]'); // an included file stands before the one that includes it
});

test('a reload reads them again; a mistake in one keeps what is there', async (t) => {
  const path = file('A=1\n');
  const gw = await gateway(t, own(`"${path}"`, ['A']));
  writeFileSync(path, 'A=2\n');
  assert.equal((await gw.again()).event, 'reload');
  assert.equal((await gw.once(t, get('/'))).body.toString(), '[2]');
  writeFileSync(path, 'A=3\nsecret-without-name\n');
  assert.equal((await gw.again()).event, 'reload_failed');
  assert.deepEqual(gw.lines.filter((l) => l.event === 'config_error').map((l) => l.message), [`${path}:2: the line has no = (expected NAME=value)`]);
  assert.equal((await gw.once(t, get('/'))).body.toString(), '[2]');
  assert.ok(!gw.text().includes('secret-without-name'));
});

test('a secret from a file', async (t) => {
  const path = file('FILE_KEY="sk-from-file"\n');
  const { gw, up } = await direct(t, { config: { secret: 'k: { from = "$<FILE_KEY>"; };', more: `env-file = "${path}";` } });
  assert.equal((await gw.once(t, get('/'))).status, 200);
  assert.equal(up.requests.at(-1).header('authorization'), 'Bearer sk-from-file');
  assert.ok(!gw.text().includes('sk-from-file'));
});

test('mistakes are told with their line, and never the value', async () => {
  const path = file('A=ok\nno equals hidden1\n1A=hidden2\nB="hidden3\nC="x" hidden4\n D-E=hidden5\n=hidden6\nF=a\0hidden7\n');
  const r = await run(['check', '-f', join(writeFiles({ 'x.cfg': own(`"${path}"`) }), 'x.cfg')]);
  assert.equal(r.code, 1);
  assert.deepEqual(r.stderr.trim().split('\n'), [
    `${path}:2: the line has no = (expected NAME=value)`,
    `${path}:3: the line does not begin with a variable's name (expected NAME=value)`,
    `${path}:4: the line has a quote that is not closed`,
    `${path}:5: the line has something behind the closing quote`,
    `${path}:6: the line does not begin with a variable's name (expected NAME=value)`,
    `${path}:7: the line does not begin with a variable's name (expected NAME=value)`,
    `${path}:8: the line has a NUL byte inside`,
  ]);
  chmodSync(path, 0o644);
  const open = await run(['check', '-f', join(writeFiles({ 'x.cfg': own(`"${path}"`) }), 'x.cfg')]);
  assert.match(open.stderr, /x\.cfg:1: env-file: warning: \S+x\.env: anybody on this system can read it: its mode should be 0600\n/);
  const none = writeFiles({ 'x.cfg': own('"/no/such/file"') });
  const start = await run(['run', '-f', join(none, 'x.cfg')]);
  assert.equal(start.code, 1);
  assert.match(start.stderr, /x\.cfg:1: env-file: \/no\/such\/file: No such file or directory\n/);
  assert.match((await run(['check', '-f', join(none, 'x.cfg')])).stderr, /warning: \/no\/such\/file: No such file/);
  const line = await run(['run', '-f', join(none, 'x.cfg'), '--env-file', '/no/other']);
  assert.match(line.stderr, /--env-file: \/no\/other: No such file or directory\n/);
});

test('dump and explain see them too, and show no credential', async () => {
  const path = file('UP="https://api.example"\nKEY="sk-hidden-value"\n');
  const dir = writeFiles({ 'x.cfg': `env-file = "${path}"; secret: { k: { from = "$<KEY>"; }; };
backend: { up: { server = "$<UP>"; via = "direct"; request = ( { set-header = [ "Authorization", "Bearer $<secret:k>" ]; } ); }; };
frontend: { api: { bind = "127.0.0.1:0"; backend = "up"; }; };\n` });
  const cfg = join(dir, 'x.cfg');
  const dump = await run(['dump', '-f', cfg]);
  assert.equal(dump.code, 0, dump.stderr);
  assert.match(dump.stdout, /env-file = /);
  assert.match(dump.stdout, /https:\/\/api\.example/);
  const more = file('UP="https://other.example"\n');
  const explain = await run(['explain', '-f', cfg, '--env-file', more, 'GET', 'http://x/']);
  assert.equal(explain.code, 0, explain.stderr);
  assert.match(explain.stdout, /other\.example/);
  assert.ok(!(dump.stdout + dump.stderr + explain.stdout + explain.stderr).includes('sk-hidden-value'));
});
