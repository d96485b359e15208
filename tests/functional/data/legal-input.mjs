// SPDX-License-Identifier: MIT
// Bytes that look odd and are legal. Columns: what it is, head or body, the bytes, the RFC's section, and what the
// upstream must have got: target, headers (a value, or null: not there), body, or answers (their statuses, 200 if not given).
const H = 'Host: gate.test\r\n';
const req = (lines = '', body = '', line = 'GET /x HTTP/1.1') => `${line}\r\n${H}${lines}\r\n${body}`;
const line = (l) => `${l}\r\n${H}\r\n`;
const host = (h) => `GET /x HTTP/1.1\r\nHost:${h}\r\n\r\n`;
const POST = 'POST /x HTTP/1.1';
const chunked = (body, more = '') => req(`Transfer-Encoding: chunked\r\n${more}`, body, POST);
const length = (value, body = 'abc') => req(`Content-Length:${value}\r\n`, body, POST);
const h = (name, value) => ({ headers: { [name]: value } });
const target = (t) => ({ target: t });
const many = (n, f) => Array.from({ length: n }, (_, i) => f(i)).join('');
const TOKEN = "!#$%&'*+-.^_`|~09AZaz";

const head = [
  ['absolute form with the same host', line('GET http://gate.test/x?y HTTP/1.1'), '9112 3.2.2', target('/x?y')],
  ['absolute form in other case', line('GET HTTP://GATE.test/x HTTP/1.1'), '9112 3.2.2', target('/x')],
  ['absolute form without a path', line('GET http://gate.test HTTP/1.1'), '9112 3.2.1', target('/')],
  ['absolute form with a query and no path', line('GET http://gate.test?a=b HTTP/1.1'), '9112 3.2.1', target('/?a=b')],
  ['absolute form with the same port', 'GET http://gate.test:81/x HTTP/1.1\r\nHost: gate.test:81\r\n\r\n', '9112 3.2.2', target('/x')],
  ['OPTIONS *', line('OPTIONS * HTTP/1.1'), '9112 3.2.4', target('*')],
  ['OPTIONS with a path', line('OPTIONS /x HTTP/1.1'), '9110 9.3.7', target('/x')],
  ['one empty line before the request', `\r\n${req()}`, '9112 2.2', target('/x')],
  ['an unknown method', line('PROPFIND /x HTTP/1.1'), '9110 9.1', { method: 'PROPFIND' }],
  ['a method in lower case', line('get /x HTTP/1.1'), '9110 9.1', { method: 'get' }],
  ['a method of all token characters', line(`${TOKEN} /x HTTP/1.1`), '9110 9.1', { method: TOKEN }],
  ['DELETE with a body', req('Content-Length: 3\r\n', 'abc', 'DELETE /x HTTP/1.1'), '9110 9.3.5', { body: 'abc' }],
  ['GET with a body', req('Content-Length: 3\r\n', 'abc'), '9110 9.3.1', { body: 'abc' }],
  ['POST without framing', req('', '', POST), '9112 6.3', { body: '' }],
  ['// inside a path', line('GET /a//b HTTP/1.1'), '3986 3.3', target('/a//b')],
  ['dot segments', line('GET /a/../b/./c HTTP/1.1'), '3986 3.3', target('/a/../b/./c')],
  ['an encoded slash', line('GET /a%2Fb%2f HTTP/1.1'), '3986 2.2', target('/a%2Fb%2f')],
  ['percent signs that encode nothing', line('GET /a%zz%? HTTP/1.1'), '3986 2.1', target('/a%zz%?')],
  ['all sub-delimiters', line("GET /!$&'()*+,;=:@-._~ HTTP/1.1"), '3986 3.3', target("/!$&'()*+,;=:@-._~")],
  ['a colon in the first segment', line('GET /models/g:generate HTTP/1.1'), '3986 3.3', target('/models/g:generate')],
  ['an empty query', line('GET /x? HTTP/1.1'), '3986 3.4', target('/x?')],
  ['question marks in a query', line('GET /x?a=?&b=/? HTTP/1.1'), '3986 3.4', target('/x?a=?&b=/?')],
  ['// in a query', line('GET /x?u=http://a//b HTTP/1.1'), '3986 3.4', target('/x?u=http://a//b')],
  ['a target of 8000 bytes', line(`GET /${'a'.repeat(8000)} HTTP/1.1`), '9112 3', target(`/${'a'.repeat(8000)}`)],
  ['brackets in a query', line('GET /x?a[0]=1 HTTP/1.1'), '9112 3.2', target('/x?a[0]=1')],
  ['no space behind the colon', req('X-A:b\r\n'), '9112 5.1', h('x-a', 'b')],
  ['spaces and tabs around a value', req('X-A: \t b \t\r\n'), '9112 5.1', h('x-a', 'b')],
  ['an empty value', req('X-A:\r\n'), '9110 5.5', h('x-a', '')],
  ['a value of white space', req('X-A: \t \r\n'), '9110 5.5', h('x-a', '')],
  ['a tab inside a value', req('X-A: b\tc\r\n'), '9110 5.5', h('x-a', 'b\tc')],
  ['bytes above 127 in a value', req('X-A: caf\xe9 \xf0\x9f\x98\x80\r\n'), '9110 5.5', h('x-a', 'caf\xe9 \xf0\x9f\x98\x80')],
  ['colons in a value', req('X-A: b:c: d\r\n'), '9112 5', h('x-a', 'b:c: d')],
  ['quotes and backslashes', req('X-A: "b\\"c", d\\\r\n'), '9110 5.6.4', h('x-a', '"b\\"c", d\\')],
  ['a name of all token characters', req(`${TOKEN}: b\r\n`), '9110 5.6.2', h(TOKEN.toLowerCase(), 'b')],
  ['a name in capitals', req('X-A: b\r\n'.toUpperCase()), '9110 5.1', h('x-a', 'B')],
  ['a field given twice', req('X-A: b\r\nx-a: c\r\n'), '9110 5.3', { all: { 'x-a': ['b', 'c'] } }],
  ['two hundred fields', req(many(200, (i) => `X-${i}: ${i}\r\n`)), '9110 5.4', h('x-199', '199')],
  ['a value of 60,000 bytes', req(`X-A: ${'a'.repeat(60000)}\r\n`), '9110 5.4', h('x-a', 'a'.repeat(60000))],
  ['two cookies', req('Cookie: a=b\r\nCookie: c=d\r\n'), '6265 5.4', { all: { cookie: ['a=b', 'c=d'] } }],
  ['Host without a space', host('gate.test'), '9112 3.2'],
  ['Host in capitals', host(' GATE.TEST'), '9110 4.2.3'],
  ['Host with a port', host(' gate.test:8080'), '9110 7.2'],
  ['Host with an empty port', host(' gate.test:'), '9110 7.2'],
  ['Host with a final dot', host(' gate.test.'), '3986 3.2.2'],
  ['Host is an IPv4 address', host(' 127.0.0.1:80'), '9110 7.2'],
  ['Host is an IPv6 address', host(' [::1]:80'), '9110 7.2'],
  ['Host with an underscore', host(' my_gate'), '3986 3.2.2'],
  ['an empty Host', host(''), '9112 3.2'],
  ['Host behind other fields', 'GET /x HTTP/1.1\r\nX-A: b\r\nHost: gate.test\r\n\r\n', '9110 7.2', h('x-a', 'b')],
  ['HTTP/1.0 without Host', 'GET /x HTTP/1.0\r\n\r\n', '9112 3.2', target('/x')],
  ['HTTP/1.0 with a length', 'POST /x HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc', '9112 6.3', { body: 'abc' }],
  ['HTTP/1.0 that asks to keep alive', 'GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n', '9112 9.3', target('/x')],
  ['a higher minor version', line('GET /x HTTP/1.9'), '9110 2.5', target('/x')],
  ['Content-Length: 0', length(' 0', ''), '9110 8.6', { body: '' }],
  ['Content-Length with zeros in front', length(' 0003'), '9110 8.6', { body: 'abc' }],
  ['Content-Length with white space around', length('\t 3 \t'), '9112 5.1', { body: 'abc' }],
  ['Transfer-Encoding in capitals', req('TRANSFER-ENCODING: CHUNKED\r\n', '3\r\nabc\r\n0\r\n\r\n', POST), '9112 7', { body: 'abc' }],
  ['Transfer-Encoding with white space', req('Transfer-Encoding:\t chunked \t\r\n', '3\r\nabc\r\n0\r\n\r\n', POST), '9112 5.1', { body: 'abc' }],
  ['Connection with empty elements', req('Connection: , ,keep-alive,,\r\n'), '9110 5.6.1', h('connection', null)],
  ['Connection names a field that is not there', req('Connection: x-gone\r\n'), '9110 7.6.1', h('connection', null)],
  ['Connection names a field', req('Connection: X-Hop\r\nX-Hop: a\r\n'), '9110 7.6.1', h('x-hop', null)],
  ['Connection: close', req('Connection: close\r\n'), '9112 9.6', h('x-a', null)],
  ['Keep-Alive and Proxy-Connection', req('Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\n'), '9110 7.6.1', { headers: { 'keep-alive': null, 'proxy-connection': null } }],
  ['TE: trailers', req('TE: trailers\r\nConnection: TE\r\n'), '9110 10.1.4', h('te', 'trailers')],
  ['TE: gzip ends here', req('TE: gzip\r\nConnection: TE\r\n'), '9110 10.1.4', h('te', null)],
  ['Upgrade: h2c is ignored', req('Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\n'), '9110 7.8', { headers: { upgrade: null, 'http2-settings': null } }],
  ['an unknown Upgrade is ignored', req('Upgrade: foo/2\r\nConnection: upgrade\r\n'), '9110 7.8', h('upgrade', null)],
  ['as many fields as there may be', req(many(255, (i) => `X-${i}: ${i}\r\n`)), '6585 5', h('x-254', '254')],
  ['Expect in other case', req('Expect: 100-Continue\r\nContent-Length: 3\r\n', 'abc', POST), '9110 10.1.1', { headers: { expect: null }, body: 'abc' }],
  ['Expect without a body', req('Expect: 100-continue\r\n'), '9110 10.1.1', h('expect', null)],
  ['requests in one write', req() + req() + req(), '9112 9.3.2', { answers: [200, 200, 200] }],
  ['an empty line between two requests', `${req()}\r\n${req()}`, '9112 2.2', { answers: [200, 200] }],
  ['a request behind a body', length(' 3') + req(), '9112 9.3.2', { answers: [200, 200] }],
];

