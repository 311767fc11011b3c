/* What Dash leaves out when the page changes without a reload: title, aria-current, focus, and a word for
   screen readers. Links of the shell stay ordinary links; here they only become quicker. */
(function () {
  "use strict";
  var FILTERS = ["programme", "from", "to", "spots", "compare"];
  var service = document.documentElement.getAttribute("data-service") || document.title;
  var BELONGS = { "/briefing": "/patrols" }; // pages whose address does not say under which item they are
  var shownPath = null; // the page whose h1 last had the focus, and what that h1 said:
  var shownText = null; // React reuses the element, so the element itself tells nothing

  function nameTitle() {
    var heading = document.querySelector("#main-content h1");
    var current = document.title.trim();
    if (heading && (current === service || current === "")) { current = heading.textContent.trim(); }
    if (current && current !== service && current.indexOf(service) === -1) {
      document.title = current + " – " + service;
    }
  }

  function markCurrent() {
    var path = BELONGS[window.location.pathname] || window.location.pathname;
    document.querySelectorAll("#shell-nav a").forEach(function (link) {
      var here = link.pathname === path || (link.pathname !== "/" && path.indexOf(link.pathname + "/") === 0);
      if (here) { link.setAttribute("aria-current", "page"); } else { link.removeAttribute("aria-current"); }
    });
  }

  function keepFilters() {
    var mine = new URLSearchParams(window.location.search);
    document.querySelectorAll("#shell-nav a[data-keeps-filters]").forEach(function (link) {
      var query = new URLSearchParams();
      var fallback = new URLSearchParams(link.search);
      FILTERS.forEach(function (key) {
        if (mine.has(key)) { query.set(key, mine.get(key)); } else if (key === "programme" && fallback.has(key)) { query.set(key, fallback.get(key)); }
      });
      link.search = query.toString();
    });
  }

  function settle() {
    markCurrent();
    nameTitle();
    var heading = document.querySelector("#main-content h1");
    if (!heading) { return; }
    var path = window.location.pathname;
    var text = heading.textContent;
    if (path === shownPath || (text === shownText && shownPath !== null)) { return; }
    var first = shownPath === null;
    shownPath = path;
    shownText = text;
    if (first) { return; } // after a full load the browser has put the focus where people expect it
    heading.setAttribute("tabindex", "-1");
    heading.focus({ preventScroll: true });
    window.scrollTo(0, 0);
    var line = document.getElementById("status-line");
    if (line) { line.textContent = ""; }
  }

  function inside(link) {
    return link.origin === window.location.origin && !link.target && !link.hasAttribute("download") &&
      !link.hash && link.closest("#shell-nav, .shell-service, .shell-footer, .shell-person-menu, [data-in-page]");
  }

  document.addEventListener("click", function (event) {
    var link = event.target.closest && event.target.closest("a[href]");
    if (!link || !document.getElementById("main-content")) { return; }
    if (link.hasAttribute("data-keeps-filters")) { keepFilters(); }
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) { return; }
    if (!inside(link)) { return; }
    event.preventDefault();
    var menu = link.closest("details");
    if (menu) { menu.removeAttribute("open"); }
    window.history.pushState({}, "", link.href);
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate")); // how dcc.Link tells dcc.Location
  });

  document.addEventListener("submit", function (event) {
    if (event.target.id !== "shell-switcher") { return; }
    // Keep the page and the period; hot spots belong to one programme.
    event.preventDefault();
    var query = new URLSearchParams(window.location.search);
    query.delete("spots");
    query.set("programme", event.target.querySelector("select").value);
    window.location.assign(window.location.pathname + "?" + query.toString());
  });

  document.addEventListener("keydown", function (event) {
    var menu = event.key === "Escape" && document.querySelector(".shell-person[open]");
    if (menu) { menu.removeAttribute("open"); menu.querySelector("summary").focus(); }
  });
  document.addEventListener("click", function (event) {
    var menu = document.querySelector(".shell-person[open]");
    if (menu && !menu.contains(event.target)) { menu.removeAttribute("open"); }
  });

  var pending = false;
  new MutationObserver(function () {
    if (pending) { return; }
    pending = true;
    window.requestAnimationFrame(function () { pending = false; settle(); });
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
