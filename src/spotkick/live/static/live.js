"use strict";

// Actions by id, the newest event of each; files of the ring by their starts.
const actions = new Map();
let starts = [];
let playing = null;
let follows = true;

const video = document.getElementById("video");
const table = document.getElementById("actions");
const state = document.getElementById("state");
const place = document.getElementById("place");

const STATES = { publish: "published", revise: "revised", restore: "restored", settle: "settled", withdraw: "withdrawn" };

function clock(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

function show() {
  const rows = [...actions.values()].sort((a, b) => b.position_ms - a.position_ms).slice(0, 200);
  table.replaceChildren(...rows.map((item) => {
    const row = document.createElement("tr");
    row.className = item.event === "withdraw" ? "withdrawn" : "";
    const jump = document.createElement("button");
    jump.type = "button";
    jump.textContent = clock(item.position_ms);
    jump.addEventListener("click", () => { follows = false; play(item.position_ms - 5000); });
    const cells = [jump, item.label, item.confidence.toFixed(2), STATES[item.event] + (item.late ? ", late" : "")];
    for (const content of cells) {
      const cell = document.createElement("td");
      cell.append(content);
      row.append(cell);
    }
    return row;
  }));
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
video.addEventListener("timeupdate", () => { place.textContent = clock((playing ?? 0) + 1000 * video.currentTime); });
document.getElementById("newest").addEventListener("click", () => { follows = true; playing = null; refresh(); });

const events = new EventSource("/api/events");
events.addEventListener("open", () => { state.textContent = "following"; });
events.addEventListener("error", () => { state.textContent = "not connected"; });
events.addEventListener("message", (message) => {
  const event = JSON.parse(message.data);
  if (event.id) {
    const known = actions.get(event.id);
    actions.set(event.id, { ...event, late: event.late || (known ? known.late : false) });
    show();
  } else if (event.event === "status") {
    state.textContent = `${clock(1000 * event.stream_s)} ${event.text}`;
  }
});
refresh();
setInterval(refresh, 2000);
