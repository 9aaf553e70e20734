// What only a browser can do: keys, theme, and coming back after a lost connection.
(() => {
  const root = document.documentElement;
  let shell = null;
  let prefix = '';
  let prefixTimer = 0;

  const isTyping = target => target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

  document.addEventListener('keydown', event => {
    if (!shell || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (event.key === '/') {
      const filter = document.querySelector('[data-filter]');
      if (filter) { event.preventDefault(); filter.focus(); }
      return;
    }
    if (event.key === 'g' && !prefix) {
      prefix = 'g';
      clearTimeout(prefixTimer);
      prefixTimer = setTimeout(() => { prefix = ''; }, 1200);
      return;
    }
    const keys = prefix + event.key;
    prefix = '';
    if (/^(g[a-z]|[1-4pd?])$/.test(keys)) shell.invokeMethodAsync('OnKeysAsync', keys);
  });

  const tellTheme = () => shell && shell.invokeMethodAsync('OnTheme', root.dataset.theme === 'dark');

  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', event => {
    if (localStorage.getItem('ops-theme')) return;
    root.dataset.theme = event.matches ? 'dark' : 'light';
    tellTheme();
  });

  window.ops = {
    start(reference) {
      shell = reference;
      root.dataset.keys = 'on';
      tellTheme();
    },
    toggleTheme() {
      root.dataset.theme = root.dataset.theme === 'dark' ? 'light' : 'dark';
      localStorage.setItem('ops-theme', root.dataset.theme);
      tellTheme();
    },
  };

  // A server that restarted has forgotten the page; its address has all that is needed to open it again.
  document.getElementById('components-reconnect-modal').addEventListener('components-reconnect-state-changed', event => {
    if (event.detail.state === 'rejected') location.reload();
  });

  Blazor.start({
    circuit: {
      reconnectionOptions: {
        maxRetries: 1000000,
        retryIntervalMilliseconds: attempt => Math.min(500 * (attempt + 1), 5000),
      },
    },
  });
})();
