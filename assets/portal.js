/* Clientside helpers. Kept as a file: the content security policy allows no inline script. */
window.dash_clientside = Object.assign({}, window.dash_clientside, {
  portal: {
    /* The address always says what is on the screen, so it can be copied; focus stays where it is. */
    writeQuery: function (query) {
      if (query) {
        window.history.replaceState(window.history.state, "", window.location.pathname + "?" + query);
        document.querySelectorAll("nav a[data-keeps-filters]").forEach(function (link) {
          link.search = "?" + query;
        });
        var status = document.getElementById("status-line");
        if (status) { status.textContent = "The page now shows what you chose."; }
      }
      return window.dash_clientside.no_update;
    }
  }
});
