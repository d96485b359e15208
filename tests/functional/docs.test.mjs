// SPDX-License-Identifier: MIT
// The documentation and the program say the same: every key has its place in doc/configuration.md and in
// hdrgate.cfg(5), with the type, the range and the standard of the schema table; every configuration in it is
// valid; every fixture holds; every output is what the command prints.
//
// HDRGATE_DOCS_WRITE=1 writes what is known into the files instead: rows under headings, outputs of commands.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { caFile, certificate } from './lib/ca.mjs';
import { BINARY, tempDir } from './lib/env.mjs';
import { run } from './lib/gateway.mjs';
import { describe, docFile, readManual, saveManual } from './lib/manual.mjs';
import { keysOf } from './lib/mdoc.mjs';

const WRITE = process.env.HDRGATE_DOCS_WRITE === '1';
const { version, keys, log } = JSON.parse((await run(['keys', '--json'])).stdout);
const manual = readManual('configuration.md');
const place = (b, name = 'configuration.md') => `doc/${name}:${b.line + 1}`;

test('configuration.md has one heading for each key, and none for what is no key', () => {
  const known = new Map(keys.map((k) => [k.name, k]));
  const seen = new Map();
  const wrong = [];
  for (const h of manual.heads) {
    for (const name of h.names) {
      if (!known.has(name)) wrong.push(`${place(h)}: there is no key ${name}`);
      if (seen.has(name)) wrong.push(`${place(h)}: ${name} has a heading in line ${seen.get(name)} too`);
      seen.set(name, h.line + 1);
    }
  }
  for (const name of known.keys()) if (!seen.has(name)) wrong.push(`${name} has no heading`);
  assert.equal(wrong.length, 0, wrong.join('\n'));
});

// Type, unit, default and place are those of the table. What it has no standard for is said in words.
function rowOf(head) {
  const said = head.names.map((n) => describe(keys.find((k) => k.name === n), keys));
  const same = (what) => {
    assert.equal(new Set(said.map((s) => s[what])).size, 1, `${place(head)}: ${what} differs between ${head.names}`);
    return said[0][what];
  };
  const [, , standard, , since] = head.cells ?? [];
  return [same('type'), same('unit'), same('standard') ?? standard, said.map((s) => s.where).join(', '), since];
}

