"use strict";

const RETRY_MS = 2000;
// What may be told beside the age; the other words say that there is nothing to say.
const WORDS = [
  ["gender", { female: "female", male: "male" }],
  ["glasses", { dark: "dark glasses" }],
  ["cover", { mouth: "mouth covered" }],
];

const at = (id) => document.getElementById(id);
const picture = document.getElementById("picture");
const link = document.getElementById("link");
const list = document.getElementById("list");
const count = document.getElementById("count");

let people = null; // the open stream of the list of people
let retry = 0;

// The list's stream tells whether the device is there; the picture's stream cannot, so it follows.
function connect() {
  clearTimeout(retry);
  people = new EventSource("people");
  people.onopen = () => {
    show("live", "Live");
    picture.src = "picture.mjpg?" + Date.now();
  };
  people.onmessage = (event) => draw(JSON.parse(event.data));
  people.onerror = () => {
    disconnect();
    show("away", "Reconnecting");
    retry = setTimeout(connect, RETRY_MS);
  };
}

function disconnect() {
  clearTimeout(retry);
  if (people) people.close();
  people = null;
}

function show(state, words) {
  link.dataset.state = state;
  link.textContent = words;
  document.body.classList.toggle("away", state !== "live");
}

function draw(news) {
  document.documentElement.style.setProperty("--ratio", news.size[0] / news.size[1]);
  count.textContent = news.people.length;
  lead(news.guide);
  const cards = new Map([...list.children].map((card) => [card.dataset.id, card]));
  const wanted = news.people.map((person) => {
    const card = cards.get(String(person.id)) ?? makeCard(person.id);
    fill(card, person, news.show);
    return card;
  });
  const same = wanted.length === list.children.length && wanted.every((card, i) => card === list.children[i]);
  if (!same) list.replaceChildren(...wanted);
}

// A field test leads people through its steps; the technician may begin one at once, or do the last again.
function lead(test) {
  at("guide").hidden = !test;
  if (!test) return;
  at("sentence").textContent = test.sentence;
  at("countdown").textContent = `Step ${test.step} of ${test.of} · ${test.when} ${test.left_s} s`;
  at("now").disabled = test.when === "now";
  at("again").disabled = !test.last;
  at("verdict").dataset.grade = test.last?.grade ?? "";
  at("verdict").textContent = test.last ? [test.last.name + ": " + test.last.grade, ...test.last.wanting].join("\n") : "";
}

for (const word of ["now", "again"]) {
  at(word).addEventListener("click", () => {
    fetch("guide.json", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ do: word }) });
  });
}

function makeCard(id) {
  const card = document.createElement("li");
  card.dataset.id = id;
  const years = document.createElement("span");
  years.className = "years";
  years.append(document.createTextNode(""), document.createElement("small"));
  const state = document.createElement("span");
  state.className = "state";
  card.append(years, state);
  return card;
}

function fill(card, person, show) {
  const [years, state] = card.children;
  const known = person.age !== null;
  const band = show === "band" && person.band;
  card.dataset.state = person.state;
  years.firstChild.data = band || (known ? Math.round(person.age) : "–");
  const interval = known && !band && person.interval;
  years.lastChild.textContent = interval ? interval.map(Math.round).join("–") + " years" : "";
  const told = known || band ? WORDS.flatMap(([name, says]) => says[person[name]] ?? []) : [];
  state.textContent = [...told, ...(person.state === "settled" ? [] : [person.state])].join(" · ");
}

// A page that nobody sees costs the device nothing.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    disconnect();
    picture.removeAttribute("src");
  } else if (!people) {
    connect();
  }
});

if (!document.hidden) connect();
