// SPDX-License-Identifier: MIT
// Which backend a request goes to, and what then is or is not sent: fixtures through the engine.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { run, writeFiles } from './lib/gateway.mjs';

const CONFIG = `
secret: { a: { from = "$<A>"; }; b: { from = "$<B>"; }; };
rule: { bearer: { request = ( { drop-header = "authorization"; }, { set-header = [ "Authorization", "@{scheme:-Bearer} @{key}" ]; } ); }; };
defaults: { via = "squid"; named: { other-proxy: { via = "gone"; }; }; };
frontend: {
  f: {
    bind = "127.0.0.1:8080";
    request = ( { deny = 410; when: { path = "/gone"; }; } );
    use-backend = ( { backend = "models"; when: { path = "~^/models(/|$)"; method = "GET"; }; },
                    { backend = "files";  when: { header = [ "X-Kind", "file*" ]; }; },
                    { backend = "dark";   when: { path = "/dark"; }; } );
    backend = "chat";
  };
  narrow: {
    from = "f";
    bind = "127.0.0.1:8081";
    use-backend = ( { backend = "files"; when: { query = [ "kind", "file" ]; }; } );
  };
  bare: {
    bind = "127.0.0.1:8082";
    use-backend: { backend = "files"; when: { method = "~^(?:a+)+$"; }; };
    missing: { status = 599; body = "no"; };
  };
};
backend: {
  squid: { proxy = "http://squid:3128"; };
  gone:  { proxy = "$<NO_PROXY_HERE>"; };
  chat:   { url = "https://chat.test"; request = ( { use = "bearer"; key = "$<secret:a>"; } ); };
  models: { from = "chat"; url = "https://models.test"; request = ( { use = "bearer"; key = "$<secret:b>"; scheme = "Token"; } ); };
  files:  { from = "models"; url = "https://files.test"; request = ( ); };
  dark:   { from = "files"; defaults = "other-proxy"; };
};
`;

const FIXTURES = `
env A=key-a
env B=key-b
== nothing else holds: the backend
frontend f
> POST /models
> Authorization: placeholder
>> POST https://chat.test/models
>> Authorization: Bearer key-a
>> !"key-b"
== the first entry: other credential, other scheme
frontend f
> GET /models/x
> Authorization: placeholder
>> GET https://models.test/models/x
>> Authorization: Token key-b
>> via squid
>> !"key-a"
== the first that holds is taken, not the best
frontend f
> GET /models
> X-Kind: file
>> GET https://models.test/models
== a copy whose list is emptied has no credential
frontend f
> GET /x
> X-Kind: files
>> GET https://files.test/x
>> !"key-"
== rules of the frontend come first
frontend f
> GET /gone
> X-Kind: file
< 410
== a condition on the path makes the path strict
frontend f
> GET /models/../x
< 400
== what only one backend lacks concerns only its requests: never a way around its proxy
frontend f
> GET /dark
< 503 not_configured
== a copy with entries of its own has none of the base's
frontend narrow
> GET /models?KIND=file
>> GET https://files.test/models?KIND=file
== and its backend
frontend narrow
> GET /models
>> GET https://chat.test/models
== no entry holds and there is no backend
frontend bare
> GET /
< 404 no_backend
`;

test('use-backend, from, parameters: what leaves, and where to', async () => {
  const dir = writeFiles({ 'x.cfg': CONFIG, 'x.fixtures': FIXTURES });
  const r = await run(['test', '-f', join(dir, 'x.cfg'), join(dir, 'x.fixtures')], { env: {} });
  assert.equal(r.code, 0, r.stdout + r.stderr);
  assert.match(r.stdout, /10 fixtures/, r.stdout);
});

test('a fixture that names the wrong backend fails', async () => {
  const dir = writeFiles({ 'x.cfg': CONFIG, 'x.fixtures': FIXTURES.replace('>> GET https://models.test/models/x', '>> GET https://chat.test/models/x') });
  const r = await run(['test', '-f', join(dir, 'x.cfg'), join(dir, 'x.fixtures')], { env: {} });
  assert.equal(r.code, 1);
});

