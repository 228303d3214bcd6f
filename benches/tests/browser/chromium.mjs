// A page in headless Chromium, driven over a pipe by the DevTools protocol: nothing but Node and Chromium is needed.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export class Page {
  #process;
  #profile;
  #session;
  #next = 1;
  #waiting = new Map();
  #listeners = [];
  /** What went wrong: exceptions, errors on the console, and requests beyond the page's file. */
  complaints = [];

  static async open() {
    const page = new Page();
    await page.#start();
    return page;
  }

  async #start() {
    this.#profile = mkdtempSync(join(tmpdir(), "tacit-browser-"));
    this.#process = spawn(
      process.env.CHROMIUM ?? "chromium",
      ["--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--no-first-run",
        "--hide-scrollbars", `--user-data-dir=${this.#profile}`],
      { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
    this.#process.on("error", (error) => {
      console.error(`Chromium does not start (${error.message}): install it, or name it in CHROMIUM`);
      process.exit(2);
    });
    let text = "";
    this.#process.stdio[4].setEncoding("utf8").on("data", (part) => {
      const messages = (text + part).split("\0");
      text = messages.pop();
      messages.forEach((message) => this.#receive(JSON.parse(message)));
    });
    const { targetId } = await this.send("Target.createTarget", { url: "about:blank" });
    ({ sessionId: this.#session } = await this.send("Target.attachToTarget", { targetId, flatten: true }));
    for (const domain of ["Page", "Runtime", "Log", "Network"]) await this.send(`${domain}.enable`);
  }

  send(method, params = {}) {
    const id = this.#next++;
    const message = { id, method, params, ...(this.#session ? { sessionId: this.#session } : {}) };
    this.#process.stdio[3].write(`${JSON.stringify(message)}\0`);
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject, method }));
  }

  #receive(message) {
    if (message.id !== undefined) {
      const { resolve, reject, method } = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if (message.error) reject(new Error(`${method}: ${message.error.message}`));
      else resolve(message.result);
      return;
    }
    const { method, params } = message;
    if (method === "Runtime.exceptionThrown") this.complaints.push(params.exceptionDetails.exception?.description ?? "exception");
    if (method === "Runtime.consoleAPICalled" && ["error", "warning", "assert"].includes(params.type)) {
      this.complaints.push(params.args.map((argument) => argument.value ?? argument.description).join(" "));
    }
    if (method === "Log.entryAdded" && ["error", "warning"].includes(params.entry.level)) this.complaints.push(params.entry.text);
    if (method === "Network.requestWillBeSent" && !/^(file|about|data):/.test(params.request.url)) {
      this.complaints.push(`it asks for ${params.request.url}`);
    }
    this.#listeners = this.#listeners.filter(([event, resolve]) => event !== method || resolve(params));
  }

  #event(event) {
    return new Promise((resolve) => this.#listeners.push([event, (params) => { resolve(params); return false; }]));
  }

  async visit(url) {
    const loaded = this.#event("Page.loadEventFired");
    await this.send("Page.navigate", { url });
    await loaded;
  }

  /** The value of a function called in the page. */
  async run(f, ...values) {
    const expression = `(${f})(${values.map((value) => JSON.stringify(value)).join(",")})`;
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** What the reader's system prefers, and the window. */
  async prefer(scheme, width = 1280, height = 900) {
    await this.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: scheme }] });
    await this.send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: width < 600 });
  }

  async press(key) {
    const codes = { Enter: { windowsVirtualKeyCode: 13, text: "\r" }, Tab: { windowsVirtualKeyCode: 9 }, ArrowRight: { windowsVirtualKeyCode: 39 } };
    for (const type of ["keyDown", "keyUp"]) await this.send("Input.dispatchKeyEvent", { type, key, code: key, ...codes[key] });
  }

  async screenshot(path, selector) {
    const clip = await this.run((selector) => {
      const box = (selector ? document.querySelector(selector) : document.documentElement).getBoundingClientRect();
      return { x: 0, y: box.top + window.scrollY, width: document.documentElement.clientWidth, height: box.height, scale: 1 };
    }, selector ?? null);
    const { data } = await this.send("Page.captureScreenshot", { format: "png", clip, captureBeyondViewport: true });
    writeFileSync(path, Buffer.from(data, "base64"));
  }

  async close() {
    const ended = new Promise((resolve) => this.#process.on("exit", resolve));
    this.#session = undefined;
    this.send("Browser.close").catch(() => {});
    await ended;
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
