/* Draw what the address says, and listen. */
const main = document.getElementById('main'), panel = document.getElementById('panel'), search = document.getElementById('search');
let drawnArticle = null;

function draw() {
  const before = document.activeElement?.dataset?.key;
  const article = view.a && articles[view.a];
  const moved = drawnArticle !== (article || null);
  drawnArticle = article || null;
  document.body.classList.toggle('reading', Boolean(article));
  activate(null);
  main.replaceChildren(...(article ? reader(article) : overview()).filter(Boolean));
  panel.replaceChildren(...(article ? [filterPanel(article.claims), cardList(article)] : [filterPanel(claims)]));
  if (search.value !== (view.q || '') && document.activeElement !== search) search.value = view.q || '';
  if (before) document.querySelector(`[data-key="${before}"]`)?.focus();
  if (moved) {
    scrollTo(0, 0);
    if (document.activeElement !== search) main.focus({preventScroll: true});
  }
  const claim = article && article.claims[view.c];
  if (claim) activate(claim, {pin: true, scroll: true});
}

function follow() {
  readRoute();
  draw();
}

let timer = 0;
search.addEventListener('input', () => {
  clearTimeout(timer);
  timer = setTimeout(() => {
    history.replaceState(null, '', address({q: search.value.trim() || null, c: null}));
    follow();
  }, 120);
});
document.getElementById('skip').addEventListener('click', () => main.focus());
document.addEventListener('keydown', (event) => {
  const typing = event.target.matches?.('input');
  if (event.key === 'Escape') {
    if (typing) search.blur();
    else if (active) activate(null);
    else if (filtered()) clearFilters();
    else if (view.a && articles.length > 1) go({a: null, c: null});
  } else if (!typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    if (event.key === '/') { event.preventDefault(); search.focus(); }
    else if (view.a && event.key === 'j') step(1);
    else if (view.a && event.key === 'k') step(-1);
  }
});
addEventListener('hashchange', follow);
addEventListener('resize', () => active && drawLinks(active.claim));
follow();