test('the row under each heading says what the table says', () => {
  const versions = new Set(readFileSync(docFile('../CHANGELOG.md'), 'utf8').match(/^## \S+/gm).map((l) => l.slice(3)));
  assert.ok(versions.has(version));
  const wrong = [];
  for (const h of manual.heads.filter((k) => k.names.length && keys.some((x) => x.name === k.names[0]))) {
    if (h.row < 0) {
      wrong.push(`${place(h)}: no row below ${h.title}`);
      continue;
    }
    const row = rowOf(h);
    const text = `| ${row.join(' | ')} |`;
    if (!versions.has(row[4])) wrong.push(`${place(h)}: since ${row[4]}, which CHANGELOG.md does not know`);
    if (!row[2]) wrong.push(`${place(h)}: no default`);
    if (h.prose.trim().length < 20) wrong.push(`${place(h)}: not a sentence about ${h.title}`);
    if (WRITE) manual.lines[h.row] = text;
    else if (manual.lines[h.row] !== text) wrong.push(`doc/configuration.md:${h.row + 1}: the row says\n  ${manual.lines[h.row]}\nand should\n  ${text}`);
  }
  if (WRITE) saveManual(manual);
  assert.equal(wrong.length, 0, wrong.join('\n'));
});

// A piece of configuration stands in a block of its kind. The rest of a file around it:
const AROUND = {
  global: ['global: {', '};'],
  'global.control': ['global: { control: { to = "unix:/run/hdrgate/control.sock";', '}; };'],
  'global.log': ['global: { log: {', '}; };'],
  'frontend.log': ['frontend: { api: { bind = "127.0.0.1:8080"; backend = "api";', '}; };'],
  'log-format': ['log-format: { example: {', '}; };'],
  'log-format.events': ['log-format: { example: { events: {', '}; }; };'],
  defaults: ['defaults: {', '};'],
  'defaults.timeout': ['defaults: { timeout: {', '}; };'],
  'frontend.timeout': ['frontend: { api: { bind = "127.0.0.1:8080"; backend = "api"; timeout: {', '}; }; };'],
  'backend.timeout': ['backend: { api: { url = "https://api.example"; timeout: {', '}; }; };'],
  limit: ['frontend: { api: { bind = "127.0.0.1:8080"; backend = "api"; limit: {', '}; }; };'],
  retry: ['backend: { api: { url = "https://api.example"; retry: {', '}; }; };'],
  pool: ['backend: { api: { url = "https://api.example"; pool: {', '}; }; };'],
  queue: ['backend: { api: { url = "https://api.example"; limit = 8; queue: {', '}; }; };'],
  health: ['backend: { api: { server = [ "https://a.example", "https://b.example" ]; health: {', '}; }; };'],
  'health.passive': ['backend: { api: { server = [ "https://a.example", "https://b.example" ]; health: { passive: {', '}; }; }; };'],
  'backend.tls': ['backend: { api: { url = "https://api.example"; tls: {', '}; }; };'],
  secret: ['secret: { key: {', '}; };'],
  rule: ['rule: { example: {', '}; };'],
  frontend: ['frontend: { api: {', '}; };'],
  'use-backend': ['acl: { models: { path = "/models"; }; }; frontend: { api: { bind = "127.0.0.1:8080"; use-backend = (', '); }; };'],
  bind: ['frontend: { api: { backend = "api"; bind: {', '}; }; };'],
  'bind.tls': ['frontend: { api: { backend = "api"; bind: { to = "127.0.0.1:8443"; tls: {', '}; }; }; };'],
  'frontend.missing': ['frontend: { api: { bind = "127.0.0.1:8080"; backend = "api"; missing: {', '}; }; };'],
  backend: ['backend: { api: {', '}; };'],
  server: ['backend: { api: { server = (', '); }; };'],
  request: ['backend: { api: { url = "https://api.example"; request = (', '); }; };'],
  response: ['backend: { api: { url = "https://api.example"; response = (', '); }; };'],
  usage: ['usage: { example: {', '}; };'],
  'global.usage-log': ['global: { usage-log: {', '}; };'],
  answer: ['frontend: { api: { bind = "127.0.0.1:8080"; backend = "api"; request = (', '); }; };'],
  redirect: ['frontend: { api: { bind = "127.0.0.1:8080"; backend = "api"; request = (', '); }; };'],
  'rate-limit': ['frontend: { api: { bind = "127.0.0.1:8080"; backend = "api"; request = (', '); }; };'],
  serve: ['frontend: { api: { bind = "127.0.0.1:8080"; backend = "api"; request = (', '); }; };'],
  errors: ['frontend: { api: { bind = "127.0.0.1:8080"; backend = "api"; errors: {', '}; }; };'],
  when: ['backend: { api: { url = "https://api.example"; request = ( { deny = 403; when: {', '}; } ); }; };'],
};
const BLOCK = /^(#|include =|env-file =|(global|defaults|secret|rule|frontend|backend|acl|choose|map|log-format|usage|guard|table): +\{)/;

// { backend: Set of the names of its blocks, ... }
function namesIn(text) {
  const names = {};
  const open = [];
  const bare = text.replace(/"(\\.|[^"\\])*"/g, '""').replace(/(#|\/\/).*$/gm, '');
  for (const [, name, bracket] of bare.matchAll(/(?:([\w-]+)\s*[:=]\s*)?([{}()[\]])/g)) {
    if ('})]'.includes(bracket)) {
      open.pop();
      continue;
    }
    if (open.length === 0) names[name] ??= new Set();
    else if (open.length === 1) names[open[0]].add(name);
    open.push(name);
  }
  return names;
}

// What a piece names and does not have is put behind it, in a file of its own.
const PARTS = {
  secret: [/\$<secret:([\w-]+)/g, () => '{ from = "$<EXAMPLE_KEY>"; }'],
  usage: [/\busage = "([\w-]+)"/g, () => '{ input = "usage.input_tokens"; }'],
  rule: [/\buse = "([\w-]+)"/g, () => '{ request = ( { drop-header = "x-api-key"; } ); }'],
  acl: [/\b(?:if|unless) = "([^"]*)"/g, () => '{ method = "GET"; }'],
  'log-format': [/\bformat = "(?!standard")([\w-]+)"/g, () => '{ events: { stopped: { off = true; }; }; }'],
  backend: [/\b(?:backend|via) = "([\w-]+)"/g, (name) => (name === 'squid' ? '{ proxy = "http://squid:3128"; }' : `{ url = "https://${name}.example"; }`)],
};

function missingParts(text) {
  const has = namesIn(text);
  let more = 'defaults: { via = "squid"; };\n';
  for (const [block, [named, make]] of Object.entries(PARTS)) {
    const found = [...`${text}${more}`.matchAll(named)].flatMap((m) => m[1].split(/[\s|!]+/)).filter((n) => n && n !== 'direct' && !has[block]?.has(n));
    if (found.length) more += `${block}: { ${[...new Set(found)].map((n) => `${n}: ${make(n)};`).join(' ')} };\n`;
  }
  if (!has.frontend) {
    const to = /\bproxy = /.test(text) ? null : [...(has.backend ?? [])].find((n) => n !== 'squid');
    more += `frontend: { around: { bind = "127.0.0.1:1"; request = ( { respond: { status = 204; }; when: { method = "X"; }; } );${to ? ` backend = "${to}";` : ''} }; };\n`;
  }
  return more;
}

function whole(block) {
  let text = block.text;
  if (!BLOCK.test(text)) {
    const first = keys.find((k) => block.head?.names.includes(k.name));
    let scope = first?.block === 'when' && text.startsWith('{') ? 'response' : first?.block;
    // Actions that only frontends' lists may have.
    if (scope === 'request' && /^\{ (rate-limit|guard|serve)\b/.test(text)) scope = 'serve';
    if (!AROUND[scope]) return null;
    let [around] = AROUND[scope];
    const [, after] = AROUND[scope];
    if (first.block === 'frontend' && !/\bbind\b/.test(text)) around += ' bind = "127.0.0.1:8080";';
    if (first.block === 'frontend' && !/\bbackend = |\bfrom = /.test(text)) around += ' backend = "api";';
    if (first.block === 'log-format' && !/\bevents\b/.test(text)) around += ' events: { stopped: { off = true; }; };';
    if (first.block === 'backend' && !/\b(url|server|proxy|from)\b/.test(text)) around += ' url = "https://api.example";';
    text = `${around} ${text}${after}\n`;
  }
  if (!/\bdefaults: \{/.test(text)) text = `defaults: { via = "squid"; }; ${text}`;
  return text;
}

const ENV = {
  PATH: process.env.PATH, HTTPS_PROXY: 'http://squid:3128', EXAMPLE_KEY: 'example-key', AWF_ALLOWED_MODELS: '["gpt-*"]', AWF_EFFECTIVE_TOKEN_MODEL_MULTIPLIERS: '{"gpt-5":2.5}', HDRGATE_RULES_DIR: docFile('../rules'),
};
for (const k of Object.keys(process.env)) if (/^(ASAN|UBSAN|TSAN|LSAN)_OPTIONS$/.test(k)) ENV[k] = process.env[k];

// Files that a text names are made: certificates below /etc/hdrgate/tls, secrets below /run/secrets.
function withFiles(text, dir) {
  return text.replace(/\/etc\/hdrgate\/tls\/([\w-]+\.pem)|\/run\/secrets\/([\w.-]+)|\/etc\/hdrgate\/(env)\b/g, (_, pem, secret, env) => {
    const to = join(dir, pem ?? secret ?? env);
    if (existsSync(to)) return to;
    if (env) writeFileSync(to, 'EXAMPLE=1\n', { mode: 0o600 });
    else if (secret) writeFileSync(to, /json$/.test(secret) ? '{"tokens":[{"access":"example-token"}]}' : 'example-token\n', { mode: 0o600 });
    else copyFileSync(/key/.test(pem) ? certificate('good').key : /ca\./.test(pem) ? caFile() : certificate('good').cert, to);
    return to;
  });
}

// Every variable has a value.
function withVariables(text, env) {
  for (const [, kind, name] of text.matchAll(/\$<(?:(\w+):)?([A-Z][A-Z0-9_]*)/g)) env[name] ??= kind === 'int' ? '1' : 'example';
  return env;
}

function check(files) {
  const dir = tempDir('doc');
  const env = { ...ENV };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), withFiles(text, dir));
    withVariables(text, env);
  }
  const paths = ['.', 'around'].filter((p) => existsSync(join(dir, p))).flatMap((p) => ['-f', p]);
  return spawnSync(BINARY, ['check', ...paths], { env, cwd: dir, encoding: 'utf8' });
}