// [what, in place of f's lines, what check says (without the place)]
const MISTAKES = [
  ['a frontend\'s secret with two backends', 'backend = "chat"; use-backend: { backend = "files"; when: { method = "PUT"; }; }; request = ( { set-header = [ "X-K", "$<secret:a>" ]; } );',
    /^frontend\.z\.request: secret a would go to backends files and chat alike \(set it in the list of the backend that it is for, or write shared-credential = true if that is meant\)$/],
  ['shared', 'backend = "chat"; use-backend: { backend = "files"; when: { method = "PUT"; }; }; request = ( { set-header = [ "X-K", "$<secret:a>" ]; } ); shared-credential = true;', null],
  ['the same backend twice is one', 'backend = "chat"; use-backend: { backend = "chat"; when: { method = "PUT"; }; }; request = ( { set-header = [ "X-K", "$<secret:a>" ]; } );', null],
  ['shared, but one is plain', 'backend = "chat"; use-backend: { backend = "plain"; when: { method = "PUT"; }; }; request = ( { set-header = [ "X-K", "$<secret:a>" ]; } ); shared-credential = true;',
    /^frontend\.z\.request: secret a would be sent over http:\/\/ by backend plain /],
  ['behind an entry without a condition', 'use-backend = ( { backend = "chat"; }, { backend = "files"; when: { method = "PUT"; }; } );',
    /^frontend\.z\.use-backend\[1\]: warning: is never reached: the entry at x\.cfg:\d+ takes every request$/],
  ['a backend behind it', 'use-backend = ( { backend = "chat"; } ); backend = "files";', /^frontend\.z\.backend: warning: is never used: the use-backend entry at x\.cfg:\d+ takes every request$/],
  ['no backend in an entry', 'use-backend = ( { when: { method = "PUT"; }; } );', /^frontend\.z\.use-backend\[0\]: has no backend \(expected backend = "name"\)$/],
  ['a backend that is not there', 'use-backend = ( { backend = "cat"; } );', /^frontend\.z\.use-backend\[0\]\.backend: there is no backend of this name/],
  ['a proxy', 'use-backend = ( { backend = "squid"; } );', /^frontend\.z\.use-backend\[0\]\.backend: the backend of this name is a proxy/],
  ['a name that stands alone', 'use-backend = "chat";', /^frontend\.z\.use-backend: is a string \(expected a group \{ \.\.\. \} or a list of groups/],
  ['an empty condition', 'use-backend = ( { backend = "chat"; when: { }; } );', /^frontend\.z\.use-backend\[0\]\.when: has no condition$/],
  ['a bad pattern', 'use-backend = ( { backend = "chat"; when: { path = "~("; }; } );', /^frontend\.z\.use-backend\[0\]\.when\.path: missing closing parenthesis \(at offset \d+\)$/],
  ['a condition without its variable', 'use-backend = ( { backend = "chat"; when: { path = "/$<NOT_SET>"; }; } );', /^frontend\.z: warning: not configured, requests get 503: environment variable NOT_SET is not set$/],
];

for (const [what, keys, says] of MISTAKES) {
  test(`check: ${what}`, async () => {
    const config = CONFIG.replace(/frontend: \{[^]*?\n\};/, `frontend: {\n  z: { bind = "127.0.0.1:0"; ${keys} };\n};`)
      .replace(/\n  dark: .*/, '\n  plain: { from = "files"; url = "http://plain.test"; };');
    const dir = writeFiles({ 'x.cfg': config });
    const r = await run(['check', '-f', join(dir, 'x.cfg')], { env: { A: 'a', B: 'b' } });
    const lines = r.stderr.split('\n').slice(0, -1).map((l) => l.replaceAll(`${dir}/`, '').replace(/^x\.cfg:\d+: /, ''));
    if (says === null) assert.deepEqual([r.code, lines], [0, []]);
    else {
      assert.equal(lines.length, 1, lines.join('\n'));
      assert.match(lines[0], says);
      assert.equal(r.code, /warning: /.test(lines[0]) ? 0 : 1);
    }
  });
}
