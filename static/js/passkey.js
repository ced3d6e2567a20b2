// Passkeys: the form with data-passkey asks the browser to make one ("create") or to prove one ("get") before it is sent.
// The server says what to ask in data-options and checks what comes back in the field "credential". Without this script
// an authenticator app does the same work.
(() => {
  'use strict';
  const form = document.querySelector('form[data-passkey]');
  if (!form) return;
  const say = (text) => {
    const p = form.querySelector('[data-passkey-note]');
    p.textContent = text;
    p.hidden = !text;
  };
  if (!window.PublicKeyCredential) {
    say('This browser has no passkeys. Use an authenticator app instead.');
    return;
  }

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');

  // Options arrive as JSON, where bytes are base64url text.
  const question = () => {
    const o = JSON.parse(form.dataset.options);
    o.challenge = bytes(o.challenge);
    if (o.user) o.user.id = bytes(o.user.id);
    for (const c of [...(o.excludeCredentials || []), ...(o.allowCredentials || [])]) c.id = bytes(c.id);
    return { publicKey: o };
  };
  const answer = (c) => {
    const r = c.response;
    const out = { id: c.id, rawId: text(c.rawId), type: c.type, clientExtensionResults: c.getClientExtensionResults(), response: { clientDataJSON: text(r.clientDataJSON) } };
    for (const k of ['attestationObject', 'authenticatorData', 'signature', 'userHandle']) if (r[k]) out.response[k] = text(r[k]);
    if (r.getTransports) out.response.transports = r.getTransports();
    return JSON.stringify(out);
  };

  // This runs before app.js counts the form as sent: it is loaded first.
  document.addEventListener('submit', (e) => {
    const field = form.elements.credential;
    if (e.target !== form || field.value) return;
    e.preventDefault();
    e.stopImmediatePropagation();
    say('');
    const ask = form.dataset.passkey === 'create' ? 'create' : 'get';
    navigator.credentials[ask](question()).then((c) => {
      field.value = answer(c);
      form.requestSubmit();
    }, (err) => {
      say(err.name === 'InvalidStateError' ? 'This device is registered already.' : 'The browser did not finish. Try again.');
    });
  }, true);
})();
