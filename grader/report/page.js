"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const grid = $("grid"), head = grid.tHead.rows[0], body = grid.tBodies[0], card = $("card");
  const rows = [...body.rows];
  const FIRST = 4; // the column of the first case
  const ORDER = ["", "AC", "PE", "WA", "OLE", "MLE", "TLE", "RTE", "CE", "JE", "SKIP"];
  $("with-script").hidden = false;

  // What a cell says: the verdict without its marks, and the milliseconds.
  const verdict = (cell) => (cell ? cell.textContent.split("\n")[0].replace(/[~?]+$/, "") : "");
  const time = (cell) => Number((cell && cell.textContent.split("\n")[1]) || 0);

  // Filters.

  const filters = $("filters"), group = $("f-group");
  filters.hidden = false;

  function fits(row) {
    const name = $("f-name").value.trim().toLowerCase(), whole = $("f-verdict").value, at = $("f-case").value, want = $("f-with").value;
    if (name && !row.cells[0].textContent.toLowerCase().includes(name)) return false;
    if (whole && verdict(row.cells[1]) !== whole) return false;
    if (!want) return true;
    const one = (v) => (want === "-" ? v !== "" && v !== "AC" : v === want);
    if (at !== "") return one(verdict(row.cells[FIRST + Number(at)]));
    return [...row.cells].slice(FIRST).some((cell) => one(verdict(cell)));
  }

  // Whole columns are hidden by a style sheet of their own, which a policy allows that forbids written ones.
  const columns = new CSSStyleSheet();
  document.adoptedStyleSheets = [columns];
  let hiddenColumns = new Set();
  function showGroup() {
    const name = group ? group.value : "";
    const out = name ? [...head.cells].flatMap((th, i) => (i >= FIRST && th.dataset.group !== name ? [i + 1] : [])) : [];
    hiddenColumns = new Set(out.map((n) => n - 1));
    const kept = head.cells.length - FIRST - out.length;
    columns.replaceSync(out.length === 0 ? "" : ":root{--cases:" + kept + " !important}" +
      out.map((n) => "#grid tr>:nth-child(" + n + ")").join(",") + "{display:none}");
  }

  function filter() {
    let n = 0;
    for (const row of rows) {
      row.hidden = !fits(row);
      if (!row.hidden) n++;
    }
    $("shown").value = n + " of " + rows.length + " shown";
    $("none").hidden = n > 0 || rows.length === 0;
    showGroup();
    rove(firstShown());
  }
  let waiting = 0;
  filters.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(filter, 60); });
  filters.addEventListener("reset", () => setTimeout(filter));
  filters.addEventListener("submit", (e) => e.preventDefault());

  // Sorting. A second time turns the order; equal rows stay in the run's.

  const original = new Map(rows.map((row, i) => [row, i]));
  const collator = new Intl.Collator(undefined, { numeric: true });
  function key(row, column) {
    const cell = row.cells[column];
    if (column === 0) return cell.textContent;
    if (column === 2) return cell.dataset.s === "" ? -1 : Number(cell.dataset.s);
    if (column === 3) return Number(cell.textContent || -1);
    return ORDER.indexOf(verdict(cell)) * 1e9 + time(cell);
  }
  function sort(column) {
    const th = head.cells[column];
    const sign = th.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    const keys = new Map(rows.map((row) => [row, key(row, column)]));
    rows.sort((a, b) => {
      const x = keys.get(a), y = keys.get(b);
      return sign * (column === 0 ? collator.compare(x, y) : x - y) || original.get(a) - original.get(b);
    });
    body.append(...rows);
    for (const other of head.cells) other.removeAttribute("aria-sort");
    th.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
    rove(firstShown());
  }
  [...head.cells].forEach((th, i) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = th.textContent;
    button.addEventListener("click", () => sort(i));
    th.replaceChildren(button);
  });

  // The arrow keys: of all that can have the focus in the table's body, Tab reaches one.

  let current = null;
  const inside = (cell) => cell.querySelector("a") || cell;
  const firstShown = () => { const row = rows.find((r) => !r.hidden); return row ? row.cells[0] : null; };
  function rove(cell) {
    if (current) inside(current).tabIndex = -1;
    current = cell;
    if (current) inside(current).tabIndex = 0;
  }
  function go(cell) {
    if (!cell) return;
    rove(cell);
    inside(cell).focus();
    cell.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
  // Thousands of links: they lose their place in the order of Tab when it is first asked for.
  function prepare(e) {
    if (e.key !== "Tab") return;
    document.removeEventListener("keydown", prepare, true);
    for (const link of body.querySelectorAll("a")) if (!current || link !== inside(current)) link.tabIndex = -1;
  }
  document.addEventListener("keydown", prepare, true);
  const shownRow = (row, step) => { do row = step > 0 ? row.nextElementSibling : row.previousElementSibling; while (row && row.hidden); return row; };
  function beside(cell, step) {
    do cell = step > 0 ? cell.nextElementSibling : cell.previousElementSibling; while (cell && hiddenColumns.has(cell.cellIndex));
    return cell;
  }
  function below(cell, steps) {
    let row = cell.parentElement, last = row;
    for (let i = 0; i < Math.abs(steps); i++) { row = shownRow(row, steps); if (!row) break; last = row; }
    return last.cells[cell.cellIndex];
  }
  const MOVES = {
    ArrowRight: (c) => beside(c, 1), ArrowLeft: (c) => beside(c, -1), ArrowDown: (c) => below(c, 1), ArrowUp: (c) => below(c, -1),
    PageDown: (c) => below(c, 10), PageUp: (c) => below(c, -10), Home: (c) => c.parentElement.cells[0], End: (c) => c.parentElement.cells[c.parentElement.cells.length - 1],
  };
  body.addEventListener("keydown", (e) => {
    const cell = e.target.closest("td,th"), move = MOVES[e.key];
    if (!cell || !move || e.altKey || e.ctrlKey || e.metaKey) return;
    e.preventDefault();
    go(move(cell));
  });
  body.addEventListener("focusin", (e) => { const cell = e.target.closest("td,th"); if (cell && cell !== current) rove(cell); });

  // A failure, in front of the table.

  let opened = null;
  // A failure's text is a block of lines; those of a difference get their colours here.
  function lines(text) {
    const pre = document.createElement("pre");
    let inside = false;
    for (const line of text.split("\n")) {
      if (line === "--- expected") inside = true;
      if (line === "") inside = false;
      const span = document.createElement("span");
      span.textContent = line + "\n";
      if (inside) span.className = /^(---|\+\+\+|@@)/.test(line) ? "d-head" : line[0] === "-" ? "d-want" : line[0] === "+" ? "d-got" : "";
      pre.append(span);
    }
    return pre;
  }
  function show(link) {
    const row = link.closest("tr"), cell = link.closest("td"), text = $(link.hash.slice(1));
    opened = link;
    const name = cell.cellIndex < FIRST ? "compile" : head.cells[cell.cellIndex].title;
    $("card-title").textContent = row.cells[0].firstElementChild.textContent + ", " + name + ": " + verdict(cell);
    const more = document.createElement("p"), where = document.createElement("a");
    where.href = row.cells[0].firstElementChild.hash;
    where.textContent = "All of this submission";
    more.append(where);
    $("card-text").replaceChildren(lines(text.textContent), more);
    if (!card.open) card.showModal();
    $("card-text").scrollTop = 0;
  }
  // The next failure in the rows' order, of what is shown.
  function step(by) {
    let cell = opened.closest("td"), row = cell.parentElement;
    for (;;) {
      cell = by > 0 ? cell.nextElementSibling : cell.previousElementSibling;
      if (!cell) {
        row = shownRow(row, by);
        cell = row && row.cells[by > 0 ? 0 : row.cells.length - 1];
      }
      if (!cell) return;
      const link = cell.tagName === "TD" && !hiddenColumns.has(cell.cellIndex) && cell.querySelector("a");
      if (link) return show(link);
    }
  }
  body.addEventListener("click", (e) => {
    const link = e.target.closest("td a");
    if (!link || e.ctrlKey || e.metaKey || e.shiftKey) return;
    e.preventDefault();
    show(link);
  });
  $("before").addEventListener("click", () => step(-1));
  $("after").addEventListener("click", () => step(1));
  $("close").addEventListener("click", () => card.close());
  card.addEventListener("click", (e) => {
    if (e.target === card) card.close(); // beside it
    if (e.target.closest("#card-text a")) card.close(); // a link leads away
  });
  card.addEventListener("keydown", (e) => {
    if (e.key === "ArrowRight") step(1);
    if (e.key === "ArrowLeft") step(-1);
  });
  card.addEventListener("close", () => { if (opened) go(opened.closest("td")); });

  rove(firstShown());
  $("shown").value = rows.length + " of " + rows.length + " shown";
})();
