/* Words typed into a return and not saved yet. They are kept in this tab alone (sessionStorage), so that a reload or a new
   sign-in offers them again; a save that redraws the page gives them back; and the browser asks before they are left. */
(function () {
  "use strict";
  const PREFIX = "return-words:";
  const KEPT_FOR = 24 * 60 * 60 * 1000; // milliseconds
  let work = null; // where somebody writes; everything below is of it
  let typed = {}; // id of a box -> what is in it and not saved
  let offered = null; // words of an earlier visit, until they are put back or discarded
  let sent = null; // what was typed when the save under way began
  let answer = ""; // the last answer to a save that was looked at
  let revision = "";
  let caret = null; // where somebody is writing

  // --- kept in this tab ----------------------------------------------------------------------------------------

  function storage(use) {
    try { return use(window.sessionStorage); } catch { return null; } // full or switched off: the words stay on the page
  }

  function name() { return PREFIX + work.dataset.writer + ":" + work.dataset.return; }

  function keep() {
    const texts = Object.assign({}, offered && offered.texts, typed);
    storage(function (held) {
      if (Object.keys(texts).length) { held.setItem(name(), JSON.stringify({ at: Date.now(), revision: revision, texts: texts })); }
      else { held.removeItem(name()); }
    });
  }

  function forget(which) {
    storage(function (held) {
      Object.keys(held).filter(function (key) { return key.startsWith(PREFIX) && which(key, held); })
        .forEach(function (key) { held.removeItem(key); });
    });
  }

  function isAnothersOrOld(key, held) {
    return !key.startsWith(PREFIX + work.dataset.writer + ":") || Date.now() - JSON.parse(held.getItem(key)).at > KEPT_FOR;
  }

  /* Signing out in one tab ends what every tab of this browser keeps. */
  const tabs = new BroadcastChannel("portal-signed-out");
  function forgetAll() { forget(function () { return true; }); }
  tabs.addEventListener("message", forgetAll);
  document.addEventListener("submit", function (event) {
    if (event.target.getAttribute("action") !== "/sign-out") { return; }
    forgetAll();
    tabs.postMessage("signed out");
  });

  // --- boxes ---------------------------------------------------------------------------------------------------

  function isOurs(box) { return work && box instanceof HTMLTextAreaElement && box.id && work.contains(box); }

  function write(box, text) {
    // As if it had been typed: React does not learn of it otherwise.
    Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(box, text);
    box.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /* A save redraws the reasons as the server holds them; what was typed meanwhile stays, and so does the caret. */
  function keepShown() {
    const place = caret && Object.assign({}, caret);
    Object.keys(typed).forEach(function (id) {
      const box = document.getElementById(id);
      if (box && box.value !== typed[id]) { write(box, typed[id]); }
    });
    const box = place && document.getElementById(place.id);
    if (!box || (document.activeElement !== document.body && document.activeElement !== box)) { return; }
    if (document.activeElement !== box) { box.focus({ preventScroll: true }); }
    if (box.selectionStart !== place.start || box.selectionEnd !== place.end) { box.setSelectionRange(place.start, place.end); }
    caret = place;
  }

  document.addEventListener("input", function (event) {
    if (!isOurs(event.target)) { return; }
    typed[event.target.id] = event.target.value;
    keep();
  });
  ["input", "keyup", "pointerup"].forEach(function (kind) {
    document.addEventListener(kind, function (event) {
      const box = event.target;
      if (isOurs(box) && box === document.activeElement) { caret = { id: box.id, start: box.selectionStart, end: box.selectionEnd }; }
    });
  });
  ["focusin", "pointerdown"].forEach(function (kind) {
    document.addEventListener(kind, function (event) { if (caret && event.target.id !== caret.id) { caret = null; } });
  });

  // --- what the page says ----------------------------------------------------------------------------------------

  function make(tag, more) {
    const made = Object.assign(document.createElement(tag), more);
    made.append.apply(made, Array.prototype.slice.call(arguments, 2));
    return made;
  }

  function tell(place, parts) {
    const line = document.getElementById(place);
    if (line) { line.replaceChildren.apply(line, parts); }
  }

  /* Beside the save button. ``instead``: the last answer no longer holds, so it is not shown above this. */
  function say(parts, instead) {
    tell("returns-kept", parts);
    const line = document.getElementById("returns-kept");
    if (line) { line.toggleAttribute("data-instead", Boolean(instead)); }
  }

  function warning(text) {
    const icon = make("span", { className: "warning-icon", ariaHidden: "true" }, "!");
    return make("div", { className: "warning" }, icon, make("strong", {}, text));
  }

  function tellSignedOut() {
    const link = make("a", { href: "/sign-in?expired&next=%2Fsigned-in", target: "_blank", rel: "noopener" }, "Sign in (opens in a new tab)");
    say([
      warning("You have been signed out, so nothing was saved. What you typed is still here."),
      make("p", {}, link, ", then come back to this tab and save again.")
    ], true);
  }

  // --- words of an earlier visit -----------------------------------------------------------------------------------

  function called(ids) {
    const fields = ids.filter(function (id) { return !id.startsWith("{"); }).map(function (id) {
      const label = document.querySelector("label[for='" + id + "']");
      return label ? label.textContent : id;
    });
    const reasons = ids.length - fields.length;
    if (reasons) { fields.push(reasons === 1 ? "1 reason" : reasons + " reasons"); }
    return fields.join(", ");
  }

  function offer() {
    const kept = storage(function (held) { return JSON.parse(held.getItem(name()) || "null"); });
    const texts = kept ? Object.entries(kept.texts).filter(function (one) {
      const box = document.getElementById(one[0]);
      return box ? box.value !== one[1] : one[1].trim();
    }) : [];
    offered = texts.length ? { texts: Object.fromEntries(texts) } : null;
    keep();
    if (!offered) { return; }
    const day = new Date(kept.at).toLocaleString("en-GB", { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });
    const back = make("button", { type: "button", className: "button", onclick: putBack }, "Put them back");
    const away = make("button", { type: "button", className: "button secondary", onclick: discard }, "Discard");
    const changed = kept.revision !== revision ? " The return has been saved since then, so read both before you save." : "";
    tell("returns-offer", [make("div", { className: "inset" },
      make("p", {}, "Words you typed on " + day + " were not saved: " + called(Object.keys(offered.texts)) + "." + changed),
      make("p", { className: "form-actions" }, back, away))]);
  }

  function putBack() {
    const texts = Object.entries(offered.texts);
    offered = null;
    const lost = texts.filter(function (one) { return !document.getElementById(one[0]); });
    texts.forEach(function (one) {
      const box = document.getElementById(one[0]);
      if (!box) { return; }
      const folded = box.closest("details");
      if (folded) { folded.open = true; }
      write(box, one[1]);
    });
    const first = texts.map(function (one) { return document.getElementById(one[0]); }).filter(Boolean)[0];
    tell("returns-offer", [make("p", {}, "They are back in their boxes, and not saved yet."), ...withoutPlace(lost)]);
    if (first) { first.focus(); }
  }

  function withoutPlace(texts) {
    return texts.map(function (one) { return make("p", {}, "What you gave this reason for is no longer found: “" + one[1] + "”"); });
  }

  function discard() {
    offered = null;
    keep();
    tell("returns-offer", [make("p", {}, "They are discarded.")]);
    work.querySelector("textarea").focus();
  }

  // --- saving --------------------------------------------------------------------------------------------------

  document.addEventListener("click", function (event) {
    const button = event.target.closest && event.target.closest("#returns-save");
    if (!button) { return; }
    // A second save before the first is answered would be refused as somebody else's change.
    if (sent) { event.stopPropagation(); return; }
    sent = Object.assign({}, typed);
    button.setAttribute("aria-disabled", "true");
    say([make("p", {}, "Saving… You can go on writing.")], true);
  }, true);

  function ended() {
    sent = null;
    const button = document.getElementById("returns-save");
    if (button) { button.removeAttribute("aria-disabled"); }
  }

  function lookAtAnswer() {
    const told = document.querySelector("#returns-said [data-answer]");
    if (!told || told.dataset.answer === answer) { return; }
    answer = told.dataset.answer;
    const saved = told.dataset.saved;
    if (saved) {
      Object.keys(sent || {}).forEach(function (id) { if (typed[id] === sent[id]) { delete typed[id]; } });
      revision = saved;
      keep();
    }
    ended();
    const lost = Object.entries(typed).filter(function (one) { return !document.getElementById(one[0]); });
    const since = saved && Object.keys(typed).length > lost.length;
    say([...(since ? [make("p", {}, "What you typed since is not saved yet.")] : []), ...withoutPlace(lost)]);
    lost.forEach(function (one) { delete typed[one[0]]; });
  }

  /* assets/session.js says what the server refused, or that it did not answer (0). */
  window.addEventListener("portal-refused", function (event) {
    if (!work) { return; }
    const status = event.detail.status, saving = sent !== null;
    if (status === 401 && Object.keys(typed).length) {
      event.preventDefault(); // the words would be left behind
      tellSignedOut();
    } else if (saving) {
      say([warning(status === 403 ? "Nothing was saved: your account may not do that." :
        "The portal could not do that, so this may not be saved. What you typed is still here; try again.")], true);
    }
    ended();
  });

  window.addEventListener("beforeunload", function (event) {
    if (Object.keys(typed).length && document.querySelector(".return-work")) { event.preventDefault(); }
  });

  function settle() {
    const now = document.querySelector(".return-work[data-writer]");
    if (!now || !now.querySelector("textarea")) { work = null; return; }
    if (now !== work) {
      work = now;
      typed = {};
      sent = null;
      answer = "";
      revision = work.dataset.revision;
      forget(isAnothersOrOld);
      offer();
    }
    lookAtAnswer();
    keepShown();
  }

  let pending = false;
  new MutationObserver(function () {
    if (pending) { return; }
    pending = true;
    window.setTimeout(function () { pending = false; settle(); }, 0);
  }).observe(document.documentElement, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-answer"] });
})();
