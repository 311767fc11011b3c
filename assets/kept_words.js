/* Words typed into a return and not saved yet, as this tab alone keeps them (sessionStorage) for assets/returns.js. Signing out
   ends what every tab of this browser keeps; the page that it leads to runs this file too.

   A visit is { at, version, revision, words: { id of a box: { label, text } } }. Kept apart are what is being typed now and
   what an earlier visit typed and nobody has put back or discarded, so that neither is written over by the other. */
(function () {
  "use strict";
  const PREFIX = "return-words:";
  const KEPT_FOR = 24 * 60 * 60 * 1000; // milliseconds
  const tabs = new BroadcastChannel("portal-signed-out");

  function storage(use) {
    try { return use(window.sessionStorage); } catch { return null; } // full or switched off: the words stay on the page
  }

  function forget(which) {
    storage(function (held) {
      Object.keys(held).filter(function (key) { return key.startsWith(PREFIX) && which(key, held); })
        .forEach(function (key) { held.removeItem(key); });
    });
  }

  function forgetAll() { forget(function () { return true; }); }

  function orNull(visit) { return visit && Object.keys(visit.words).length ? visit : null; }

  /* ``place``: of whom and of which month. */
  function write(place, typed, offered) {
    storage(function (held) {
      if (orNull(typed) || offered) { held.setItem(PREFIX + place, JSON.stringify({ typed: orNull(typed), offered: offered })); }
      else { held.removeItem(PREFIX + place); }
    });
  }

  /* What is kept, as one visit: of a box with words of two visits, the newer stand first. */
  function read(place) {
    const kept = storage(function (held) { return JSON.parse(held.getItem(PREFIX + place)); });
    if (!kept || !kept.typed || !kept.offered) { return kept && (kept.typed || kept.offered); }
    const words = Object.assign({}, kept.offered.words);
    Object.entries(kept.typed.words).forEach(function (one) {
      const older = words[one[0]];
      words[one[0]] = { label: one[1].label, text: older ? both(one[1].text, older.text) : one[1].text };
    });
    return Object.assign({}, kept.offered, { at: kept.typed.at, words: words });
  }

  function both(first, second) {
    if (first.includes(second)) { return first; }
    return second.includes(first) ? second : first + "\n\n" + second;
  }

  function isOld(text) {
    const kept = JSON.parse(text), visit = kept.typed || kept.offered;
    return !visit || Date.now() - visit.at > KEPT_FOR;
  }

  function forgetOthersAndOld(writer) {
    forget(function (key, held) { return !key.startsWith(PREFIX + writer + ":") || isOld(held.getItem(key)); });
  }

  function whenSignedOut(then) { tabs.addEventListener("message", then); }

  whenSignedOut(forgetAll);
  // Not when the button is pressed: asked whether to leave words that are not saved, somebody may stay.
  if (window.location.pathname === "/sign-in" && new URLSearchParams(window.location.search).has("signed-out")) {
    forgetAll();
    tabs.postMessage("signed out");
  }

  window.keptWords = { read: read, write: write, both: both, forgetOthersAndOld: forgetOthersAndOld, whenSignedOut: whenSignedOut };
})();
