// What only a browser can do: keys, theme, and coming back after a lost connection.
(() => {
  const root = document.documentElement;
  let shell = null;
  let prefix = '';
  let prefixTimer = 0;

  // A slider takes arrows only, so the other keys stay what they are.
  const isTyping = target => target instanceof HTMLElement && target.type !== 'range' && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

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

  // Where charts are read: the server is told the newest places at most twice a second, and once more when nobody reads.
  const places = new Map();
  let told = 0;
  let telling = 0;
  const tell = (reader, place) => {
    places.set(reader, place);
    telling ||= setTimeout(() => {
      telling = 0;
      told = performance.now();
      for (const [one, detail] of places) one.dispatchEvent(new CustomEvent('chartread', { bubbles: true, detail }));
      places.clear();
    }, Math.max(0, told + 500 - performance.now()));
  };
  let pointed = null;
  const point = reader => {
    if (pointed && pointed !== reader && document.activeElement !== pointed) tell(pointed, -1);
    pointed = reader;
  };
  document.addEventListener('pointermove', event => {
    const plot = event.target instanceof Element ? event.target.closest('.plot') : null;
    const reader = plot ? plot.querySelector('.reader') : null;
    point(reader);
    if (!reader) return;
    const box = plot.getBoundingClientRect();
    reader.value = Math.round((event.clientX - box.left) / box.width * reader.max);
    tell(reader, Number(reader.value));
  });
  root.addEventListener('pointerleave', () => point(null));
  for (const kind of ['input', 'focusin', 'focusout'])
    document.addEventListener(kind, event => {
      if (event.target.classList.contains('reader')) tell(event.target, kind === 'focusout' ? -1 : Number(event.target.value));
    });
  Blazor.registerCustomEventType('read', { browserEventName: 'chartread', createEventArgs: event => ({ place: event.detail }) });

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
