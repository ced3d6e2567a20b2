// The console's own script. Every page and action works without it; it saves reloads and keeps focus where people
// left it. No dependency, no eval, no inline anything: it runs under a policy that allows scripts from this host only.
(() => {
  'use strict';
  const doc = document;
  const $ = (s) => doc.querySelector(s);
  const make = (tag, cls, text) => Object.assign(doc.createElement(tag), { className: cls, textContent: text });

  // Say one sentence to screen readers. The short pause lets two equal sentences both be read.
  const say = (text) => {
    const live = $('#announce');
    if (!live || !text) return;
    live.textContent = '';
    setTimeout(() => { live.textContent = text; }, 60);
  };

  // Dialogs that htmx put into #layer: open them as modal, remove them on close, give focus back to where it was.
  let opener = null;
  const openLayer = () => {
    const d = $('#layer dialog');
    if (!d || d.open) return;
    d.showModal();
    const first = d.querySelector('[autofocus]');
    if (first) first.focus();
    d.addEventListener('close', () => {
      $('#layer').replaceChildren();
      if (opener && opener.isConnected) opener.focus();
      opener = null;
    }, { once: true });
  };

  doc.addEventListener('click', (e) => {
    const t = e.target.closest('[data-copy],[data-dismiss],[data-close],[data-print],[data-retry]');
    if (!t) {
      if (e.target.nodeName === 'DIALOG' && !dirty.size) e.target.close();
      return;
    }
    if (t.dataset.copy !== undefined && navigator.clipboard) {
      navigator.clipboard.writeText(t.dataset.copy).then(() => {
        t.classList.add('is-copied');
        say('Copied ' + t.dataset.copy);
        setTimeout(() => t.classList.remove('is-copied'), 2000);
      }, () => say('Copying is blocked by the browser'));
    } else if (t.dataset.dismiss !== undefined) {
      const box = t.closest(t.dataset.dismiss || '.message');
      if (t.type === 'submit') return; // the server remembers it; the form posts as usual
      const main = $('#main');
      if (box) box.remove();
      if (main) main.focus();
    } else if (t.dataset.close !== undefined) {
      const d = t.closest('dialog');
      if (d && d.open) { e.preventDefault(); d.close(); }
    } else if (t.dataset.print !== undefined) {
      e.preventDefault();
      print();
    } else if (t.dataset.retry !== undefined) {
      location.reload();
    }
  });

  // Leave-guard: a form with data-guard that was changed asks before the page goes away.
  const dirty = new Set();
  const touched = (e) => { const f = e.target.form; if (f && f.dataset.guard !== undefined) dirty.add(f); };
  doc.addEventListener('input', touched);
  doc.addEventListener('change', touched);
  addEventListener('beforeunload', (e) => {
    for (const f of dirty) if (!f.isConnected) dirty.delete(f);
    if (dirty.size) e.preventDefault();
  });

  // A second submit while the first is on its way is ignored; the button stays enabled for those who cannot see it.
  let sending = null;
  doc.addEventListener('submit', (e) => {
    const f = e.target;
    if (f.method !== 'post' || e.defaultPrevented) return;
    if (sending === f) { e.preventDefault(); e.stopImmediatePropagation(); return; }
    dirty.clear();
    if (f.matches('[hx-post]')) return; // htmx has its own queue
    sending = f;
    f.setAttribute('aria-busy', 'true');
    setTimeout(() => { if (sending === f) say('Still working'); }, 10000);
  }, true);
  addEventListener('pageshow', () => { if (sending) sending.removeAttribute('aria-busy'); sending = null; });

  // The network bar stands under the top bar until a request succeeds again.
  const offline = (on) => {
    const bar = $('#netbar');
    if (!on) { if (bar) bar.remove(); return; }
    if (bar) return;
    const el = make('div', 'netbar', 'The console cannot be reached. Your input is kept. ');
    el.id = 'netbar';
    el.setAttribute('role', 'alert');
    const again = make('button', 'netbar__again', 'Try again');
    again.type = 'button';
    again.dataset.retry = '';
    el.append(again);
    ($('.topbar') || doc.body.firstElementChild).after(el);
  };

  // htmx. Polling stands still in a hidden tab and runs once on return.
  const polls = (el) => el && el.getAttribute && /\bevery\b/.test(el.getAttribute('hx-trigger') || '');
  doc.addEventListener('htmx:before:request', (e) => {
    const el = e.detail.ctx && e.detail.ctx.sourceElement;
    if (doc.hidden && polls(el)) e.preventDefault();
    if (el && el.matches('[hx-target="#layer"]') && !el.closest('#layer')) opener = el;
  });
  doc.addEventListener('visibilitychange', () => {
    if (!doc.hidden && window.htmx) doc.querySelectorAll('[hx-trigger*=every]').forEach((el) => {
      const url = el.getAttribute('hx-get');
      if (url) window.htmx.ajax('GET', url, { source: el, target: el, swap: el.getAttribute('hx-swap') || 'outerMorph' });
    });
  });
  doc.addEventListener('htmx:error', (e) => { if (e.detail.ctx) offline(true); });
  doc.addEventListener('htmx:after:request', () => offline(false));
  doc.addEventListener('htmx:after:swap', () => {
    openLayer();
    doc.querySelectorAll('[data-announce]').forEach((el) => {
      const text = el.dataset.announce;
      if (el.announced === text) return;
      el.announced = text;
      say(text);
    });
  });
  // What stands on a freshly loaded page was read with the page.
  doc.querySelectorAll('[data-announce]').forEach((el) => { el.announced = el.dataset.announce; });
  openLayer();
})();
