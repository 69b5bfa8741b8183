(function () {
  "use strict";
  var all = function (sel, root) { return Array.prototype.slice.call((root || document).querySelectorAll(sel)); };

  // A link into something folded opens what folds it.
  function reveal() {
    var at = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (!at) return;
    for (var e = at; e; e = e.parentElement) if (e.tagName === "DETAILS") e.open = true;
    at.scrollIntoView();
  }
  addEventListener("hashchange", reveal);
  reveal();

  // Paper has no folds.
  var shut = [];
  addEventListener("beforeprint", function () {
    shut = all("details:not([open]):not([data-noprint])");
    shut.forEach(function (d) { d.open = true; });
  });
  addEventListener("afterprint", function () { shut.forEach(function (d) { d.open = false; }); });

  // Expand and collapse.
  all("[data-acts]").forEach(function (box) {
    box.hidden = false;
    all("button", box).forEach(function (b) {
      b.addEventListener("click", function () {
        var open = b.dataset.do === "open";
        all("details", document.getElementById(box.dataset.acts)).forEach(function (d) { d.open = open; });
      });
    });
  });

  // What is not known is less than nothing.
  var num = function (key) { return key === "–" ? -1 : parseFloat(key.replace(/,/g, "")) || 0; };

  // Sorting: a tbody at a time where rows belong together, a row at a time elsewhere.
  all("table[data-sort]").forEach(function (table) {
    var whole = table.dataset.sort === "bodies";
    var heads = Array.prototype.slice.call(table.tHead.rows[0].cells);
    heads.forEach(function (th, col) {
      if (th.hasAttribute("data-fixed")) return;
      var button = document.createElement("button");
      button.type = "button";
      while (th.firstChild) button.appendChild(th.firstChild);
      th.appendChild(button);
      var isNumber = th.classList.contains("r") || th.hasAttribute("data-n");
      button.addEventListener("click", function () {
        var down = th.getAttribute("aria-sort") === "descending" || (!th.hasAttribute("aria-sort") && !isNumber);
        heads.forEach(function (o) { o.removeAttribute("aria-sort"); });
        th.setAttribute("aria-sort", down ? "ascending" : "descending");
        var parent = whole ? table : table.tBodies[0];
        var items = whole ? Array.prototype.slice.call(table.tBodies) : Array.prototype.slice.call(parent.rows);
        var key = function (item) {
          var cell = (whole ? item.rows[0] : item).cells[col];
          return cell.dataset.v || cell.textContent.trim();
        };
        items.map(function (item, n) { return { item: item, key: key(item), n: n }; }).sort(function (a, b) {
          var by = isNumber ? num(a.key) - num(b.key) : a.key.localeCompare(b.key, "en", { numeric: true });
          return (down ? by : -by) || a.n - b.n;
        }).forEach(function (x) { parent.appendChild(x.item); });
      });
    });
  });

  // Filtering.
  all("form[data-filter]").forEach(function (form) {
    var rows = all("tbody tr", document.getElementById(form.dataset.filter));
    var said = form.querySelector("output");
    form.hidden = false;
    function apply() {
      var text = form.elements.text.value.toLowerCase();
      var shown = 0;
      rows.forEach(function (row) {
        var ok = row.textContent.toLowerCase().indexOf(text) >= 0;
        all("select", form).forEach(function (s) {
          if (s.value && (" " + (row.dataset[s.name] || "") + " ").indexOf(" " + s.value + " ") < 0) ok = false;
        });
        row.hidden = !ok;
        if (ok) shown += 1;
      });
      said.textContent = shown + " of " + rows.length + " shown";
    }
    form.addEventListener("input", apply);
    form.addEventListener("submit", function (e) { e.preventDefault(); });
    apply();
  });
})();
