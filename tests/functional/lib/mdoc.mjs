// SPDX-License-Identifier: MIT
// Makes the list of keys of hdrgate.cfg(5) from the chapters of configuration.md: one text, two forms.

const BOLD = '\u0001';
const ROMAN = '\u0002';

// Marks in a line: `code`, **bold**, [text](link).
function inline(text) {
  const parts = text.split(/(`[^`]+`)/).map((p) => {
    if (p.startsWith('`') && p.length > 1) return `${BOLD}${p.slice(1, -1)}${ROMAN}`;
    return p.replace(/\*\*([^*]+)\*\*/g, `${BOLD}$1${ROMAN}`).replace(/\*([^*]+)\*/g, '$1').replace(/\[([^\]]+)\]\([^)]*\)/g, '$1');
  });
  return parts.join('').replace(/\[([^\]\u0001\u0002]*[\u0001\u0002][^\]]*)\]\([^)]*\)/g, '$1');
}

const roff = (text) => inline(text).replaceAll('\\|', '|').replaceAll('\\', '\\e').replaceAll(BOLD, '\\fB').replaceAll(ROMAN, '\\fR').replace(/^([.'])/, '\\&$1');

// Sentences begin on lines of their own, as mdoc wants it.
const sentences = (text) => text.replace(/([\w)`"%*])([.?!]) +(?=[A-Z`"])/g, '$1$2\n').split('\n').map(roff);

function table(rows) {
  const cells = rows.map((r) => r.split(/(?<!\\)\|/).slice(1, -1).map((c) => c.trim()));
  const body = cells.slice(2);
  return ['.Bl -tag -width Ds -compact', ...body.flatMap((c) => [`.It ${roff(c[0])}`, roff(c.slice(1).filter(Boolean).join('; ') || 'no more')]), '.El'];
}

// A piece of Markdown without headings and fences.
export function toMdoc(markdown) {
  const out = [];
  for (const piece of markdown.trim().split(/\n\n+/).filter(Boolean)) {
    if (out.length) out.push('.Pp');
    const lines = piece.split('\n');
    if (lines[0].startsWith('|')) out.splice(out.length - (out.at(-1) === '.Pp' ? 1 : 0), 1, ...table(lines));
    else if (/^(- |\d+\. )/.test(lines[0])) {
      out.push(lines[0].startsWith('-') ? '.Bl -dash -compact' : '.Bl -enum -compact');
      for (const item of piece.replace(/\n +/g, ' ').split('\n')) out.push('.It', ...sentences(item.replace(/^(- |\d+\. )/, '')));
      out.push('.El');
    } else out.push(...sentences(lines.join(' ')));
  }
  return out;
}

// Lines of the list: a subsection for each chapter that has keys, an item for each heading.
export function keysOf(manual) {
  const out = [];
  let chapter = null;
  let open = false;
  const close = () => {
    if (open) out.push('.El');
    open = false;
  };
  for (const h of manual.heads) {
    const level = /^#+/.exec(manual.lines[h.line])[0].length;
    if (level === 2) {
      close();
      chapter = h;
    } else if (level === 3 && h.names.length) {
      if (chapter) {
        out.push(`.Ss ${chapter.title.replace('Block: ', '')}`, ...toMdoc(chapter.prose));
        chapter = null;
      }
      if (!open) out.push('.Bl -tag -width Ds');
      open = true;
      const [type, , standard] = h.cells;
      out.push(`.It Ic ${h.names.join(' , ')}`, ...toMdoc(h.prose), '.br', roff(`Takes: ${type}.`), roff(`Default: ${standard}.`));
    }
  }
  close();
  return out;
}
