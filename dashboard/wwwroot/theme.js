// Before the first paint, so that a dark page never flashes white. The choice is the browser's: it is no part of a view.
(() => {
  const chosen = localStorage.getItem('ops-theme');
  const dark = chosen ? chosen === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
})();
