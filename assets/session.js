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

  window.fetch = function (resource) {
    return inner.apply(this, arguments).then(function (response) {
      if (!ours(resource)) { return response; }
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
      if (ours(resource) && problem.name !== "AbortError") {
        say("The portal did not answer. Check the connection and try again; what is shown is as it was before.");
      }
      throw problem;
    });
  };
})();
