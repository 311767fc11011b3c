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
    },
    /* The chosen hot spot and the map's measure, kept beside the filters. */
    writeChoice: function (chosen, measure) {
      var query = new URLSearchParams(window.location.search);
      if (chosen) { query.set("chosen", chosen); } else { query.delete("chosen"); }
      if (measure && measure !== "crimes") { query.set("measure", measure); } else { query.delete("measure"); }
      window.history.replaceState(window.history.state, "", window.location.pathname + "?" + query.toString());
      return window.dash_clientside.no_update;
    }
  }
});
