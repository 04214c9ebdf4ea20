/* One article: its text with marks, cards beside it, and the links between speaker, cue, content and target. */
const ROLES = ['content', 'speaker', 'cue', 'target'];
let active = null; // {claim, pinned}
let marks = []; // [{node, parts: [[claim, role], …]}] in text order
let reachable = new Set(); // claims that a mark in the text takes the focus for

function reader(article) {
  const shown = new Set(matching(article.claims));
  marks = [];
  reachable = new Set();
  active = null;
  const body = el('div', {class: 'text', dir: 'auto', lang: 'en'}, paragraphs(article, shown));
  body.append(svg('svg', {class: 'links', 'aria-hidden': 'true'}));
  // A finger has no hover: what it would open could come to lie under it, and take the tap.
  body.addEventListener('pointerover', (event) => event.pointerType === 'mouse' && hover(event.target));
  body.addEventListener('pointerleave', () => active && !active.pinned && activate(null));
  body.addEventListener('focusin', (event) => hover(event.target, true));
  body.addEventListener('click', (event) => hover(event.target, true));
  return [
    articles.length > 1 ? el('p', {class: 'back'}, el('a', {href: address({a: null, c: null})}, '← All articles')) : null,
    el('header', {class: 'headline'}, el('h1', {dir: 'auto'}, article.title),
      el('p', {class: 'meta'}, [article.date.slice(0, 10), plural(article.claims.length, 'attribution')].filter(Boolean).join(' · '),
        article.url ? [' · ', el('a', {href: article.url, rel: 'noopener noreferrer', target: '_blank'}, 'original')] : null)),
    chips(), key(), body,
    articles.length > 1 ? neighbours(article) : null,
  ];
}

function key() {
  const item = (name, label) => el('span', {}, el('span', {class: `m ${name}`}, label));
  return el('p', {class: 'legend key-line'}, LABELS.stance.map((name) => item(`q ${name}`, name)),
    item('s', 'speaker'), item('c', 'cue'));
}

function neighbours(article) {
  const link = (other, before, after) => (other ? el('a', {href: address({a: other.number, c: null})}, before, el('bdi', {}, other.title), after) : el('span'));
  return el('nav', {class: 'neighbours', 'aria-label': 'Articles'},
    link(articles[article.number - 1], '← ', ''), link(articles[article.number + 1], '', ' →'));
}

/* Cut the text wherever a span or a paragraph begins or ends; nested and overlapping spans need no nested elements. */
function paragraphs(article, shown) {
  const cover = boundaries(article), list = [];
  let paragraph = el('p'), open = new Set();
  const cuts = [...cover.keys()].sort((one, two) => one - two);
  const flush = () => { if (paragraph.childNodes.length) list.push(paragraph); paragraph = el('p'); };
  cuts.forEach((start, i) => {
    for (const [part, begins] of cover.get(start)) begins ? open.add(part) : open.delete(part);
    const text = article.text.slice(start, cuts[i + 1]);
    text.split(/\s*\n\s*/).forEach((line, j) => {
      if (j) flush();
      if (line) paragraph.append(open.size ? segment(line, [...open], shown) : line);
    });
  });
  flush();
  return list;
}

/* Where parts begin and end: {offset: [[part, begins], …]}, ends before beginnings. */
function boundaries(article) {
  const cover = new Map([[0, []], [article.text.length, []]]);
  const note = (at, part, begins) => {
    if (!cover.has(at)) cover.set(at, []);
    begins ? cover.get(at).push([part, begins]) : cover.get(at).unshift([part, begins]);
  };
  for (const claim of article.claims) {
    for (const role of ROLES) {
      const at = claim.spans[role];
      for (let i = 0; i < at.length; i += 2) {
        const part = [claim, role];
        note(at[i], part, true);
        note(at[i + 1], part, false);
      }
    }
  }
  return cover;
}

const lengthOf = (claim) => {
  const at = claim.spans.content;
  return at[at.length - 1] - at[0];
};

/* A stretch of text that belongs to `parts`; the innermost content's stance underlines it, the next one's below that. */
function segment(text, parts, shown) {
  const live = parts.filter(([claim]) => shown.has(claim));
  const contents = innermost(live);
  const names = ['m'];
  if (contents.length) names.push('q', contents[0].stance);
  if (contents.length > 1) names.push('outer', `outer-${contents[1].stance}`);
  if (live.some(([, role]) => role === 'speaker')) names.push('s');
  if (live.some(([, role]) => role === 'cue')) names.push('c');
  const node = el('span', {class: names.join(' ')}, text);
  const owner = contents[0] || live[0]?.[0];
  if (owner && !reachable.has(owner)) {
    make(node, {tabindex: '0', role: 'button', 'aria-label': readOut(owner)}, []);
    reachable.add(owner);
  }
  marks.push({node, parts: live});
  return node;
}

const innermost = (parts) =>
  parts.filter(([, role]) => role === 'content').map(([claim]) => claim).sort((one, two) => lengthOf(one) - lengthOf(two));

const readOut = (claim) =>
  `${nameOf(claim.speaker)} ${cueWords(claim)}: ${words(claim, 'content')} (${claim.stance} ${targetOf(claim)})`;

