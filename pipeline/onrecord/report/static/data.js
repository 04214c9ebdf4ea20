/* The page's data, read once out of the inert <template>. */
const store = document.getElementById('data');
const LABELS = Object.fromEntries(
  Object.entries(store.dataset).map(([key, words]) => [key, words.split(' ')]));
const NAMES = [...store.content.querySelectorAll('i')].map((node) => ({
  name: node.textContent,
  kind: node.dataset.k === undefined ? '' : LABELS.kind[node.dataset.k],
}));
const SIGNS = {support: '+', oppose: '−', neutral: '·'};

const articles = [...store.content.querySelectorAll('article')].map((node, number) => ({
  number,
  id: node.dataset.id,
  title: node.dataset.title || firstLine(node.textContent) || node.dataset.id,
  date: node.dataset.date || '',
  url: node.dataset.url || '',
  source: node.dataset.source || '',
  text: node.textContent,
}));
const claims = [];
[...store.content.querySelectorAll('article')].forEach((node, number) => {
  const own = JSON.parse(node.dataset.claims).map((row, place) => readClaim(row, place, articles[number]));
  articles[number].claims = own;
  claims.push(...own);
});
store.remove();

function firstLine(text) {
  const line = text.trimStart().slice(0, 300).split('\n', 1)[0];
  return line.length > 90 ? line.slice(0, 90).replace(/\s+\S*$/, '') + '…' : line;
}

function readClaim(row, place, article) {
  const [type, stance, act, speaker, title, resolved, target, addressee, sure, negated, within,
    mention, cue, targetSpan, content, others] = row;
  return {
    article, place, speaker, target, title, addressee, sure, within, others,
    type: LABELS.type[type], stance: LABELS.stance[stance], act: LABELS.act[act] || '',
    resolved: LABELS.resolved[resolved], negated: negated === 1,
    spans: {speaker: mention, cue, target: targetSpan, content},
  };
}

const nameOf = (number) => (number < 0 ? '' : NAMES[number].name);
const words = (claim, role) => {
  const at = claim.spans[role], pieces = [];
  for (let i = 0; i < at.length; i += 2) pieces.push(claim.article.text.slice(at[i], at[i + 1]));
  return pieces.join(' … ').replace(/\s+/g, ' ');
};
const targetOf = (claim) => nameOf(claim.target) || words(claim, 'target');

/* Lower-cased text to search in, made at the first search. */
const cached = new WeakMap();
function haystack(item, make) {
  if (!cached.has(item)) cached.set(item, make(item).toLowerCase());
  return cached.get(item);
}
const articleText = (article) =>
  haystack(article, (it) => [it.title, it.id, it.source, it.date, it.text].join('\n'));
const claimText = (claim) =>
  haystack(claim, (it) => [nameOf(it.speaker), targetOf(it), words(it, 'content')].join('\n'));
