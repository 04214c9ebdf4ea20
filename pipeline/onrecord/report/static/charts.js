/* Charts of the claims that pass the filters. Each is a table, a list or an SVG with a name to be read out. */
const HEAT_ROWS = 10, HEAT_COLUMNS = 10, MOST_PERIODS = 40;

const figure = (title, note, ...content) =>
  el('section', {class: 'chart'}, el('h2', {}, title), note ? el('p', {class: 'note'}, note) : null, ...content);

function legend() {
  return el('p', {class: 'legend'},
    LABELS.stance.map((name) => el('span', {}, el('span', {class: `key ${name}`}), `${SIGNS[name]} ${name}`)));
}

/* How much stands in quotation marks, overall and for the most quoted. */
function typesChart(rows) {
  const speakers = groups(rows, 'speaker').filter(([number]) => nameOf(number) !== 'Unknown').slice(0, 5);
  const line = (name, own) => el('tr', {}, el('th', {scope: 'row'}, el('bdi', {}, name)),
    el('td', {}, stackedBar(tally(own, 'type'), LABELS.type)), el('td', {class: 'number'}, share(own)));
  const share = (own) => `${Math.round(100 * own.filter((claim) => claim.type !== 'indirect').length / own.length)}%`;
  return figure('In their own words', 'Share with words in quotation marks',
    el('p', {class: 'legend'}, LABELS.type.map((name) => el('span', {}, el('span', {class: `key ${name}`}), name))),
    el('table', {class: 'types'}, el('tbody', {}, line('Everyone', rows), speakers.map(([number, own]) => line(nameOf(number), own)))));
}