/* Choose the claim under pointer or focus: the innermost content, else whose speaker or cue it is. */
function hover(node, pin = false) {
  const mark = marks.find((one) => one.node === node.closest?.('.m'));
  if (!mark || !mark.parts.length) {
    if (active && (pin || !active.pinned)) activate(null);
    return;
  }
  if (active?.pinned && !pin) return;
  const [source] = mark.parts.find(([, role]) => role !== 'target') || mark.parts[0];
  activate(innermost(mark.parts)[0] || source, {pin});
}

function activate(claim, {pin = false, scroll = false} = {}) {
  active = claim && {claim, pinned: pin};
  document.body.classList.toggle('linked', Boolean(claim));
  const labelled = new Set();
  for (const {node, parts} of marks) {
    node.classList.remove('on', 'on-content', 'on-speaker', 'on-cue', 'on-target');
    node.removeAttribute('data-label');
    for (const [owner, role] of parts) {
      if (owner !== claim) continue;
      node.classList.add('on', `on-${role}`);
      if (role !== 'content' && !labelled.has(role) && !node.dataset.label) {
        node.dataset.label = role === 'target' ? `${SIGNS[claim.stance]} target` : role;
        labelled.add(role);
      }
    }
  }
  if (claim && scroll) firstNode(claim, 'content')?.scrollIntoView({block: 'center'});
  if (claim) placeLabels();
  drawLinks(claim);
  showCard(claim);
  if (claim && pin) uncover(firstNode(claim, 'content'));
}

const firstNode = (claim, role) => marks.find(({parts}) => parts.some(([owner, name]) => owner === claim && name === role))?.node;

/* Move a label aside that would cover the one before it, or run out of the column. */
function placeLabels() {
  const right = document.querySelector('.text').getBoundingClientRect().right;
  let last = {top: -1, end: 0};
  for (const {node} of marks.filter((mark) => mark.node.dataset.label)) {
    const {left, top} = node.getClientRects()[0], width = 11 + 6.8 * node.dataset.label.length;
    const free = Math.abs(top - last.top) < 4 ? Math.max(left, last.end + 2) : left;
    const start = Math.min(free, Math.max(right - width, left - width / 2));
    node.style.setProperty('--aside', `${start - left}px`);
    last = {top, end: start + width};
  }
}

/* Thin arcs from the speaker to the cue and on to the target. */
function drawLinks(claim) {
  const layer = document.querySelector('.text .links');
  if (!layer) return;
  layer.replaceChildren();
  if (!claim) return;
  const frame = layer.parentNode.getBoundingClientRect();
  const points = ['speaker', 'cue', 'target'].map((role) => firstNode(claim, role)?.getClientRects()[0]).filter(Boolean)
    .map((box) => [box.left + box.width / 2 - frame.left, box.top - frame.top + 3]);
  layer.setAttribute('class', `links ${claim.stance}`);
  points.slice(1).forEach(([x, y], i) => {
    const [fromX, fromY] = points[i], top = Math.min(y, fromY) - 14 - Math.abs(x - fromX) / 40;
    layer.append(svg('path', {d: `M${fromX} ${fromY} C${fromX} ${top} ${x} ${top} ${x} ${y}`}), svg('circle', {cx: x, cy: y, r: 2.5}));
  });
}

/* The cards beside the text; on a phone the chosen one comes up from below. */
function cardList(article) {
  return el('section', {class: 'beside'}, el('h2', {}, 'Attributions'),
    matching(article.claims).map((claim) => {
      const choose = () => { if (!active?.pinned || active.claim !== claim) activate(claim, {pin: true, scroll: true}); };
      const look = (event) => { if (event.pointerType === 'mouse' && !active?.pinned) activate(claim); };
      return card(claim, {'data-place': claim.place, tabindex: '0', onclick: choose, onfocus: choose, onpointerenter: look});
    }));
}

function showCard(claim) {
  for (const old of document.querySelectorAll('.beside .card.chosen')) old.classList.remove('chosen');
  const chosen = claim && document.querySelector(`.beside .card[data-place="${claim.place}"]`);
  if (chosen) {
    chosen.classList.add('chosen');
    const panel = document.getElementById('panel');
    if (!panel.contains(document.activeElement) && !panel.matches(':hover') && getComputedStyle(panel).overflowY === 'auto') {
      panel.scrollTo({top: chosen.offsetTop - panel.clientHeight / 3});
    }
  }
  const sheet = document.getElementById('sheet');
  sheet.hidden = !claim;
  sheet.replaceChildren(...(claim ? [el('button', {class: 'close', 'aria-label': 'Close', onclick: () => activate(null)}, '×'), card(claim, {})] : []));
}

/* Scroll words that the sheet on a phone would cover to just above it. */
function uncover(node) {
  const sheet = document.getElementById('sheet').getBoundingClientRect();
  const below = node ? node.getBoundingClientRect().bottom - sheet.top + 24 : 0;
  if (sheet.height && below > 0) scrollBy(0, below);
}

/* The next or previous claim, by j and k. */
function step(by) {
  const rows = matching(articles[view.a].claims);
  if (!rows.length) return;
  const at = rows.indexOf(active?.claim);
  activate(rows[(at < 0 ? (by > 0 ? 0 : rows.length - 1) : at + by + rows.length) % rows.length], {pin: true, scroll: true});
}
