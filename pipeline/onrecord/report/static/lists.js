/* The overview: figures, charts, and the lists of articles and attributions. */
function overview() {
  const rows = matching(claims);
  const hits = foundArticles(rows);
  const tab = view.tab || (view.s || view.t || view.stance || view.type ? 'claims' : 'articles');
  const choice = (name, label) => el('button', {'data-key': `tab-${name}`, 'aria-pressed': String(tab === name),
    onclick: () => go({tab: name})}, label);
  const list = tab === 'claims' ? claimList(rows) : articleList(hits);
  return [
    figures(rows, hits),
    chips(),
    rows.length ? chartsOf(rows) : null,
    el('div', {class: 'tabs'},
      choice('articles', plural(hits.length, 'article')), choice('claims', plural(rows.length, 'attribution'))),
    ...list,
  ];
}

/* Open at first; behind a line once filters ask for the words themselves. */
function chartsOf(rows) {
  return el('details', {class: 'charts', open: !filtered()}, el('summary', {}, 'Charts'),
    heatMap(rows), timeline(rows), typesChart(rows));
}

/* With a search, an article also counts if its own text holds the words. */
function foundArticles(rows) {
  const holding = new Set(rows.map((claim) => claim.article));
  if (view.q && !(view.s || view.t || view.stance || view.type)) {
    for (const article of articles) if (articleText(article).includes(view.q.toLowerCase())) holding.add(article);
  } else if (!filtered()) return articles;
  return articles.filter((article) => holding.has(article));
}

function figures(rows, hits) {
  const speakers = new Set(rows.map((claim) => claim.speaker)).size;
  const quoted = rows.filter((claim) => claim.type !== 'indirect').length;
  const item = (value, label) => el('div', {}, el('dt', {}, label), el('dd', {}, value));
  return el('dl', {class: 'figures'}, item(count(hits.length), hits.length === 1 ? 'article' : 'articles'),
    item(count(rows.length), 'attributions'), item(count(speakers), 'speakers'),
    item(rows.length ? `${Math.round(100 * quoted / rows.length)}%` : '–', 'quoted'));
}

function chips() {
  const chip = (key, label) => (view[key] ? el('button', {class: 'chip', onclick: () => { if (key === 'q') search.value = ''; go({[key]: null}); },
    'aria-label': `Remove filter: ${label}`}, el('bdi', {}, label), el('span', {'aria-hidden': 'true'}, ' ×')) : null);
  const found = [chip('s', nameOf(view.s ?? -1)), chip('t', `on ${nameOf(view.t ?? -1)}`), chip('stance', view.stance),
    chip('type', view.type), chip('q', `“${view.q}”`)].filter(Boolean);
  return found.length ? el('p', {class: 'chips'}, found,
    found.length > 1 ? el('button', {class: 'chip clear', onclick: clearFilters}, 'Clear all') : null) : null;
}

function clearFilters() {
  search.value = '';
  go({s: null, t: null, stance: null, type: null, q: null, tab: null, c: null});
}

function articleList(hits) {
  if (!hits.length) return [el('p', {class: 'notice'}, 'No article matches.')];
  return lazily(el('ol', {class: 'articles'}), hits, (article) => {
    const rows = matching(article.claims, 'q');
    return el('li', {}, el('a', {href: address({a: article.number, tab: null})}, el('bdi', {}, article.title)),
      el('span', {class: 'meta'}, [article.date.slice(0, 10), plural(rows.length, 'attribution'), mostQuoted(rows)].filter(Boolean).join(' · ')),
      stackedBar(tally(rows, 'stance'), LABELS.stance));
  });
}

const mostQuoted = (rows) => groups(rows, 'speaker').slice(0, 3).map(([number]) => nameOf(number)).join(', ');

function claimList(rows) {
  if (!rows.length) return [el('p', {class: 'notice'}, 'No attribution matches.')];
  return lazily(el('div', {class: 'cards'}), rows, (claim) => card(claim, {},
    el('a', {href: address({a: claim.article.number, c: claim.place, tab: null}), class: 'place'}, claim.article.title)));
}

/* The panel's filters: stances, types and speakers, each with how many the other filters leave. */
function filterPanel(rows) {
  const stances = tally(matching(rows, 'stance'), 'stance'), types = tally(matching(rows, 'type'), 'type');
  const option = (key, name, number, ...label) => el('button', {class: `option ${name}`, 'aria-pressed': String(view[key] === name),
    'data-key': `${key}-${name}`, disabled: !number && view[key] !== name, onclick: () => toggle(key, name)}, ...label, el('span', {class: 'number'}, count(number)));
  const open = filtered() || !matchMedia('(max-width: 60rem)').matches;
  return el('details', {class: 'filters', open}, el('summary', {}, 'Filter by stance, quotation, speaker'),
    el('h2', {}, 'Stance'),
    el('div', {class: 'options'}, LABELS.stance.map((name) => option('stance', name, stances[name] || 0, stanceMark(name), name))),
    el('h2', {}, 'Quotation'),
    el('div', {class: 'options'}, LABELS.type.map((name) => option('type', name, types[name] || 0, name))),
    speakerFilter(matching(rows, 's')));
}

function speakerFilter(rows) {
  const found = groups(rows, 'speaker'), limit = view.a ? 6 : 14;
  const most = found.length ? found[0][1].length : 1;
  const chosen = found.findIndex(([number]) => number === Number(view.s ?? -1));
  const line = ([number, own]) => el('li', {}, el('button', {class: 'speaker', 'data-key': `s-${number}`,
    'aria-pressed': String(number === Number(view.s ?? -1)), onclick: () => toggle('s', number)},
  el('bdi', {class: 'name'}, nameOf(number)), el('span', {class: 'number'}, count(own.length)),
  stackedBar(tally(own, 'stance'), LABELS.stance, most)));
  const list = el('ul', {class: 'speakers'}, found.slice(0, limit).map(line));
  if (chosen >= limit) list.prepend(line(found[chosen]));
  const rest = found.slice(limit, limit + 400);
  const more = rest.length ? el('button', {class: 'more', onclick: () => { list.append(...rest.map(line)); more.remove(); }},
    `${count(found.length - limit)} more`) : null;
  return [el('h2', {}, 'Speakers'), list, more];
}