/* Speakers × targets; a cell's colour is the balance of stances, its depth how often. */
function heatMap(rows) {
  const both = rows.filter((claim) => claim.target >= 0 && nameOf(claim.speaker) !== 'Unknown');
  const often = among(both, 'speaker', groups(both, 'speaker').slice(0, HEAT_ROWS));
  const aboutThese = among(both, 'target', groups(often, 'target').slice(0, HEAT_COLUMNS));
  // Chosen anew among these, so that no row and no column is empty.
  const speakers = groups(aboutThese, 'speaker').slice(0, HEAT_ROWS);
  const targets = groups(among(aboutThese, 'speaker', speakers), 'target');
  if (speakers.length < 2 && targets.length < 2) return null;
  const cells = speakers.map(([, own]) => targets.map(([target]) => own.filter((claim) => claim.target === target)));
  const most = Math.max(...cells.flat().map((own) => own.length));
  return figure('Who speaks about whom', 'How often; colour and sign tell the side that prevails. Choose a cell to read what was said.', legend(),
    el('div', {class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Speakers by targets'},
      el('table', {class: 'heat'},
        el('thead', {}, el('tr', {}, el('td'), targets.map(([target]) =>
          el('th', {scope: 'col'}, el('button', {onclick: () => toggle('t', target), title: nameOf(target)}, el('bdi', {}, nameOf(target))))))),
        el('tbody', {}, speakers.map(([speaker], row) => el('tr', {},
          el('th', {scope: 'row'}, el('button', {onclick: () => toggle('s', speaker), title: nameOf(speaker)}, el('bdi', {}, nameOf(speaker)))),
          targets.map(([target], column) => heatCell(cells[row][column], speaker, target, most))))))));
}

function among(rows, key, kept) {
  const numbers = new Set(kept.map(([number]) => number));
  return rows.filter((row) => numbers.has(row[key]));
}

function heatCell(own, speaker, target, most) {
  if (!own.length) return el('td');
  const stances = tally(own, 'stance');
  const balance = (stances.support || 0) - (stances.oppose || 0);
  const side = balance > 0 ? 'support' : balance < 0 ? 'oppose' : 'neutral';
  const label = `${nameOf(speaker)} on ${nameOf(target)}: ` +
    LABELS.stance.filter((name) => stances[name]).map((name) => `${stances[name]} ${name}`).join(', ');
  const button = el('button', {class: `cell ${side}`, title: label, 'aria-label': label,
    onclick: () => go({s: speaker, t: target, tab: 'claims'})}, side === 'neutral' ? own.length : `${SIGNS[side]}${own.length}`);
  button.style.setProperty('--depth', `${25 + 65 * Math.sqrt(own.length / most)}%`);
  return el('td', {}, button);
}

/* Stances over time, by day, month or year, whichever gives a readable number of columns. */
function timeline(rows) {
  const dated = groups(rows, 'article').map(([{date}, own]) => [date.slice(0, 10), own]).filter(([day]) => isDay(day));
  const days = dated.map(([day]) => day).sort();
  if (!days.length) return null;
  const length = periodLength(days[0], days.at(-1));
  const found = periods(days[0].slice(0, length), days.at(-1).slice(0, length)).map((key) => [key, []]), byKey = new Map(found);
  if (found.length < 2) return null;
  for (const [day, own] of dated) for (const claim of own) byKey.get(day.slice(0, length)).push(claim);
  const most = Math.max(...found.map(([, own]) => own.length));
  const width = 720, height = 150, step = width / found.length, bars = [];
  found.forEach(([period, own], i) => bars.push(column(period, own, i * step, Math.min(step - 2, 42), height, most)));
  const label = (i, anchor) => svg('text', {x: anchor === 'end' ? width : 0, y: height + 7, 'text-anchor': anchor}, found[i][0]);
  return figure('Over time', `Attributions by ${{10: 'day', 7: 'month', 4: 'year'}[length]}; at most ${count(most)}`, legend(),
    svg('svg', {class: 'time', viewBox: `0 0 ${width} ${height + 30}`, role: 'img', 'aria-label': `Stances from ${found[0][0]} to ${found.at(-1)[0]}`},
      svg('defs', {}, svg('pattern', {id: 'hatch', width: 5, height: 5, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)'},
        svg('rect', {width: 5, height: 5, class: 'oppose'}), svg('rect', {width: 1.6, height: 5, class: 'gap'}))),
      svg('line', {x1: 0, x2: width, y1: height + 0.5, y2: height + 0.5}), bars, label(0, 'start'), label(found.length - 1, 'end')));
}

/* No 31st of February: it would be parsed, but is none of the days that a chart runs through. */
const isDay = (words) => /^\d{4}-\d\d-\d\d$/.test(words) && new Date(Date.parse(words) || 0).toISOString().startsWith(words);

/* How much of a date names a period: 10 letters a day, 7 a month, 4 a year. */
function periodLength(first, last) {
  const days = (Date.parse(last) - Date.parse(first)) / 864e5;
  return days < MOST_PERIODS ? 10 : days < 30 * MOST_PERIODS ? 7 : 4;
}

/* Every period from the first to the last, those without any claim among them. */
function periods(first, last) {
  const all = [first];
  while (all.at(-1) < last) all.push(periodAfter(all.at(-1), first.length));
  return all;
}

function periodAfter(key, length) {
  const first = Date.parse(key + '-01-01'.slice(length - 4)), days = {10: 1, 7: 32, 4: 366}[length];
  return new Date(first + days * 864e5).toISOString().slice(0, length);
}

function column(period, own, x, width, height, most) {
  const stances = tally(own, 'stance');
  let y = height;
  const parts = ['neutral', 'oppose', 'support'].filter((name) => stances[name]).map((name) => {
    const size = (height - 4) * stances[name] / most;
    y -= size;
    return svg('rect', {class: `fill-${name}`, x, y, width, height: Math.max(size - 1, 0.5)});
  });
  const text = `${period}: ` + LABELS.stance.map((name) => `${stances[name] || 0} ${name}`).join(', ');
  return svg('g', {}, svg('title', {}, text), ...parts);
}
