/* Charts on phones and on paper. Python cannot know the width of the screen, so the same figure is fitted here:
   on a narrow screen labels go above their marks and panels into one column; before printing every chart is drawn
   at the width of the paper and the numbers are opened. */
(function () {
  "use strict";
  var NARROW = 480; // pixels
  var PAPER = 680; // pixels across A4 upright, inside the margins of portal.css
  var ROWS_ON_PAPER = 60; // a longer table would print for dozens of pages; the CSV holds it
  var SIZE = 12; // of letters on a narrow screen
  var figures = new WeakMap(); // what Dash asked to be drawn, by chart
  var draw = null; // Plotly.react as it came
  var printing = false;

  function copy(value) { return JSON.parse(JSON.stringify(value)); }

  function axes(layout, letter) {
    var name = new RegExp("^" + letter + "axis\\d*$");
    return Object.keys(layout).filter(function (key) { return name.test(key); }).map(function (key) { return layout[key]; });
  }

  function wrapped(text, letters) {
    var lines = [""];
    text.split(" ").forEach(function (word) {
      var last = lines.length - 1;
      if (lines[last] && (lines[last] + " " + word).length > letters) { lines.push(word); }
      else { lines[last] = (lines[last] + " " + word).trim(); }
    });
    return lines.join("<br>");
  }

  function lettersIn(pixels) { return Math.floor(pixels / (SIZE * 0.62)); }

  /* Of the axis's own ticks, those far enough apart to be read; on a ratio axis 1 (no change) comes first. */
  function thinned(axis, width) {
    if (!axis.tickvals || !axis.range) { return; }
    var perUnit = width / Math.abs(axis.range[1] - axis.range[0]);
    var place = function (value) { return (axis.type === "log" ? Math.log10(value) : value) * perUnit; };
    var order = axis.tickvals.map(function (_, i) { return i; });
    if (axis.type === "log") {
      order.sort(function (a, b) { return Math.abs(Math.log(axis.tickvals[a])) - Math.abs(Math.log(axis.tickvals[b])); });
    }
    var kept = [];
    order.forEach(function (i) {
      var free = kept.every(function (k) { return Math.abs(place(axis.tickvals[i]) - place(axis.tickvals[k])) >= 34; });
      if (free) { kept.push(i); }
    });
    var texts = axis.ticktext || axis.tickvals;
    axis.tickvals = kept.map(function (i) { return axis.tickvals[i]; });
    axis.ticktext = kept.map(function (i) { return String(texts[i]); });
  }

  /* A few of many categories, each on two lines where it has a year ("13 Feb 2023"). */
  function spaced(axis, names, texts, width) {
    var lines = texts.map(function (text) { return String(text).replace(/ (\d{4})$/, "<br>$1"); });
    var longest = Math.max.apply(null, lines.map(function (text) { return Math.max.apply(null, text.split("<br>").map(function (l) { return l.length; })); }));
    var step = Math.ceil(names.length / Math.max(2, Math.floor(width / (longest * 7.5 + 12))));
    var some = function (_, i) { return i % step === 0; };
    axis.tickmode = "array";
    axis.tickvals = names.filter(some);
    axis.ticktext = lines.filter(some);
  }

  function categories(data, axis) {
    var own = data.filter(function (trace) { return (trace.type === "bar" || trace.type === "heatmap") && trace.orientation !== "h"; })[0];
    if (axis.type !== "category" || !own || !Array.isArray(own.x)) { return null; }
    var names = own.x.map(String);
    var texts = names.slice();
    (axis.tickvals || []).forEach(function (value, i) { texts[names.indexOf(String(value))] = axis.ticktext[i]; });
    return axis.tickvals ? { names: axis.tickvals.map(String), texts: axis.ticktext } : { names: names, texts: texts };
  }

  function across(data, layout, width) {
    axes(layout, "x").forEach(function (axis) {
      axis.tickangle = 0;
      axis.nticks = 4;
      if (axis.title && axis.title.text) {
        axis.title.text = wrapped(axis.title.text, lettersIn(width));
        axis.title.font = Object.assign({}, axis.title.font, { size: SIZE });
      }
      if (axis.type === "date" && axis.tickformat !== "%Y") { axis.tickformat = "%b<br>%Y"; }
      var found = categories(data, axis);
      if (found) { spaced(axis, found.names, found.texts, width); } else { thinned(axis, width); }
    });
    axes(layout, "y").forEach(function (axis) { if (axis.type !== "category") { axis.nticks = Math.min(axis.nticks || 5, 5); } });
  }

  /* Rows whose labels would eat the plot: each label above its mark, its value at the right end. */
  function labelled(data, layout, rows, width) {
    layout.margin = Object.assign({}, layout.margin, { l: 12, r: 20 });
    Object.assign(layout.yaxis, { showticklabels: false, automargin: false, ticks: "" });
    rows.forEach(function (row) {
      var common = { y: row[0], yref: "y", xref: "paper", yanchor: "bottom", yshift: 7, showarrow: false, font: { size: SIZE } };
      layout.annotations.push(Object.assign({}, common, { x: 0, xanchor: "left", xshift: -8, text: wrapped(row[0], lettersIn(width - 60)), align: "left" }));
      if (row[1]) { layout.annotations.push(Object.assign({}, common, { x: 1, xanchor: "right", xshift: 16, text: "<b>" + row[1] + "</b>" })); }
    });
    data.forEach(function (trace) {
      if (trace.mode === "markers+text") { trace.mode = "markers"; }
      if (trace.type === "bar") { trace.textposition = "none"; trace.width = 0.3; }
    });
    layout.yaxis.range = [rows.length - 0.6, -0.9];
    layout.yaxis.autorange = false;
    var tall = rows.some(function (row) { return row[0].length > lettersIn(width - 60); });
    return (tall ? 60 : 44) * rows.length + 110;
  }

  /* Small multiples in one column. */
  function stacked(layout, panels) {
    var slot = 1 / panels;
    for (var i = 0; i < panels; i += 1) {
      var number = i ? String(i + 1) : "";
      var top = 1 - i * slot - 0.2 * slot;
      Object.assign(layout["yaxis" + number], { domain: [1 - (i + 1) * slot + 0.2 * slot, top], showticklabels: true });
      layout["xaxis" + number].domain = [0, 1];
      Object.assign(layout.annotations[i], { x: 0, xanchor: "left", y: top, yanchor: "bottom" });
    }
    Object.keys(layout).forEach(function (key) {
      var found = /^[xy]axis(\d+)$/.exec(key);
      if (found && Number(found[1]) > panels) { delete layout[key]; }
    });
    return 160 * panels + 30;
  }

  function smaller(data, layout) {
    data.forEach(function (trace) {
      if (trace.x && trace.x.length > 24 && trace.mode === "lines+markers") { trace.marker = Object.assign({}, trace.marker, { size: 3 }); }
      if (trace.meta === "signals") { trace.marker = Object.assign({}, trace.marker, { size: 7, symbol: "diamond" }); }
      if (trace.type === "heatmap") {
        var title = Object.assign({}, trace.colorbar.title, { side: "top", font: { size: SIZE } });
        title.text = wrapped(title.text, 34);
        trace.colorbar = Object.assign({}, trace.colorbar, { orientation: "h", x: 0, xanchor: "left", y: 1.02, yanchor: "bottom", lenmode: "pixels", len: 190, nticks: 4, title: title });
      }
    });
    layout.annotations.forEach(function (note) {
      note.font = Object.assign({}, note.font, { size: Math.min((note.font && note.font.size) || SIZE, SIZE) });
      if (note.xref === "paper" && note.x === 1 && note.xanchor === "left") { note.text = note.text.replace(" ", "<br>"); }
    });
    if (layout.margin && layout.margin.r > 60) { layout.margin.r = 48; }
  }

  /* The figure for a narrow screen, the height it wants, and the width below which its cells would merge. */
  function narrowed(figure, width) {
    var data = copy(figure.data), layout = copy(figure.layout), meta = layout.meta || {}, height = 0;
    layout.annotations = layout.annotations || [];
    layout.font = Object.assign({}, layout.font, { size: SIZE });
    layout.margin = Object.assign({ r: 16, l: 44 }, layout.margin);
    smaller(data, layout);
    var columns = data[0] && data[0].type === "heatmap" ? data[0].x.length : 0;
    var wide = columns > 100 ? 2 * columns + 130 : 0;
    if (meta.rows) { height = labelled(data, layout, meta.rows, width); }
    if (meta.panels) { height = stacked(layout, meta.panels); }
    across(data, layout, (wide || width) - (meta.rows ? 40 : 76));
    return { figure: { data: data, layout: layout, frames: figure.frames, config: figure.config }, height: height, wide: wide };
  }

  function onPaper(figure, height) {
    var layout = copy(figure.layout);
    // Lower than on the screen, so that a finding and its chart fit under another; rows keep room for their labels.
    var tall = layout.meta && layout.meta.rows ? height : Math.round(0.75 * height);
    Object.assign(layout, { width: PAPER, height: tall, autosize: false });
    return { data: figure.data, layout: layout, frames: figure.frames, config: figure.config };
  }

  function fit(chart) {
    var figure = figures.get(chart), holder = chart.parentElement, frame = chart.closest(".chart");
    if (!holder.dataset.height) { holder.dataset.height = parseFloat(holder.style.height) || holder.clientHeight; }
    var height = Number(holder.dataset.height), width = (frame || holder).clientWidth || window.innerWidth;
    var fitted = !printing && width < NARROW ? narrowed(figure, width) : null;
    if (fitted) { height = Math.max(height, fitted.height); }
    var paper = printing ? onPaper(figure, height) : null;
    holder.style.height = (paper ? paper.layout.height : height) + "px";
    holder.style.minWidth = fitted && fitted.wide ? fitted.wide + "px" : "";
    // Redrawn along the other way, a colour bar leaves its old words behind (plotly.js 4.1.1): start from nothing.
    if (chart.data && chart.dataset.narrow !== String(Boolean(fitted))) { draw(chart, { data: [], layout: {} }); }
    chart.dataset.narrow = String(Boolean(fitted));
    if (frame && fitted && fitted.wide) { frame.setAttribute("tabindex", "0"); } else if (frame) { frame.removeAttribute("tabindex"); }
    return draw(chart, fitted ? fitted.figure : paper || figure);
  }

  function fitAll() {
    document.querySelectorAll(".js-plotly-plot").forEach(function (chart) { if (figures.has(chart)) { fit(chart); } });
  }

  function openNumbers() {
    document.querySelectorAll("main details:not([open])").forEach(function (one) {
      // A section of a document is printed whole, however many rows its tables have together.
      var rows = one.classList.contains("return-section") ? 0 : one.querySelectorAll("tbody tr").length;
      if (rows > ROWS_ON_PAPER) { one.dataset.notPrinted = "The table of " + rows.toLocaleString("en-GB") + " rows is not printed: download the CSV from the page."; return; }
      one.open = true;
      one.dataset.openedToPrint = "yes";
    });
  }

  function closeNumbers() {
    document.querySelectorAll("details[data-opened-to-print]").forEach(function (one) {
      one.open = false;
      delete one.dataset.openedToPrint;
    });
  }

  function holdMaps(hold) {
    // Leaflet placed its shapes for the size on the screen; a map squeezed by the page would be cut.
    document.querySelectorAll(".map").forEach(function (map) {
      map.style.width = hold ? map.offsetWidth + "px" : "";
    });
  }

  window.addEventListener("beforeprint", function () {
    if (printing) { return; }
    printing = true;
    holdMaps(true);
    openNumbers();
    if (draw) { fitAll(); }
  });
  window.addEventListener("afterprint", function () {
    printing = false;
    holdMaps(false);
    closeNumbers();
    if (draw) { fitAll(); }
  });

  function adopt(plotly) {
    draw = plotly.react;
    plotly.react = function (chart, figure) {
      if (!figure || !figure.layout || !chart.parentElement) { return draw.apply(this, arguments); }
      figures.set(chart, figure);
      return fit(chart);
    };
  }

  /* Without the file of the drawing library among the assets Dash fetches its own when the first chart is drawn. */
  function adoptLater() {
    var held;
    Object.defineProperty(window, "Plotly", {
      configurable: true,
      get: function () { return held; },
      set: function (plotly) { held = plotly; if (plotly && plotly.react && !draw) { adopt(plotly); } },
    });
  }

  document.addEventListener("DOMContentLoaded", function () { // the drawing library's file comes after this one
    if (window.Plotly) { adopt(window.Plotly); } else { adoptLater(); }
    // The width of the window at which a chart is as wide as NARROW.
    window.matchMedia("(max-width: 511px)").addEventListener("change", fitAll);
  });
})();
