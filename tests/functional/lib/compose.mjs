// SPDX-License-Identifier: MIT
// What docker/compose.yaml gives a service, without an engine.
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

const file = new URL('../../../docker/compose.yaml', import.meta.url);

// ${NAME}, ${NAME-default} and ${NAME:+instead}, as compose does.
function expand(text, caller) {
  return text.replace(/\$\{(\w+)(?:(-|:\+)([^}]*))?\}/g, (_, name, how, word) => {
    if (how === ':+') return caller[name] ? word : '';
    return caller[name] ?? (how === '-' ? word : '');
  });
}

// The environment of a service, where the caller of compose has the environment `caller`.
export function environment(service, caller) {
  const { environment } = parse(readFileSync(file, 'utf8')).services[service];
  return Object.fromEntries(Object.entries(environment).map(([n, v]) => [n, expand(String(v), caller)]));
}
