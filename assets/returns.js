/* Words typed into a return and not saved yet. They are kept in this tab alone (assets/kept_words.js), so that a reload or a new
   sign-in offers them again; a save that redraws the page gives them back; and the browser asks before they are left. */
(function () {
  "use strict";
  const kept = window.keptWords;
  let work = null; // a month's page; everything below is of it
  let typed = {}; // id of a box -> its label and what is in it and not saved
  let touched = new Set(); // ids of the boxes that were written in since the page was opened
  let offered = null; // an earlier visit's words, until they are put back or discarded
  let keeping = true; // not after a sign-out in another tab, until somebody who is signed in has saved
  let sent = null; // what was typed when the save under way began
  let answer = ""; // the last answer to a save that was looked at
  let revision = "";
  let caret = null; // where somebody is writing

  function place() { return work.dataset.writer + ":" + work.dataset.return; }

  function keep() {
    if (keeping) { kept.write(place(), { at: Date.now(), version: work.dataset.version, revision: revision, words: typed }, offered); }
  }

  // --- boxes ---------------------------------------------------------------------------------------------------

  function isOurs(box) { return work && box instanceof HTMLTextAreaElement && box.id && work.contains(box); }

  function write(box, text) {
    // As if it had been typed: React does not learn of it otherwise.
    Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(box, text);
    box.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /* A save redraws the reasons as the server holds them; what was typed meanwhile stays, and so does the caret. */
  function keepShown() {
    const at = caret && Object.assign({}, caret);
    Object.keys(typed).forEach(function (id) {
      const box = document.getElementById(id);
      if (box && box.value !== typed[id].text) { write(box, typed[id].text); }
    });
    const box = at && document.getElementById(at.id);
    if (!box || (document.activeElement !== document.body && document.activeElement !== box)) { return; }
    if (document.activeElement !== box) { box.focus({ preventScroll: true }); }
    if (box.selectionStart !== at.start || box.selectionEnd !== at.end) { box.setSelectionRange(at.start, at.end); }
    caret = at;
  }

  document.addEventListener("input", function (event) {
    const box = event.target;
    if (!isOurs(box)) { return; }
    typed[box.id] = { label: box.labels.length ? box.labels[0].textContent : box.id, text: box.value };
    touched.add(box.id);
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

  function tell(id, parts) {
    const line = document.getElementById(id);
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

  function tellSignedOut(what) {
    const link = make("a", { href: "/sign-in?expired&next=%2Fsigned-in", target: "_blank", rel: "noopener" }, "Sign in (opens in a new tab)");
    say([warning(what), make("p", {}, link, ", then come back to this tab and save again.")], true);
  }

  // --- words of an earlier visit -----------------------------------------------------------------------------------

  function hasBox(one) { return document.getElementById(one[0]) !== null; }
  function hasNone(one) { return !hasBox(one); }

  function called(words) {
    const fields = words.filter(function (one) { return !one[0].startsWith("{"); }).map(function (one) { return one[1].label; });
    const reasons = words.length - fields.length;
    if (reasons) { fields.push(reasons === 1 ? "1 reason" : reasons + " reasons"); }
    return fields.join(", ");
  }

  function offer() {
    const held = kept.read(place());
    const words = Object.entries(held ? held.words : {}).filter(function (one) {
      const box = document.getElementById(one[0]);
      return box ? box.value !== one[1].text : one[1].text.trim();
    });
    offerOnly(held, words);
    keep();
    if (offered) { tell("returns-offer", [offering()]); }
  }

  function offerOnly(visit, words) {
    offered = words.length ? Object.assign({}, visit, { words: Object.fromEntries(words) }) : null;
  }

  /* What has a box can be put back; of a version that is closed, or a reason no longer asked for, there is only the text. */
  function offering() {
    const words = Object.entries(offered.words), boxed = words.filter(hasBox), without = words.filter(hasNone);
    const day = new Date(offered.at).toLocaleString("en-GB", { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });
    const version = offered.version !== work.dataset.version ? " in version " + offered.version : "";
    const changed = offered.revision !== revision ? " The return has been saved since then, so read both before you save." : "";
    const those = boxed.length ? ": " + called(boxed) + "." + changed : ".";
    const parts = [make("p", {}, "Words you typed on " + day + version + " were not saved" + those)];
    if (without.length) { parts.push(make("p", {}, "This page has no box for what follows. Copy what is still of use:")); }
    without.forEach(function (one) {
      parts.push(make("p", {}, make("strong", {}, one[1].label)), make("p", { className: "kept-words" }, one[1].text));
    });
    const buttons = [make("button", { type: "button", className: "button secondary", onclick: discard }, "Discard")];
    if (boxed.length) { buttons.unshift(make("button", { type: "button", className: "button", onclick: putBack }, "Put them back")); }
    return make("div", { className: "inset" }, ...parts, make("p", { className: "form-actions" }, ...buttons));
  }

  function putBack() {
    const words = Object.entries(offered.words), boxed = words.filter(hasBox);
    const after = boxed.filter(function (one) {
      return touched.has(one[0]) && !one[1].text.includes(document.getElementById(one[0]).value);
    });
    offerOnly(offered, words.filter(hasNone));
    boxed.forEach(function (one) {
      const box = document.getElementById(one[0]), folded = box.closest("details");
      if (folded) { folded.open = true; }
      write(box, touched.has(one[0]) ? kept.both(box.value, one[1].text) : one[1].text);
    });
    const added = after.length ? " What you had typed since is still there, and they stand after it: " + called(after) + "." : "";
    tell("returns-offer", [make("p", {}, "They are back in their boxes, and not saved yet." + added), ...(offered ? [offering()] : [])]);
    document.getElementById(boxed[0][0]).focus();
  }

  function discard() {
    offered = null;
    keep();
    tell("returns-offer", [make("p", {}, "They are discarded.")]);
    (work.querySelector("textarea") || document.getElementById("main-content")).focus();
  }

  kept.whenSignedOut(function () {
    if (!work) { return; }
    offered = null;
    keeping = false;
    tell("returns-offer", []);
    if (Object.keys(typed).length) {
      tellSignedOut("You have signed out in another tab. What you typed is still here, but is lost when this page is left or reloaded.");
    }
  });

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
      Object.keys(sent || {}).forEach(function (id) { if (typed[id] && typed[id].text === sent[id].text) { delete typed[id]; } });
      revision = saved;
      keeping = true;
      keep();
    }
    ended();
    const lost = Object.entries(typed).filter(hasNone);
    const since = saved && Object.keys(typed).length > lost.length;
    const useless = lost.map(function (one) { return make("p", {}, "What you gave this reason for is no longer found: “" + one[1].text + "”"); });
    say([...(since ? [make("p", {}, "What you typed since is not saved yet.")] : []), ...useless]);
    lost.forEach(function (one) { delete typed[one[0]]; });
  }

  /* assets/session.js says what the server refused, or that it did not answer (0). */
  window.addEventListener("portal-refused", function (event) {
    if (!work) { return; }
    const status = event.detail.status, saving = sent !== null;
    if (status === 401 && Object.keys(typed).length) {
      event.preventDefault(); // the words would be left behind
      tellSignedOut("You have been signed out, so nothing was saved. What you typed is still here.");
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
    // Where somebody may write, a revision is named, and the boxes may come after it.
    if (!now || (now.dataset.revision && !now.querySelector("textarea"))) { work = null; return; }
    if (now !== work) {
      work = now;
      typed = {};
      touched = new Set();
      keeping = true;
      sent = null;
      answer = "";
      revision = work.dataset.revision;
      kept.forgetOthersAndOld(work.dataset.writer);
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