test('each key has an example that is valid, and has the key in it', () => {
  const wrong = [];
  let n = 0;
  for (const b of manual.blocks.filter((x) => x.kind === 'cfg')) {
    const text = whole(b);
    if (text === null) {
      wrong.push(`${place(b)}: in which block does this stand?`);
      continue;
    }
    const r = check({ 'hdrgate.cfg': text, 'around/around.cfg': missingParts(text), 'sites/a.cfg': '# nothing\n', 'tenants.map': '10.0.0.1 acme-key\n' });
    n++;
    const said = r.stderr.replace(/.*warning: the server's certificate is not verified\n/, '');
    if (r.status !== 0 || said !== '') wrong.push(`${place(b)}:\n${r.stderr}${text}`);
  }
  for (const h of manual.heads.filter((x) => x.names.length)) {
    const own = manual.blocks.filter((b) => b.head === h && b.kind === 'cfg').map((b) => b.text).join('');
    if (!own) wrong.push(`${place(h)}: no example of ${h.title}`);
    else if (!h.names.some((name) => own.includes(name.split('.').at(-1)))) wrong.push(`${place(h)}: the example has no ${h.title} in it`);
  }
  assert.ok(n >= 100);
  assert.equal(wrong.length, 0, wrong.join('\n'));
});

test('every type of failure is in the table of errors, and nothing else', () => {
  const known = new Set();
  for (const file of ['http/error.h', 'http/failures.h', 'rules/ruleset.h']) {
    const text = readFileSync(docFile(`../include/${file}`), 'utf8');
    for (const [, a, b] of text.matchAll(/X\((?:[A-Z0-9_]+,\s*"(\w+)",\s*\d{3},|"(\w+)"\))/g)) known.add((a ?? b).replaceAll('_', '-'));
  }
  known.delete('ok');
  known.delete('none');
  const said = [...manual.lines.join('\n').matchAll(/^\| `([a-z0-9-]+)` \| \d{3} \|/gm)].map((m) => m[1]);
  assert.ok(known.size > 40);
  assert.deepEqual(said.toSorted(), [...known].sort());
});

// The rows under these two headings are the tables of include/base/event.h.
test('events and variables of the log are those of the program', () => {
  const of = { request: 'requests', process: 'the process', any: 'both' };
  const tables = {
    'Events of the log': log.events.map((e) => [`\`${e.event}\``, e.of === 'request' ? 'a request' : 'the process', e.otherwise === 'itself' ? 'our own line' : e.otherwise === 'nothing' ? 'nothing' : `\`${e.otherwise}\``, e.when]),
    'Variables of the log': log.values.map((v) => [`\`%{${v.variable}}\``, v.type, of[v.of], v.field ? `\`${v.field}\`` : '-', v.what]),
  };
  for (const [title, rows] of Object.entries(tables)) {
    assert.ok(rows.length > 40, title);
    const from = manual.lines.indexOf('', manual.lines.indexOf(`### ${title}`) + 1);
    const begin = manual.lines.findIndex((l, i) => i > from && /^\|-/.test(l)) + 1;
    const end = manual.lines.indexOf('', begin);
    const text = rows.map((r) => `| ${r.join(' | ')} |`);
    if (WRITE) {
      manual.lines.splice(begin, end - begin, ...text);
      saveManual(manual);
    } else {
      assert.deepEqual(manual.lines.slice(begin, end), text, `run this test with HDRGATE_DOCS_WRITE=1 (${title})`);
    }
  }
});

const slug = (title) => title.toLowerCase().replace(/[^\w -]/g, '').replaceAll(' ', '-');

test('links lead somewhere', () => {
  const names = ['configuration.md', 'fixtures.md', 'architecture.md', 'http-policy.md', 'cookbook.md', 'policy.md', '../README.md'].filter((n) => existsSync(docFile(n)));
  const bare = (name) => readFileSync(docFile(name), 'utf8').replace(/^```[\s\S]*?^```$/gm, '');
  const slugs = new Map(names.map((n) => [n, new Set(bare(n).match(/^#+ .*$/gm).map((l) => slug(l.replace(/^#+ /, ''))))]));
  const wrong = [];
  for (const name of names) {
    for (const [, to] of bare(name).matchAll(/\]\(([^)\s]+)\)/g)) {
      const [file, anchor] = to.split('#');
      if (/^https?:/.test(file)) continue;
      const target = file ? file.replace(/^doc\//, '') : name;
      if (!existsSync(docFile(target)) && !existsSync(docFile(`../${file}`))) wrong.push(`${name}: ${to}`);
      else if (anchor && slugs.has(target) && !slugs.get(target).has(anchor)) wrong.push(`${name}: ${to}`);
    }
  }
  assert.equal(wrong.length, 0, wrong.join('\n'));
});

// Under one heading of level 2: configurations (a first line "# NAME.cfg" names the file, else it is hdrgate.cfg), maps,
// fixtures that hold for it, and commands with their outputs, in a folder of their own.
function chapters(m) {
  const found = new Map();
  for (const b of m.blocks) if (['cfg', 'wrong', 'fixtures', 'map', 'console'].includes(b.kind)) found.set(b.chapter, [...(found.get(b.chapter) ?? []), b]);
  return [...found].filter(([, blocks]) => blocks.some((b) => b.kind !== 'cfg'));
}

function stage(blocks) {
  const dir = tempDir('recipe');
  const env = { ...ENV, PATH: `${dir}/bin:${ENV.PATH}` };
  mkdirSync(join(dir, 'bin'));
  symlinkSync(BINARY, join(dir, 'bin', 'hdrgate'));
  for (const b of blocks.filter((x) => x.kind !== 'console')) {
    const name = /^# (\S+\.(?:cfg|fixtures|map))\n/.exec(b.text)?.[1] ?? `hdrgate.${b.kind}`;
    assert.ok(!existsSync(join(dir, name)), `${b.line + 1}: ${name} is there twice`);
    writeFileSync(join(dir, name), withFiles(b.text, dir));
    if (b.kind === 'cfg' || b.kind === 'wrong') withVariables(b.text, env);
  }
  return { dir, env };
}

// Runs each "$ command" of the block; returns the block's text as it should be.
function transcript(b, { dir, env }) {
  const out = [];
  for (const line of b.text.match(/^\$ .*$/gm)) {
    const r = spawnSync('sh', ['-c', `${line.slice(2)} 2>&1`], { cwd: dir, env, encoding: 'utf8' });
    out.push(line, r.stdout.replaceAll(`${dir}/`, '').replaceAll(docFile('../rules'), '/usr/share/hdrgate/rules'));
  }
  return `${out.map((t) => t.trimEnd()).join('\n').replace(/\n(?=\$ )/g, '\n\n')}\n`;
}

for (const name of ['configuration.md', 'cookbook.md']) {
  test(`${name}: outputs are those of the commands, fixtures hold`, { skip: !existsSync(docFile(name)) && 'not there' }, () => {
    const m = name === manual.name && !WRITE ? manual : readManual(name);
    const wrong = [];
    const changes = [];
    for (const [, blocks] of chapters(m)) {
      const at = stage(blocks);
      for (const b of blocks) {
        if (b.kind === 'console') {
          const text = transcript(b, at);
          if (text !== b.text) changes.push([b, text]);
        } else if (b.kind === 'fixtures') {
          const file = /^# (\S+\.fixtures)\n/.exec(b.text)?.[1] ?? 'hdrgate.fixtures';
          const r = spawnSync(BINARY, ['test', file], { cwd: at.dir, env: at.env, encoding: 'utf8' });
          if (r.status !== 0) wrong.push(`${place(b, name)}:\n${r.stdout}${r.stderr}`);
        }
      }
    }
    if (WRITE) {
      for (const [b, text] of changes.reverse()) m.lines.splice(b.line + 1, b.end - b.line - 1, ...text.trimEnd().split('\n'));
      saveManual(m);
    } else {
      wrong.push(...changes.map(([b, text]) => `${place(b, name)}: the output is\n${text}`));
    }
    assert.equal(wrong.length, 0, wrong.join('\n'));
  });
}

test('cookbook.md: each recipe is a whole configuration, valid without a warning, and says how to see that it works', () => {
  const m = readManual('cookbook.md');
  const wrong = [];
  for (const h of m.heads.filter((x) => m.lines[x.line].startsWith('## '))) {
    const blocks = m.blocks.filter((b) => b.head === h);
    const files = Object.fromEntries(blocks.filter((b) => b.kind === 'cfg' || b.kind === 'map').map((b) => [/^# (\S+\.(?:cfg|map))\n/.exec(b.text)?.[1] ?? 'hdrgate.cfg', b.text]));
    if (!files['hdrgate.cfg']) {
      wrong.push(`${place(h, m.name)}: no configuration`);
      continue;
    }
    const r = check(files);
    const said = r.stderr.replace(/.*warning: connects directly, without a proxy\n/, '');
    if (r.status !== 0 || said) wrong.push(`${place(h, m.name)}:\n${r.stderr}`);
    if (!blocks.some((b) => b.kind === 'fixtures' || b.kind === 'console' || b.kind === 'sh') && !/`hdrgate |log has/.test(h.prose)) wrong.push(`${place(h, m.name)}: how does one see that it works?`);
  }
  assert.equal(wrong.length, 0, wrong.join('\n'));
});

test('hdrgate.cfg(5) has every key, as configuration.md describes it', () => {
  const file = docFile('hdrgate.cfg.5');
  const page = readFileSync(file, 'utf8');
  const [, before, list, after] = /^([\s\S]*?\.\\" BEGIN KEYS\n)([\s\S]*?)(\.\\" END KEYS\n[\s\S]*)$/.exec(page);
  const made = `${keysOf(readManual('configuration.md')).join('\n')}\n`;
  if (WRITE) writeFileSync(file, before + made + after);
  else assert.equal(list, made, 'run this test with HDRGATE_DOCS_WRITE=1');
  const items = new Set(made.match(/^\.It Ic .*$/gm).flatMap((l) => l.slice(7).split(' , ')));
  assert.deepEqual(keys.map((k) => k.name).filter((k) => !items.has(k)), []);
});
