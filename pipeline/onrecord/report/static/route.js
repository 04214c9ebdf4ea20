/* What is shown, kept in the address: #a=3&c=5 an article and a claim of it; s, t, stance, type, q filter. */
const KEYS = ['a', 'c', 's', 't', 'stance', 'type', 'q', 'tab'];
let view = {};

function readRoute() {
  const params = new URLSearchParams(location.hash.slice(1));
  view = Object.fromEntries(KEYS.filter((key) => params.has(key)).map((key) => [key, params.get(key)]));
  for (const key of ['a', 'c', 's', 't']) {
    if (key in view && !/^\d+$/.test(view[key])) delete view[key];
  }
  if (!(view.s in NAMES)) delete view.s;
  if (!(view.t in NAMES)) delete view.t;
  if (articles.length === 1) view.a = '0';
  if (view.a && !articles[view.a]) delete view.a;
}

function address(changes) {
  const params = new URLSearchParams();
  const next = {...view, ...changes};
  for (const key of KEYS) if (next[key] !== undefined && next[key] !== null && next[key] !== '') params.set(key, next[key]);
  return '#' + params;
}

const go = (changes) => { location.hash = address(changes); };
const toggle = (key, value) => go({[key]: String(view[key]) === String(value) ? null : value, c: null});
const filtered = () => Boolean(view.s || view.t || view.stance || view.type || view.q);

const FILTERS = {
  s: (claim) => claim.speaker === Number(view.s),
  t: (claim) => claim.target === Number(view.t),
  stance: (claim) => claim.stance === view.stance,
  type: (claim) => claim.type === view.type,
  q: (claim) => claimText(claim).includes(view.q.toLowerCase()),
};

/* The claims that pass all filters, those named in `except` aside. */
function matching(rows, ...except) {
  const tests = Object.keys(FILTERS).filter((key) => view[key] && !except.includes(key)).map((key) => FILTERS[key]);
  return rows.filter((claim) => tests.every((test) => test(claim)));
}
