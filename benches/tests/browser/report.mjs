// Looks at the benchmarks' page in headless Chromium.
//
//   node benches/tests/browser/report.mjs [TACIT_BENCH]                 makes a report of rows of every kind, and checks it
//   node benches/tests/browser/report.mjs --page report.html      checks a page that is there
//   ... --screenshots DIR                                     keeps pictures of each section, light and dark, wide and narrow
//
// TACIT_BENCH is the command, target/release/tacit-bench without it. CHROMIUM names the browser, `chromium` without it.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

import { Page } from "./chromium.mjs";

const root = join(import.meta.dirname, "../../..");
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { page: { type: "string" }, screenshots: { type: "string" } },
});

const HOSTILE = "</script><script>console.error('escaped')</script><img src=x onerror=\"console.error('image')\">";

/** Rows of every kind, made of a committed one. */
function rows() {
  const line = readFileSync(join(root, "benches/data/row_v1.jsonl"), "utf8").split("\n")[0];
  const row = (change) => {
    const made = JSON.parse(line);
    change(made);
    return made;
  };
  const unproved = (suite, name, status) => row((r) => {
    Object.assign(r, { suite, name, status, reason: `${status}: ${HOSTILE}`, network: null, layers: [], varied: null });
    r.seconds.prove = r.seconds.verify = r.seconds.inference = [];
  });
  const grown = [3, 1, 2].map((size) => row((r) => {
    r.name = `width-${size}`;
    r.varied.value = size;
    r.network.parameters = size * 1_000_000;
    r.seconds.prove = r.seconds.prove.map((t) => t * size);
    if (size === 2) r.layers.push(...r.layers, ...r.layers);
  }));
  const small = row((r) => {
    Object.assign(r, { suite: "zoo", group: "published", name: HOSTILE, varied: null, published: [] });
    r.layers = r.layers.slice(0, 5);
    r.layers[1].name = HOSTILE;
  });
  return [...grown, unproved("modulus", "over-memory", "failed"), small, unproved("zoo", "no-model", "refused"),
    unproved("conv", "alone", "failed")];
}

function made() {
  const folder = mkdtempSync(join(tmpdir(), "tacit-report-"));
  writeFileSync(join(folder, "rows.jsonl"), rows().map((row) => `${JSON.stringify(row)}\n`).join(""));
  execFileSync(resolve(positionals[0] ?? join(root, "target/release/tacit-bench")), ["report", folder]);
  return folder;
}