const T = 'Trailer: X-Sum\r\n';
const body = [
  ['no chunk but the last', chunked('0\r\n\r\n'), '9112 7.1', { body: '' }],
  ['chunk sizes in capitals', chunked('A\r\n0123456789\r\n0\r\n\r\n'), '9112 7.1', { body: '0123456789' }],
  ['chunk sizes in small letters', chunked('a\r\n0123456789\r\n0\r\n\r\n'), '9112 7.1', { body: '0123456789' }],
  ['zeros before a chunk size', chunked('0000000000000003\r\nabc\r\n0\r\n\r\n'), '9112 7.1', { body: 'abc' }],
  ['many zeros in the last chunk', chunked('3\r\nabc\r\n0000\r\n\r\n'), '9112 7.1', { body: 'abc' }],
  ['chunks of one byte', chunked(`${many(500, () => '1\r\na\r\n')}0\r\n\r\n`), '9112 7.1', { body: 'a'.repeat(500) }],
  ['a chunk extension', chunked('3;a\r\nabc\r\n0\r\n\r\n'), '9112 7.1.1', { body: 'abc' }],
  ['a chunk extension with a value', chunked('3;a=b;c="d e"\r\nabc\r\n0;x\r\n\r\n'), '9112 7.1.1', { body: 'abc' }],
  ['white space around a chunk extension', chunked('3 ; a = b\r\nabc\r\n0\r\n\r\n'), '9112 7.1.1', { body: 'abc' }],
  ['CRLF inside a chunk', chunked('8\r\na\r\n0\r\n\r\n\r\n0\r\n\r\n'), '9112 7.1', { body: 'a\r\n0\r\n\r\n' }],
  ['NULs in a body', chunked('3\r\n\0\0\0\r\n0\r\n\r\n'), '9110 6.4', { body: '\0\0\0' }],
  ['a body that looks like a request', length(` ${req().length}`, req()), '9112 6.3', { body: req(), answers: [200] }],
  ['a trailer', chunked('3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n', T), '9112 7.1.2', { body: 'abc', trailers: ['X-Sum: 1'] }],
  ['two trailers, one empty', chunked('3\r\nabc\r\n0\r\nX-Sum: 1\r\nX-B:\r\n\r\n', T), '9112 7.1.2', { trailers: ['X-Sum: 1', 'X-B: '] }],
  ['a trailer that was not announced', chunked('3\r\nabc\r\n0\r\nX-Sum:1\r\n\r\n'), '9110 6.6.2', { trailers: ['X-Sum: 1'] }],
  ['a request behind a chunked body', chunked('3\r\nabc\r\n0\r\n\r\n') + req(), '9112 9.3.2', { answers: [200, 200] }],
  ['a body of the limit exactly', length(' 10485760', 'a'.repeat(10485760)), '9110 15.5.14', { length: 10485760 }],
  ['a chunked body of the limit exactly', chunked(`a00000\r\n${'a'.repeat(10485760)}\r\n0\r\n\r\n`), '9110 15.5.14', { length: 10485760 }],
];

export const legal = [...head.map(([w, ...r]) => [w, 'head', ...r]), ...body.map(([w, ...r]) => [w, 'body', ...r])];
