"use strict";

// Actions by id, the newest event of each; files of the ring by their starts.
const actions = new Map();
let starts = [];
let playing = null;
let follows = true;
let chosen = null;
let isOver = false;

const video = document.getElementById("video");
const table = document.getElementById("actions");
const state = document.getElementById("state");
const place = document.getElementById("place");

const STATES = { publish: "published", revise: "revised", restore: "restored", settle: "settled", withdraw: "withdrawn" };

function clock(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

// Rows stay where they are as long as their order stays, so that the keyboard keeps its place.
const rows = new Map();

function makeRow(id) {
  const row = document.createElement("tr");
  const jump = document.createElement("button");
  jump.type = "button";
  jump.disabled = isOver;
  jump.addEventListener("click", () => { follows = false; chosen = id; play(actions.get(id).position_ms - 5000); show(); });
  for (const content of [jump, "", "", ""]) {
    const cell = document.createElement("td");
    cell.append(content);
    row.append(cell);
  }
  rows.set(id, row);
  return row;
}

function show() {
  const items = [...actions.values()].sort((a, b) => b.position_ms - a.position_ms).slice(0, 200);
  items.forEach((item, index) => {
    const row = rows.get(item.id) ?? makeRow(item.id);
    row.className = item.event === "withdraw" ? "withdrawn" : "";
    row.classList.toggle("playing", item.id === chosen && !follows);
    const [time, label, confidence, course] = row.children;
    time.firstChild.textContent = clock(item.position_ms);
    const name = item.team ? `${item.label} (${item.team})` : item.label;
    time.firstChild.setAttribute("aria-label", `Play ${name} at ${clock(item.position_ms)}`);
    label.textContent = name;
    confidence.textContent = item.confidence.toFixed(2);
    course.textContent = STATES[item.event] + (item.late ? ", late" : "");
    course.title = item.reason ?? "";
    if (table.children[index] !== row) table.insertBefore(row, table.children[index] ?? null);
  });
  while (table.children.length > items.length) table.lastChild.remove();
  document.getElementById("empty").hidden = items.length > 0;
}

function setState(name, text) {
  if (state.textContent !== text) state.textContent = text;
  state.className = name;
}

function addNote(event) {
  const line = document.createElement("li");
  line.textContent = `${clock(1000 * event.stream_s)} ${event.text}`;
  document.getElementById("notes").prepend(line);
  document.getElementById("course").hidden = false;
  while (line.parentNode.children.length > 50) line.parentNode.lastChild.remove();
}

// Play the file that shows a time of the stream, from there.
function play(ms) {
  const fitting = starts.filter((start) => start <= ms);
  const start = fitting.length ? fitting[fitting.length - 1] : starts[0];
  if (start === undefined) return;
  playing = start;
  video.src = `/api/segments/${start}`;
  video.currentTime = Math.max(0, (ms - start) / 1000);
  video.play().catch(() => {});
}

async function refresh() {
  if (isOver) return;
  try {
    const answer = await fetch("/api/segments");
    starts = (await answer.json()).starts_ms;
  } catch { return; }
  if (playing === null && follows && starts.length) play(starts[starts.length - 1]);
}

video.addEventListener("ended", () => {
  const next = starts.find((start) => start > playing);
  if (next === undefined) { playing = null; return; }
  play(next);
});
video.addEventListener("error", () => {
  playing = null;
  place.textContent = isOver ? "the run is over; its stream is not served any more" : "this part is no longer kept";
});
video.addEventListener("timeupdate", () => { place.textContent = clock((playing ?? 0) + 1000 * video.currentTime); });
document.getElementById("newest").addEventListener("click", () => { follows = true; playing = null; show(); refresh(); });

const events = new EventSource("/api/events");
events.addEventListener("open", () => { setState("following", "following"); });
events.addEventListener("error", () => { if (!isOver) setState("", "not connected; trying again"); });
events.addEventListener("over", () => {
  isOver = true;
  events.close();
  setState("over", "the run is over");
  for (const button of document.querySelectorAll("button")) button.disabled = true;
});
events.addEventListener("message", (message) => {
  const event = JSON.parse(message.data);
  if (event.stream_s) document.getElementById("read").textContent = `newest event at ${clock(1000 * event.stream_s)}`;
  if (event.id) {
    const known = actions.get(event.id);
    actions.set(event.id, { ...event, late: event.late || (known ? known.late : false) });
    show();
  } else if (event.event === "status") {
    addNote(event);
  }
});
refresh();
setInterval(refresh, 2000);
