/* Small parts that every view is built of. Text only ever becomes text nodes. */
const SVG = 'http://www.w3.org/2000/svg';

function make(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? '' : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ''));
  return node;
}
const el = (name, attributes = {}, ...children) => make(document.createElement(name), attributes, children);
const svg = (name, attributes = {}, ...children) => make(document.createElementNS(SVG, name), attributes, children);

/* With commas at the thousands; toLocaleString takes longer than all other drawing of the page together. */
const count = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, ',');
const plural = (number, word) => `${count(number)} ${word}${number === 1 ? '' : 's'}`;

function tally(rows, key) {
  const counts = {};
  for (const row of rows) counts[row[key]] = (counts[row[key]] || 0) + 1;
  return counts;
}

/* A bar whose parts are as long as their numbers; `scale` is the number that fills it. */
function stackedBar(counts, order, scale) {
  const total = order.reduce((sum, key) => sum + (counts[key] || 0), 0);
  const label = order.filter((key) => counts[key]).map((key) => `${counts[key]} ${key}`).join(', ');
  const bar = el('span', {class: 'bar', role: 'img', 'aria-label': label, title: label});
  for (const key of order) {
    if (!counts[key]) continue;
    const part = el('span', {class: `part ${key}`});
    part.style.width = `${100 * counts[key] / (scale || total)}%`;
    bar.append(part);
  }
  return bar;
}

const stanceMark = (stance) => el('span', {class: `sign ${stance}`, 'aria-hidden': 'true'}, SIGNS[stance]);

/* Group rows by a part of theirs, -1 left out; the largest group first. */
function groups(rows, key) {
  const found = new Map();
  for (const row of rows) {
    if (row[key] === -1) continue;
    if (!found.has(row[key])) found.set(row[key], []);
    found.get(row[key]).push(row);
  }
  return [...found].sort((one, two) => two[1].length - one[1].length);
}

/* Append items as they come into sight, `step` at a time; the button serves the keyboard. */
function lazily(list, items, draw, step = 20) {
  let done = 0;
  const more = el('button', {class: 'more', onclick: () => grow()}, 'Show more');
  const watcher = new IntersectionObserver((entries) => entries[0].isIntersecting && grow(), {rootMargin: '600px'});
  function grow() {
    list.append(...items.slice(done, done + step).map(draw));
    done += step;
    if (done >= items.length) {
      watcher.disconnect();
      more.remove();
    }
  }
  grow();
  if (done < items.length) watcher.observe(more);
  return done < items.length ? [list, more] : [list];
}

/* Stance and target of a claim, told by sign and word. */
function verdict(claim) {
  const target = targetOf(claim);
  return el('span', {class: `verdict ${claim.stance}`}, stanceMark(claim.stance), `${claim.stance} `,
    target ? el('bdi', {class: 'target'}, target.length > 90 ? target.slice(0, 90) + '…' : target) : null);
}

const cueWords = (claim) => (claim.spans.cue.length ? (claim.negated ? 'not: ' : '') + words(claim, 'cue') : '');

/* A claim as a card: who, by which words, what, on which side. */
function card(claim, attributes, place) {
  const title = nameOf(claim.title), addressee = nameOf(claim.addressee);
  const notes = [claim.type, claim.act, claim.sure < 0 ? '' : `${claim.sure}% sure`];
  const mention = words(claim, 'speaker');
  if (mention && mention !== nameOf(claim.speaker)) notes.push(`“${mention}” by ${claim.resolved}`);
  return el('article', {class: `card ${claim.stance}`, ...attributes},
    el('p', {class: 'who'}, el('bdi', {class: 'name'}, nameOf(claim.speaker)),
      title ? el('span', {class: 'role'}, `, ${title}`) : null,
      el('span', {class: 'cue'}, ` ${cueWords(claim)}`),
      addressee ? el('span', {class: 'cue'}, ` → ${addressee}`) : null),
    el('blockquote', {dir: 'auto'}, words(claim, 'content')),
    el('p', {class: 'foot'}, verdict(claim)),
    claim.others.length ? el('p', {class: 'foot'}, claim.others.map(otherVerdict)) : null,
    el('p', {class: 'notes'}, notes.filter(Boolean).join(' · '), place || null));
}

const otherVerdict = ([name, stance]) =>
  el('span', {class: `verdict ${LABELS.stance[stance]}`}, stanceMark(LABELS.stance[stance]),
    `${LABELS.stance[stance]} `, el('bdi', {class: 'target'}, nameOf(name)));
