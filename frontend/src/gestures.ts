/** Mouse and touch on the lanes: click to seek or select, drag to move the window, wheel or two fingers to zoom. */

import type { Item } from "./types";
import type { ViewState } from "./view";

const CLICK_PX = 4;

export interface GestureTarget {
  timeAt(clientX: number): number;
  itemAt(clientX: number, clientY: number): { item: Item | null; lane: string | null };
  onseek(t: number): void;
  onpick(item: Item): void;
  onhover(x: number, y: number, t: number, item: Item | null, lane: string | null): void;
  onleave(): void;
}

export function listenToGestures(holder: HTMLElement, view: ViewState, target: GestureTarget): void {
  const touches = new Map<number, { x: number; y: number }>();
  let start: { x: number; from: number; to: number; moved: boolean } | null = null;
  let pinch: { distance: number; t: number; from: number; to: number } | null = null;
  holder.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    touches.set(event.pointerId, { x: event.clientX, y: event.clientY });
    holder.setPointerCapture(event.pointerId);
    start = { x: event.clientX, from: view.from, to: view.to, moved: false };
    if (touches.size === 2) {
      const [a, b] = twoOf(touches);
      pinch = { distance: Math.max(10, Math.abs(a.x - b.x)), t: target.timeAt((a.x + b.x) / 2), from: start.from, to: start.to };
    }
  });
  holder.addEventListener("pointermove", (event) => {
    if (!touches.has(event.pointerId)) {
      const { item, lane } = target.itemAt(event.clientX, event.clientY);
      holder.style.cursor = item === null ? "" : "pointer";
      target.onhover(event.clientX, event.clientY, target.timeAt(event.clientX), item, lane);
      return;
    }
    touches.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (pinch !== null && touches.size === 2) {
      const [a, b] = twoOf(touches);
      const factor = pinch.distance / Math.max(10, Math.abs(a.x - b.x));
      view.show(pinch.t - (pinch.t - pinch.from) * factor, pinch.t + (pinch.to - pinch.t) * factor);
      if (start !== null) start.moved = true;
    } else if (start !== null && (start.moved || Math.abs(event.clientX - start.x) > CLICK_PX)) {
      start.moved = true;
      target.onleave();
      const seconds = ((start.x - event.clientX) / holder.clientWidth) * (start.to - start.from);
      view.show(start.from + seconds, start.to + seconds);
    }
  });
  const end = (event: PointerEvent): void => {
    if (!touches.delete(event.pointerId)) return;
    if (start !== null && !start.moved && event.type === "pointerup") {
      const { item } = target.itemAt(event.clientX, event.clientY);
      if (item !== null) target.onpick(item);
      else target.onseek(target.timeAt(event.clientX));
    }
    pinch = null;
    const [left] = [...touches.values()];
    // The finger that stays moves on from what the two of them have made.
    start = left === undefined ? null : { x: left.x, from: view.from, to: view.to, moved: true };
  };
  holder.addEventListener("pointerup", end);
  holder.addEventListener("pointercancel", end);
  holder.addEventListener("pointerleave", () => target.onleave());
  holder.addEventListener("dblclick", (event) => view.zoom(0.4, target.timeAt(event.clientX)));
  holder.addEventListener(
    "wheel",
    (event) => {
      const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey;
      // On a page that can be scrolled the wheel scrolls it, unless Ctrl or Alt is held.
      const scrolls = document.documentElement.scrollHeight > window.innerHeight + 1;
      if (scrolls && !sideways && !event.ctrlKey && !event.altKey && !event.metaKey) return;
      event.preventDefault();
      const perPixel = (view.to - view.from) / holder.clientWidth;
      if (sideways) view.pan((event.deltaX || event.deltaY) * perPixel);
      else view.zoom(Math.exp(Math.max(-60, Math.min(60, event.deltaY)) * 0.004), target.timeAt(event.clientX));
    },
    { passive: false },
  );
}

function twoOf(touches: Map<number, { x: number; y: number }>): [{ x: number }, { x: number }] {
  const [a, b] = [...touches.values()];
  return [a!, b!];
}
