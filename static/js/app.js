// The console's own script. Every page and action works without it; it saves reloads and keeps focus where people left
// it. It has no dependency, evaluates no text and runs under a policy that allows scripts from this host only.
(() => {
  'use strict';
  const doc = document;
  const $ = (s) => doc.querySelector(s);
  const all = (s) => doc.querySelectorAll(s);
  const on = (type, fn, capture) => doc.addEventListener(type, fn, capture);

  // Say one sentence to screen readers. Emptying the region first lets two equal sentences both be read.
  const say = (text) => {
    const live = $('#announce');
    if (!live || !text) return;
    live.textContent = '';
    setTimeout(() => { live.textContent = text; }, 60);
  };

  // Dialogs that htmx put into #layer, or into #notice over whatever is there: open as modal, remove on close, give focus
  // back to the control that asked. A control inside a menu is hidden again by then: its menu's button takes the focus
  // instead.
  let opener = null;
  const open = (d) => {
    d.showModal();
    d.addEventListener('close', () => {
      d.remove();
      if (covered()) return ask(() => cover(false));
      if ($('dialog[open]')) return;
      const menu = opener && opener.closest('[popover]');
      const back = menu ? $('[popovertarget="' + menu.id + '"]') : opener;
      if (back && back.isConnected) back.focus();
    });
  };

  on('click', (e) => {
    const t = e.target.closest('[data-copy],[data-dismiss],[data-close],[data-print],[data-retry]');
    if (!t) return;
    const { said, dismiss, close, print, retry } = t.dataset;
    if (t.dataset.copy !== undefined) {
      const copy = t.dataset.copy || t.previousElementSibling.textContent;
      const done = () => {
        t.classList.add('is-copied');
        say(said || 'Copied ' + copy);
        setTimeout(() => t.classList.remove('is-copied'), 2000);
      };
      const failed = () => say('The browser does not allow copying');
      if (navigator.clipboard) navigator.clipboard.writeText(copy).then(done, failed);
      else failed();
    } else if (dismiss !== undefined) {
      t.closest('.message').remove();
      $('#main').focus({ preventScroll: true });
    } else if (close !== undefined) {
      const d = t.closest('dialog');
      if (d) { e.preventDefault(); d.close(); }
    } else if (print !== undefined) {
      window.print();
    } else if (retry !== undefined) {
      ask(() => { if (!typed()) location.reload(); });
    }
  });

  // On a front panel the arrow keys go from port to port, Home and End to the ends. Tab still stops at each one.
  on('keydown', (e) => {
    const map = e.target.closest('[data-arrows]');
    if (!map || e.altKey || e.ctrlKey || e.metaKey) return;
    const ports = [...map.querySelectorAll('a')];
    const row = ports.filter((a) => a.getBoundingClientRect().top === ports[0].getBoundingClientRect().top).length;
    const at = ports.indexOf(e.target.closest('a'));
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, ArrowDown: at + row, ArrowUp: at - row, Home: 0, End: ports.length - 1 }[e.key];
    if (to === undefined) return;
    e.preventDefault();
    if (ports[to]) ports[to].focus();
  });

  // Leave-guard: a form with data-guard that was changed asks before the page goes away.
  const changed = new Set();
  const touch = (e) => { if (e.target.form && e.target.form.matches('[data-guard]')) changed.add(e.target.form); };
  on('input', touch);
  on('change', touch);
  const typed = () => [...changed].some((f) => f.isConnected);
  addEventListener('beforeunload', (e) => { if (typed()) e.preventDefault(); });

  // A second submit while the first is on its way is ignored. The button stays enabled, so that nobody loses it. After
  // ten seconds another try is let through: the form's key keeps the server from doing the work twice.
  let sending = null;
  let timer = 0;
  const free = () => {
    clearTimeout(timer);
    if (sending) sending.removeAttribute('aria-busy');
    sending = null;
  };
  on('submit', (e) => {
    const f = e.target;
    if (f.getAttribute('method') !== 'post') return;
    if (sending === f) { e.preventDefault(); e.stopPropagation(); return; }
    // htmx keeps its own queue.
    if (f.matches('[hx-post]')) { changed.delete(f); return; }
    free();
    sending = f;
    f.setAttribute('aria-busy', 'true');
    timer = setTimeout(() => { say('Still working'); free(); }, 10000);
    // A guarded form leaves only when the console answers and knows who is there: with the page what was typed would go.
    if (changed.has(f)) {
      e.preventDefault();
      ask(() => { changed.delete(f); free(); f.requestSubmit(e.submitter); }, free);
    }
  }, true);
  addEventListener('pageshow', free);

  // The network bar stands under the top bar until a request succeeds again.
  const offline = (yes) => {
    const bar = $('#netbar');
    if (!yes && bar) bar.remove();
    if (!yes || bar) return;
    const el = doc.createElement('div');
    const again = doc.createElement('button');
    el.id = el.className = 'netbar';
    el.setAttribute('role', 'alert');
    el.textContent = 'The console cannot be reached. Your input is kept. ';
    again.type = 'button';
    again.dataset.retry = '';
    again.textContent = 'Try again';
    el.append(again);
    ($('.topbar') || $('.skip')).after(el);
  };
  // Behind the dialog that asks to sign in again nothing of the page is on the screen: whoever comes to it next may be
  // somebody else. What was typed stays in it.
  const covered = () => $('#layer').hidden;
  const cover = (yes) => all('body > :not(#notice,#announce)').forEach((el) => { el.hidden = yes; });
  // Ask whether somebody is signed in. When not, a page on which nothing was typed makes room for the sign-in, and a dialog
  // says so over another; when nobody answers, the bar does.
  const ask = (then = () => {}, otherwise = () => {}) => {
    const url = $('#notice').dataset.session;
    fetch(url, { headers: { 'HX-Request': 'true' } }).then((r) => {
      offline(!r.ok && r.status !== 401);
      if (r.status === 401 && !$('#again-h')) {
        if (typed() || $('dialog')) htmx.ajax('GET', url, '#notice');
        else location.reload();
      }
      (r.ok ? then : otherwise)();
    }, () => { offline(true); otherwise(); });
  };
  on('htmx:error', (e) => { if (e.detail.ctx) offline(true); });
  on('htmx:after:request', () => offline(false));

  // Polling stands still in a hidden tab, and runs once on return, and while somebody types.
  const polls = '[hx-trigger*="every "]';
  on('htmx:before:request', (e) => {
    const el = e.detail.ctx.sourceElement;
    if ((doc.hidden || typed()) && el.matches(polls)) e.preventDefault();
    else if (el.matches('[hx-target="#layer"]') && !el.closest('#layer')) opener = el;
  });
  on('visibilitychange', () => {
    if (doc.hidden) return;
    all(polls).forEach((el) => htmx.trigger(el, 'every', {}, false));
    if (covered()) ask(() => { cover(false); all('#notice dialog').forEach((d) => d.close()); say('You are signed in again'); });
  });

  // What arrives with a swap is said once; what stands on a freshly loaded page was read with the page.
  const sentences = (aloud) => all('[data-announce]').forEach((el) => {
    if (aloud && el.said !== el.dataset.announce) say(el.dataset.announce);
    el.said = el.dataset.announce;
  });
  on('htmx:after:swap', () => { if ($('#again-h')) cover(true); all('#layer dialog:not([open]),#notice dialog:not([open])').forEach(open); sentences(true); });
  sentences();

  // A page that is left open asks every minute, so that one whose session ended, here or elsewhere, does not stay on the
  // screen. Asking by itself keeps no session alive.
  if ($('.topbar')) setInterval(ask, 60000);
})();
