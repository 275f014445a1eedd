// A bar chart as SVG: groups of horizontal bars on one scale, each with its figure, and a thin line from the lowest to the highest round.
// It brings its own background, so that it can be read on a light page and on a dark one.

const WIDTH = 760;
const PADDING = 20;
const LABEL = 150;
/** Room for the figure behind the longest bar. */
const FIGURE = 195;
const BAR = 18;
const GAP = 6;
const GROUP = 34;
const HEAD = 62;

const STYLE = `
    .panel { fill: #ffffff; stroke: #d0d7de; }
    text { font-family: -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif; font-size: 13px; fill: #1f2328; }
    .title { font-size: 16px; font-weight: 600; }
    .quiet { fill: #59636e; }
    .group { font-weight: 600; }
    .own { fill: #1f6feb; }
    .peer { fill: #a8b1bb; }
    .floor { fill: none; stroke: #8c959f; stroke-dasharray: 4 3; }
    .spread { stroke: #59636e; stroke-width: 1; }
    @media (prefers-color-scheme: dark) {
      .panel { fill: #0d1117; stroke: #3d444d; }
      text { fill: #f0f6fc; }
      .quiet { fill: #9198a1; }
      .own { fill: #4493f8; }
      .peer { fill: #656c76; }
      .floor { stroke: #9198a1; }
      .spread { stroke: #d1d7e0; }
    }`;

/**
 * @param chart `title`, `subtitle`, and `groups` of `{ label, bars }`; a bar has `name`, `value`, `min`, `max`, `text` (the figure as it
 *   is shown) and `kind`: own, peer or floor
 */
export function svgOf({ title, subtitle, groups }) {
  const most = Math.max(...groups.flatMap(({ bars }) => bars.map(({ value, max }) => Math.max(value, max))));
  const scale = (WIDTH - 2 * PADDING - LABEL - FIGURE) / most;
  const parts = [];
  let y = HEAD;
  for (const { label, bars } of groups) {
    if (label !== '') {
      parts.push(text(PADDING, y + 14, label, 'group'));
      y += 24;
    }
    for (const bar of bars) {
      parts.push(barAt(y, bar, scale));
      y += BAR + GAP;
    }
    y += GROUP - 24;
  }
  const height = y + PADDING - 8;
  const words = groups.flatMap(({ label, bars }) => bars.map((bar) => `${label} ${bar.name}: ${bar.text}`.trim()));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="title words">
  <title id="title">${escaped(title)}</title>
  <desc id="words">${escaped(words.join('; '))}</desc>
  <style>${STYLE}
  </style>
  <rect class="panel" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="8"/>
  ${text(PADDING, 30, title, 'title')}
  ${text(PADDING, 50, subtitle, 'quiet')}
  ${parts.join('\n  ')}
</svg>
`;
}

function barAt(y, { name, value, min, max, text: figure, kind }, scale) {
  const left = PADDING + LABEL;
  const length = Math.max(1, value * scale);
  const middle = y + BAR / 2;
  const parts = [
    text(left - 10, y + 14, name, kind === 'own' ? 'group' : 'quiet', 'end'),
    `<rect class="${kind}" x="${left}" y="${y}" width="${round(length)}" height="${BAR}" rx="2"/>`,
  ];
  if (max > min) {
    parts.push(
      `<line class="spread" x1="${round(left + min * scale)}" x2="${round(left + max * scale)}" y1="${middle}" y2="${middle}"/>`,
    );
  }
  parts.push(text(round(left + Math.max(length, max * scale) + 8), y + 14, figure, kind === 'own' ? 'group' : ''));
  return parts.join('\n  ');
}

function text(x, y, words, kind, anchor) {
  const attributes = [kind && ` class="${kind}"`, anchor && ` text-anchor="${anchor}"`].filter(Boolean).join('');
  return `<text x="${x}" y="${y}"${attributes}>${escaped(words)}</text>`;
}

function round(value) {
  return Math.round(value * 10) / 10;
}

function escaped(words) {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
