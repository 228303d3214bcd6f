"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const make = (tag, properties, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  // The theme: the reader's preference until told otherwise, and remembered where the browser allows it.
  const setTheme = (theme) => {
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
  };
  for (const choice of document.querySelectorAll("input[name=theme]")) {
    choice.checked = choice.value === (document.documentElement.dataset.theme ?? "auto");
    choice.addEventListener("change", () => {
      setTheme(choice.value);
      try {
        localStorage.setItem("tacit-theme", choice.value);
      } catch {
        // Pages without an origin have no storage.
      }
    });
  }
  byId("themes").hidden = false;

  // Tables: a header sorts up, down, and back to the order of measurement. Rows without a value stay below.
  const value = (row, column) => row.cells[column]?.dataset.value;
  const compare = (a, b) => {
    const numbers = [Number(a), Number(b)];
    return numbers.some(Number.isNaN) || a === "" || b === ""
      ? a.localeCompare(b, "en", { numeric: true })
      : numbers[0] - numbers[1];
  };
  const sort = (table, column, direction) => {
    const body = table.tBodies[0];
    const rows = [...table.originalRows];
    if (direction !== 0) {
      const valued = rows.filter((row) => value(row, column) !== undefined);
      const others = rows.filter((row) => value(row, column) === undefined);
      valued.sort((a, b) => direction * compare(value(a, column), value(b, column)));
      rows.splice(0, rows.length, ...valued, ...others);
    }
    body.append(...rows);
    table.toggleAttribute("data-sorted", direction !== 0);
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    table.originalRows = [...table.tBodies[0].rows];
    const heads = [...table.tHead.rows[table.tHead.rows.length - 1].cells];
    heads.forEach((head, column) => {
      if (head.textContent === "") return;
      const arrow = make("span", { className: "arrow", ariaHidden: "true" });
      const button = make("button", { type: "button" }, ...head.childNodes);
      button.append(arrow);
      head.append(button);
      button.addEventListener("click", () => {
        const before = head.getAttribute("aria-sort");
        const direction = before === null ? 1 : before === "ascending" ? -1 : 0;
        for (const other of heads) {
          other.removeAttribute("aria-sort");
          const mark = other.querySelector(".arrow");
          if (mark) mark.textContent = "";
        }
        if (direction !== 0) head.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
        arrow.textContent = direction > 0 ? "▲" : direction < 0 ? "▼" : "";
        sort(table, column, direction);
      });
    });
  }

  // What is under the pointer, in words.
  const tip = byId("tip");
  for (const point of document.querySelectorAll(".point")) {
    const title = point.querySelector("title");
    point.dataset.tip = title.textContent;
    title.remove();
  }
  const showTip = (text, event) => {
    tip.textContent = text;
    tip.hidden = false;
    const left = Math.min(event.clientX + 14, document.documentElement.clientWidth - tip.offsetWidth - 8);
    const below = event.clientY + tip.offsetHeight + 24 < window.innerHeight;
    tip.style.left = `${Math.max(4, left)}px`;
    tip.style.top = `${below ? event.clientY + 14 : event.clientY - tip.offsetHeight - 10}px`;
  };
  document.addEventListener("pointermove", (event) => {
    const told = event.target.closest?.("[data-tip]");
    if (told) showTip(told.dataset.tip, event);
    else if (!event.target.closest?.("#overview svg")) tip.hidden = true;
  });

  for (const event of ["scroll", "resize", "keydown"]) {
    window.addEventListener(event, () => { tip.hidden = true; }, { passive: true });
  }

  // Costs by layer.
  const networks = JSON.parse(byId("data").textContent);
  if (networks.length === 0) return;
  const PHASES = ["inference", "commit", "look-ups", "linear", "opening"];
  const CLASSES = ["inference", "commit", "lookups", "linear", "opening"];
  const SHOWN = 40;
  const select = byId("network");
  const figures = byId("all-figures");
  const table = byId("layer-table");
  const more = byId("more");
  const overview = byId("overview");
  let all = false;

  const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);
  const count = (number) => number.toLocaleString("en-US");
  const percent = (part, whole) => (whole > 0 ? `${((part / whole) * 100).toFixed(1)} %` : "–");
  const unitFor = (most) => (most >= 1 ? ["s", 1] : most >= 1e-3 ? ["ms", 1e3] : ["µs", 1e6]);
  const time = (seconds) => {
    const [unit, factor] = unitFor(seconds);
    const number = seconds * factor;
    return `${number.toFixed(number >= 100 ? 0 : number >= 10 ? 1 : 2)} ${unit}`;
  };
  const phrase = (times) =>
    PHASES.map((phase, k) => [phase, times[k]]).filter(([, t]) => t > 0).map(([phase, t]) => `${phase} ${time(t)}`);

  const stack = (times, most, name) => {
    const bar = make("div", { className: "stack" });
    const text = `${name}: ${time(sum(times))}\n${phrase(times).join("\n")}`;
    bar.setAttribute("role", "img");
    bar.setAttribute("aria-label", text.replaceAll("\n", ", "));
    bar.dataset.tip = text;
    times.forEach((t, k) => {
      if (!(t > 0)) return;
      const part = make("i", { className: CLASSES[k] });
      part.style.width = `${(t / most) * 100}%`;
      bar.append(part);
    });
    return bar;
  };

  const layersOf = (network) =>
    network.layers.map(([name, operation, argument, shape, times, bytes], index) =>
      ({ place: index, name, operation, argument, shape, times, bytes, total: sum(times) }));

  const byOperation = (layers) => {
    const kinds = new Map();
    for (const layer of layers) {
      const key = JSON.stringify([layer.operation, layer.argument]);
      const kind = kinds.get(key)
        ?? { name: layer.operation, operation: "", argument: layer.argument, shape: "", times: [0, 0, 0, 0, 0], bytes: 0, total: 0, members: 0 };
      kind.times = kind.times.map((t, k) => t + layer.times[k]);
      kind.bytes += layer.bytes;
      kind.total += layer.total;
      kind.members += 1;
      kinds.set(key, kind);
    }
    return [...kinds.values()].sort((a, b) => b.total - a.total);
  };

  const drawOverview = (layers, most) => {
    const svg = overview.querySelector("svg");
    const width = 1000 / layers.length;
    const gap = width > 4 ? 0.8 : 0;
    svg.replaceChildren();
    svg.setAttribute("aria-label", `Time of each of ${layers.length} layers, in the order of computation`);
    const base = layers.map(() => 100);
    CLASSES.forEach((name, k) => {
      let path = "";
      layers.forEach((layer, i) => {
        const height = (layer.times[k] / most) * 98;
        if (!(height > 0)) return;
        base[i] -= height;
        path += `M${(i * width).toFixed(2)},${base[i].toFixed(3)}h${(width - gap).toFixed(3)}v${height.toFixed(3)}h${(gap - width).toFixed(3)}z`;
      });
      const element = document.createElementNS(svg.namespaceURI, "path");
      element.setAttribute("class", name);
      element.setAttribute("d", path);
      svg.append(element);
    });
    svg.onpointermove = (event) => {
      const box = svg.getBoundingClientRect();
      const at = Math.floor(((event.clientX - box.left) / box.width) * layers.length);
      const layer = layers[Math.min(Math.max(at, 0), layers.length - 1)];
      showTip(`${layer.name} (${layer.operation}): ${time(layer.total)}\n${phrase(layer.times).join("\n")}`, event);
    };
    svg.onpointerleave = () => { tip.hidden = true; };
  };

  const drawTable = (network, layers, order) => {
    const grouped = order === "operation";
    const shown = grouped ? byOperation(layers)
      : order === "cost" ? [...layers].sort((a, b) => b.total - a.total) : layers;
    const limit = all ? shown.length : SHOWN;
    const most = Math.max(...shown.map((layer) => layer.total), 1e-12);
    const whole = sum(layers.map((layer) => layer.total));
    const [unit, factor] = unitFor(most);
    const number = (seconds) => (seconds * factor).toFixed(factor === 1e6 ? 1 : 3);
    const head = (name, kind, extra) => {
      const cell = make("th", { scope: "col", className: kind }, name);
      if (extra) cell.append(make("span", { className: "unit" }, extra));
      return cell;
    };
    const row = make("tr", {}, head(grouped ? "operation" : "layer", "text"));
    row.append(grouped ? head("layers", "number") : head("operation", "text"), head("time by phase", "text"), head("time", "number main", unit), head("share", "number", "%"));
    if (figures.checked) PHASES.forEach((phase) => row.append(head(phase, "number", unit)));
    row.append(head("argument", "text"));
    if (!grouped) row.append(head("shape", "text"));
    row.append(head("messages", "number", "B"));
    table.tHead.replaceChildren(row);
    table.classList.toggle("detailed", figures.checked);
    table.tBodies[0].replaceChildren(...shown.slice(0, limit).map((layer) => {
      const cell = (text, kind) => make("td", { className: kind }, text === "" ? "–" : text);
      const line = make("tr", {}, make("th", { scope: "row" }, layer.name));
      line.append(grouped ? cell(count(layer.members), "number") : cell(layer.operation, "text soft"));
      line.append(make("td", { className: "stacked" }, stack(layer.times, most, layer.name)));
      line.append(cell(number(layer.total), "number main"), cell(whole > 0 ? ((layer.total / whole) * 100).toFixed(1) : "", "number"));
      if (figures.checked) layer.times.forEach((t) => line.append(cell(t > 0 ? number(t) : "", "number")));
      line.append(cell(layer.argument ?? "", "text soft"));
      if (!grouped) line.append(cell(layer.shape, "text soft"));
      line.append(cell(count(layer.bytes), "number soft"));
      return line;
    }));
    more.hidden = shown.length <= SHOWN;
    more.textContent = all ? `Show ${SHOWN} only` : `Show all ${count(shown.length)} layers`;
  };

  const draw = () => {
    const network = networks[Number(select.value)] ?? networks[0];
    const layers = layersOf(network);
    const whole = sum(network.phases);
    const several = (number, what) => `${count(number)} ${what}${number === 1 ? "" : "s"}`;
    byId("layers-facts").replaceChildren(
      make("b", {}, time(network.prove)),
      make("span", {}, `to prove, the median of ${several(network.samples, "sample")} on ${several(network.threads, "thread")} of ${network.hardware}; ${several(layers.length, "node")}`));
    const architecture = byId("layers-architecture");
    architecture.textContent = network.architecture;
    architecture.title = network.architecture;
    byId("whole").replaceChildren(stack(network.phases, Math.max(whole, 1e-12), network.name));
    byId("phases").replaceChildren(...PHASES.map((phase, k) => make("li", {},
      make("span", { className: `swatch ${CLASSES[k]}` }), make("span", {}, phase),
      make("b", {}, time(network.phases[k])), make("small", {}, percent(network.phases[k], whole)))));
    overview.hidden = layers.length <= SHOWN;
    if (!overview.hidden) drawOverview(layers, Math.max(...layers.map((layer) => layer.total), 1e-12));
    drawTable(network, layers, document.querySelector("input[name=order]:checked").value);
  };
  const redraw = () => { all = false; draw(); };
  select.addEventListener("change", redraw);
  figures.addEventListener("change", draw);
  more.addEventListener("click", () => { all = !all; draw(); });
  for (const order of document.querySelectorAll("input[name=order]")) order.addEventListener("change", redraw);
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-network]");
    if (!link) return;
    select.value = link.dataset.network;
    redraw();
  });
  byId("layers").hidden = false;
  draw();
})();
