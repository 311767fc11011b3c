/* A callback that answers 401 shows nothing at all: send the person to sign in again, and back here after. */
(function () {
  "use strict";
  var inner = window.fetch;
  var leaving = false;

  function ours(resource) {
    var address = typeof resource === "string" ? resource : (resource && resource.url) || "";
    return new URL(address, window.location.href).origin === window.location.origin;
  }

  function say(sentence) {
    var line = document.getElementById("status-line");
    if (line) { line.textContent = sentence; }
  }

  /* A page that has something to lose (assets/returns.js) may say it itself and stay. Status 0: no answer. */
  function isTaken(status) {
    return !window.dispatchEvent(new CustomEvent("portal-refused", { cancelable: true, detail: { status: status } }));
  }

  window.fetch = function (resource) {
    return inner.apply(this, arguments).then(function (response) {
      if (!ours(resource) || response.status < 400) { return response; }
      if (isTaken(response.status)) { return new Response(null, { status: 204 }); } // Dash changes nothing
      if (response.status === 401 && !leaving) {
        leaving = true;
        var here = window.location.pathname + window.location.search;
        window.location.assign("/sign-in?expired&next=" + encodeURIComponent(here));
      } else if (response.status === 403) {
        say("Your account may not do that; nothing was changed.");
      } else if (response.status >= 500) {
        say("The server could not do that; what is shown is as it was before. Try again.");
      }
      return response;
    }, function (problem) {
      if (ours(resource) && problem.name !== "AbortError" && !isTaken(0)) {
        say("The portal did not answer. Check the connection and try again; what is shown is as it was before.");
      }
      throw problem;
    });
  };
})();