const folder = options.page ? undefined : made();
const url = pathToFileURL(options.page ? resolve(options.page) : join(folder, "report.html")).href;
const page = await Page.open();
const checks = {
  async "it renders"() {
    const seen = await page.run(() => ({
      title: document.title,
      suites: document.querySelectorAll("section[id^=suite-]").length,
      tables: document.querySelectorAll("table.sortable").length,
      charts: [...document.querySelectorAll("svg.chart")].map((svg) => svg.getBoundingClientRect().height),
      networks: document.querySelectorAll("#network option").length,
      bars: document.querySelectorAll("#layer-table .stack i").length,
      costs: !document.getElementById("layers").hidden,
      wide: document.documentElement.scrollWidth > document.documentElement.clientWidth,
    }));
    assert.equal(seen.title, "Tacit benchmarks");
    assert.ok(seen.suites > 0 && seen.tables >= seen.suites && seen.networks > 0 && seen.costs && seen.bars > 0, JSON.stringify(seen));
    assert.ok(seen.charts.length >= 2 && seen.charts.every((height) => height > 150), JSON.stringify(seen.charts));
    assert.ok(!seen.wide, "it is no wider than the window");
    const images = await page.run(() => document.images.length);
    assert.equal(images, 0, "names are no markup");
  },
  async "every column of every table sorts, and back"() {
    const sorted = await page.run(() => {
      let count = 0;
      for (const table of document.querySelectorAll("table.sortable")) {
        const order = () => [...table.tBodies[0].rows].map((row) => row.originalIndex);
        [...table.tBodies[0].rows].forEach((row, index) => { row.originalIndex = index; });
        const before = order().join();
        const heads = [...table.tHead.rows[table.tHead.rows.length - 1].cells];
        heads.forEach((head, column) => {
          const button = head.querySelector("button");
          if (!button) return;
          for (const direction of ["ascending", "descending"]) {
            button.click();
            if (head.getAttribute("aria-sort") !== direction) throw new Error(`${head.textContent}: not ${direction}`);
            if (table.querySelectorAll("[aria-sort]").length !== 1) throw new Error("two columns sort");
            const values = [...table.tBodies[0].rows].map((row) => row.cells[column]?.dataset.value);
            const known = values.filter((value) => value !== undefined);
            if (values.slice(0, known.length).includes(undefined)) throw new Error("rows without a value are not last");
            const numeric = head.classList.contains("number");
            const sign = direction === "ascending" ? 1 : -1;
            const ordered = known.every((value, i) => i === 0 || sign * (numeric
              ? Number(known[i - 1]) - Number(value)
              : known[i - 1].localeCompare(value, "en", { numeric: true })) <= 0);
            if (!ordered) throw new Error(`${table.caption.textContent}, ${head.textContent}, ${direction}: ${known}`);
            count += 1;
          }
          button.click();
          if (head.hasAttribute("aria-sort") || order().join() !== before) throw new Error("it does not go back");
        });
      }
      return count;
    });
    assert.ok(sorted >= 10, `${sorted} sortings`);
  },
  async "a header sorts by the keyboard"() {
    await page.run(() => document.querySelector("table.sortable thead button").focus());
    await page.press("Enter");
    const sort = () => page.run(() => document.querySelector("table.sortable [aria-sort]")?.getAttribute("aria-sort"));
    assert.equal(await sort(), "ascending");
    await page.press("Enter");
    await page.press("Enter");
    assert.equal(await sort(), undefined);
  },
  async "the theme follows the reader's preference, the switch, and is kept"() {
    const ground = () => page.run(() => getComputedStyle(document.body).backgroundColor);
    const choose = (theme) => page.run((theme) => document.getElementById(`theme-${theme}`).click(), theme);
    await page.prefer("light");
    const light = await ground();
    await page.prefer("dark");
    const dark = await ground();
    assert.notEqual(light, dark);
    await choose("light");
    assert.equal(await ground(), light);
    // The browser stores a choice when it finds the time: a busy one may show the page without it at first.
    for (let attempt = 0; attempt < 20; attempt++) {
      await page.visit(url);
      if ((await ground()) === light) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.equal(await ground(), light, "it is kept");
    assert.ok(await page.run(() => document.getElementById("theme-light").checked));
    await page.prefer("light");
    await choose("dark");
    assert.equal(await ground(), dark);
    await page.run(() => document.getElementById("theme-dark").focus());
    await page.press("ArrowRight");
    assert.equal(await ground(), light, "by the keyboard, back to the preference");
  },
  async "each network's layers are shown"() {
    const shown = await page.run(() => {
      const select = document.getElementById("network");
      const data = JSON.parse(document.getElementById("data").textContent);
      const table = document.getElementById("layer-table");
      const more = document.getElementById("more");
      const facts = new Set();
      data.forEach((network, index) => {
        select.value = String(index);
        select.dispatchEvent(new Event("change"));
        const rows = () => table.tBodies[0].rows.length;
        if (rows() !== Math.min(40, network.layers.length)) throw new Error(`${network.name}: ${rows()} rows`);
        if (more.hidden !== network.layers.length <= 40) throw new Error(`${network.name}: more`);
        if (!more.hidden) {
          more.click();
          if (rows() !== network.layers.length) throw new Error(`${network.name}: ${rows()} rows of all`);
          if (document.querySelectorAll("#overview path").length !== 5) throw new Error("no overview");
        }
        if (table.tBodies[0].rows[0].cells[0].textContent !== network.layers[0][0]) throw new Error("another network's layer");
        const widths = [...document.querySelectorAll("#whole i")].map((part) => parseFloat(part.style.width));
        if (Math.abs(widths.reduce((a, b) => a + b, 0) - 100) > 0.1) throw new Error(`phases make up ${widths}`);
        facts.add(network.name + document.getElementById("layers-facts").textContent);
      });
      return [data.length, facts.size];
    });
    assert.equal(shown[0], shown[1]);
  },
  async "layers are ordered, grouped and told in figures"() {
    const seen = await page.run(() => {
      const table = document.getElementById("layer-table");
      const times = () => [...table.querySelectorAll("tbody td.main")].map((cell) => Number(cell.textContent));
      document.getElementById("order-cost").click();
      const costs = times();
      document.getElementById("order-operation").click();
      const operations = table.tBodies[0].rows.length;
      const columns = table.tHead.rows[0].cells.length;
      document.getElementById("all-figures").click();
      const more = table.tHead.rows[0].cells.length;
      const lefts = (row) => [...row.cells].map((cell) => Math.round(cell.getBoundingClientRect().left));
      const aligned = lefts(table.tHead.rows[0]).join() === lefts(table.tBodies[0].rows[0]).join();
      document.getElementById("order-place").click();
      return { costs, operations, columns, more, aligned };
    });
    assert.ok(seen.costs.every((time, i) => i === 0 || seen.costs[i - 1] >= time), JSON.stringify(seen));
    assert.ok(seen.operations > 0 && seen.operations < 12 && seen.more === seen.columns + 5 && seen.aligned, JSON.stringify(seen));
  },
  async "a row's name leads to its layers"() {
    const names = await page.run(() => {
      const link = [...document.querySelectorAll("a[data-network]")].at(-1);
      link.click();
      const select = document.getElementById("network");
      return [link.textContent, select.selectedOptions[0].textContent, location.hash];
    });
    assert.deepEqual(names, [names[0], names[0], "#costs"]);
  },
  async "points tell what they are"() {
    const tip = await page.run(() => {
      const point = document.querySelector(".point .hit");
      const box = point.getBoundingClientRect();
      point.dispatchEvent(new PointerEvent("pointermove", { bubbles: true, clientX: box.x, clientY: box.y }));
      const tip = document.getElementById("tip");
      return [tip.hidden, tip.textContent];
    });
    assert.equal(tip[0], false);
    assert.match(tip[1], /parameters|multiplications|activations|inputs|threads/);
  },
  async "what is operated has a name"() {
    const nameless = await page.run(() => {
      const named = (element) => element.textContent.trim() || element.getAttribute("aria-label") || element.labels?.length > 0;
      return [...document.querySelectorAll("button, a, select, input, [tabindex]")].filter((e) => !named(e)).map((e) => e.outerHTML);
    });
    assert.deepEqual(nameless, []);
  },
  async "a narrow window needs no sideways scrolling"() {
    await page.prefer("light", 360, 800);
    const widths = await page.run(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
    assert.equal(widths[0], widths[1]);
    await page.prefer("light");
  },
};

async function screenshots(folder) {
  mkdirSync(folder, { recursive: true });
  for (const scheme of ["light", "dark"]) {
    for (const width of [1280, 390]) {
      await page.prefer(scheme, width);
      await page.visit(url);
      for (const id of await page.run(() => [...document.querySelectorAll("section[id]")].map((section) => section.id))) {
        await page.screenshot(join(folder, `${id}-${scheme}-${width}.png`), `#${id}`);
      }
      await page.screenshot(join(folder, `header-${scheme}-${width}.png`), "header");
    }
  }
}

let failed = 0;
try {
  await page.prefer("light");
  await page.visit(url);
  for (const [name, check] of Object.entries(checks)) {
    try {
      await check();
      console.log(`ok      ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED  ${name}\n        ${error.message}`);
    }
  }
  if (options.screenshots) await screenshots(options.screenshots);
  if (page.complaints.length > 0) failed += 1;
  console.log(page.complaints.length === 0 ? "ok      no error on the console, nothing asked of the network" : `FAILED  ${page.complaints.join("\n        ")}`);
} finally {
  await page.close();
  if (folder) rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed === 0 ? 0 : 1;
