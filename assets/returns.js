// Words typed into a return and not saved yet: the browser asks before the page is left or one of its forms is sent.
(function () {
  "use strict";
  let unsaved = false;

  function watchForSaving() {
    const said = document.getElementById("returns-said");
    if (!said || said.dataset.watched) return;
    said.dataset.watched = "yes";
    new MutationObserver(function () {
      if (said.querySelector(".inset")) unsaved = false; // a refusal is a warning, not an inset
    }).observe(said, { childList: true, subtree: true, characterData: true });
  }

  document.addEventListener("input", function (event) {
    const box = event.target;
    if (box instanceof HTMLTextAreaElement && box.closest(".return-work")) {
      unsaved = true;
      watchForSaving();
    }
  });

  window.addEventListener("beforeunload", function (event) {
    if (unsaved && document.querySelector(".return-work")) event.preventDefault();
  });
})();
