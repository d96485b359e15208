// SPDX-License-Identifier: MIT
// The usual scene: client, hdrgate, (Squid,) TLS upstream. Tests change what they are about and leave the rest.
import { caFile } from './ca.mjs';
import { gateway } from './gateway.mjs';
import { squid } from './squid.mjs';
import { upstream } from './upstream.mjs';

export const KEY = 'real-credential-4711';
export const BEARER = `Bearer ${KEY}`;

// Text of a configuration with one frontend and one backend; every part can be given.
export function config({
  url, server = `{ url = "${url}"; }`, threads = 2, global = '', defaults = '', secret = 'k: { from = "$<API_KEY>"; };', more = '', moreFrontend = '', moreBackend = '',
  bind = '"127.0.0.1:0"', frontend = '', backend = '', tls = `ca = "${caFile()}";`, via = 'squid',
  request = '{ drop-header = "~^(authorization|proxy-authorization|x-api-key|x-goog-api-key|api-key)$"; aliases = true; }',
  inject = '{ set-header = [ "Authorization", "Bearer $<secret:k>" ]; }', response = '', proxy = '$<HTTPS_PROXY>',
}) {
  return `global: { threads = ${threads}; ${global} };
defaults: { ${defaults} };
secret: { ${secret} };
${more}
frontend: {
  api: { bind = ( ${bind} ); request = ( ${request} ); backend = "api"; ${frontend} };
  ${moreFrontend}
};
backend: {
  api: {
    server = ( ${server} );
    via = "${via}";
    ${tls ? `tls: { ${tls} };` : ''}
    request = ( ${inject} );
    response = ( ${response} );
    ${backend}
  };
  ${moreBackend}
  squid: { proxy = "${proxy}"; };
};
`;
}

// Through Squid. options: upstream, squid, gateway (options of those), config (parts of the configuration).
export async function world(t, options = {}) {
  const up = options.up ?? (await upstream(t, options.upstream));
  const sq = options.sq ?? (await squid(t, options.squid));
  const env = { API_KEY: KEY, HTTPS_PROXY: sq.url, ...options.gateway?.env };
  const text = config({ url: up.url(options.host), ...options.config });
  const gw = await gateway(t, text, { ...options.gateway, env });
  return { up, sq, gw, text, env };
}

// Without Squid, where the test is not about it.
export async function direct(t, options = {}) {
  const up = options.up ?? (await upstream(t, options.upstream));
  const env = { API_KEY: KEY, HTTPS_PROXY: 'direct', ...options.gateway?.env };
  const text = config({ url: up.url('localhost'), via: 'direct', ...options.config });
  const gw = await gateway(t, text, { ...options.gateway, env });
  return { up, gw, text, env };
}

export const get = (path = '/', more = '') => `GET ${path} HTTP/1.1\r\nHost: gate.test\r\n${more}\r\n`;
export const post = (path, body, more = '') =>
  `POST ${path} HTTP/1.1\r\nHost: gate.test\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${more}\r\n${body}`;
