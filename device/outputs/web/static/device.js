"use strict";

const EVERY_MS = 2000;
const SVG = "http://www.w3.org/2000/svg";
const MINUTES = 60, WIDTH = 600, HEIGHT = 130; // of the chart, in its own units

const at = (id) => document.getElementById(id);
let timer = 0;

async function look() {
  clearTimeout(timer);
  try {
    const answer = await fetch("device.json", { cache: "no-store" });
    if (!answer.ok) throw new Error(answer.status === 401 ? "Sign in again" : "Error " + answer.status);
    show(await answer.json());
  } catch (error) {
    link("away", error instanceof TypeError ? "Reconnecting" : error.message);
  }
  if (!document.hidden) timer = setTimeout(look, EVERY_MS);
}

function link(state, words) {
  at("link").dataset.state = state;
  at("link").textContent = words;
}

function show({ health, stages, lost, hour }) {
  link(health.status === "ok" ? "live" : "away", [health.status, ...(health.reasons ?? [])].join(", "));
  const warm = health.temperature_c === null ? "not known" : health.temperature_c + " °C";
  pairs(at("state"), [
    ["source", health.source],
    ["frames", health.frames + ", " + health.dropped + " dropped"],
    ["newest frame", health.newest_frame_age_s + " s ago"],
    ["newest result", health.vision_result_age_s + " s ago"],
    ["source opened again", health.restarts + " times"],
    ["processor", warm + (health.load_level ? ", load level " + health.load_level : "")],
    ["power", health.throttled && health.throttled.length ? health.throttled.join(", ") : "nothing said"],
    ["outputs away", (health.outputs_lost ?? []).join(", ") || "none"],
    ["not delivered", Object.entries(lost).map(([name, n]) => name + " " + n).join(", ") || "nothing"],
    ["release", health.version],
  ]);
  at("memory").value = health.memory_mib / health.memory_budget_mib;
  at("memory-text").textContent = health.memory_mib + " of " + health.memory_budget_mib + " MiB";
  const taken = Object.entries(health.ladder ?? {}).map(([name, n]) => [name.replaceAll("_", " "), n]);
  pairs(at("ladder"), taken);
  const rows = Object.entries(stages).map(([name, row]) => [name, row.p50, row.p95]);
  at("stages").replaceChildren(...rows.map((row) => {
    const line = document.createElement("tr");
    for (const cell of row) line.insertCell().textContent = typeof cell === "number" ? cell.toFixed(2) : cell;
    return line;
  }));
  chart(hour);
}

function pairs(list, rows) {
  list.replaceChildren(...rows.flatMap(([name, value]) => {
    const term = document.createElement("dt"), what = document.createElement("dd");
    term.textContent = name;
    what.textContent = value ?? "–";
    return [term, what];
  }));
}

function chart(hour) {
  const most = Math.max(4, ...hour.minutes.map((row) => (row ?? []).reduce((sum, n) => sum + n, 0)));
  const step = WIDTH / MINUTES, first = MINUTES - hour.minutes.length, bars = [];
  hour.minutes.forEach((row, minute) => {
    let top = HEIGHT;
    (row ?? []).forEach((n, band) => {
      if (!n) return;
      const tall = n / most * HEIGHT;
      top -= tall;
      bars.push(shape("rect", { x: (first + minute) * step + 1, y: top, width: step - 2, height: tall,
                                class: "band" + band }));
    });
    if (row === null) bars.push(shape("rect", { x: (first + minute) * step + 1, y: HEIGHT - 3, width: step - 2,
                                                height: 3, class: "held" }));
  });
  bars.push(shape("line", { x1: 0, x2: WIDTH, y1: HEIGHT + 0.5, y2: HEIGHT + 0.5 }));
  bars.push(text(0, 146, "an hour ago"), text(WIDTH, 146, "now", "end"), text(0, 10, String(most)));
  at("chart").replaceChildren(...bars);
  at("legend").replaceChildren(...hour.bands.map((name, band) => {
    const item = document.createElement("li");
    item.className = "band" + band;
    item.textContent = name;
    return item;
  }));
}

function shape(kind, attributes) {
  const made = document.createElementNS(SVG, kind);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function text(x, y, words, anchor = "start") {
  const made = shape("text", { x, y, "text-anchor": anchor });
  made.textContent = words;
  return made;
}

// ---- settings

async function settings(change) {
  const request = change && { method: "POST", headers: { "Content-Type": "application/json" },
                              body: JSON.stringify(change) };
  const answer = await fetch("settings.json", request);
  if (!answer.ok) {
    at("answer").textContent = (await answer.text()).replace(/^\d+\. /, "");
    return;
  }
  at("answer").textContent = change ? change.name + " is set." : "";
  at("settings").replaceChildren(...(await answer.json()).map(row));
}

function row(field) {
  const label = document.createElement("label"), title = document.createElement("span");
  title.textContent = field.help + (field.unit ? " (" + field.unit + ")" : "");
  label.append(title, control(field));
  return label;
}

function control(field) {
  const words = typeof field.value === "string";
  const made = document.createElement(words ? "select" : "input");
  made.name = field.name;
  if (words) made.append(...field.allowed.map((word) => new Option(word, word, false, word === field.value)));
  if (typeof field.value === "boolean") Object.assign(made, { type: "checkbox", checked: field.value });
  if (typeof field.value === "number") {
    const [min, max] = field.allowed;
    Object.assign(made, { type: "number", min, max, step: "any", value: field.value });
  }
  made.addEventListener("change", () => {
    const value = made.type === "checkbox" ? made.checked : words ? made.value : Number(made.value);
    settings({ name: field.name, value });
  });
  return made;
}

document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : look()));

look();
settings();
