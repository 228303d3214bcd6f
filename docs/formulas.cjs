// Renders every formula of rustdoc's pages below a folder and names those that KaTeX does not read, or that Markdown has cut.
"use strict";
const { readdirSync, readFileSync } = require("node:fs");
const { join } = require("node:path");
const katex = require("./src/katex/katex.min.js");

function* pages(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!["katex", "src", "static.files"].includes(entry.name)) yield* pages(path);
    } else if (entry.name.endsWith(".html")) yield path;
  }
}

const entities = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'", "#x27": "'" };
let count = 0;
const faults = [];
for (const page of pages(process.argv[2])) {
  const html = readFileSync(page, "utf8")
    .replace(/<(script|style|pre|code|textarea|noscript)\b[\s\S]*?<\/\1>/g, "")
    // A tag's attributes repeat what its text says.
    .replace(/<[a-z][^>]*\b(title|content|href)="[^"]*"[^>]*>/g, "<a>");
  for (const block of html.split(/<\/?(?:p|li|ul|ol|td|th|tr|table|div|dd|dt|h[1-6]|section|summary|details|blockquote)\b[^>]*>/)) {
    for (const [whole, display, inline] of block.matchAll(/\$\$([\s\S]*?)\$\$|\$([\s\S]*?)\$/g)) {
      const formula = display ?? inline;
      count += 1;
      if (/<\/?[a-z]/.test(formula)) {
        faults.push(`${page}: Markdown cuts ${whole}`);
        continue;
      }
      const text = formula.replace(/&([a-z0-9#]+);/g, (entity, name) => entities[name] ?? entity);
      try {
        katex.renderToString(text, { displayMode: display !== undefined, throwOnError: true, strict: "ignore" });
      } catch (error) {
        faults.push(`${page}: ${error.message}`);
      }
    }
  }
}
for (const fault of [...new Set(faults)]) console.error(fault);
console.log(`${count} formulas, ${faults.length} of them at fault`);
process.exit(faults.length > 0 || count === 0 ? 1 : 0);
