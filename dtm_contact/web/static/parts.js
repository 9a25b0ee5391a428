"use strict";
// Parts of a page that come while it stands: what is typed is looked up, and what was begun goes on.
window.parts = (() => {
  const LATE = 200;
  const latest = new WeakMap(), timers = new WeakMap();
  const tell = (place, name, detail) => place.dispatchEvent(new CustomEvent(`part:${name}`, { bubbles: true, cancelable: true, detail }));
  const select = (words, selector) => selector ? new DOMParser().parseFromString(words, "text/html").querySelector(selector).outerHTML : words;

  // Asks for a part, and puts it into its place, or in the place of it (`whole`); of two for one place the later counts.
  // `part:before` may be prevented; `part:after` and `part:failed`, with the status, follow.
  const load = async (place, path, { whole = false, selector = "", body = null } = {}) => {
    const turn = {};
    latest.set(place, turn);
    let status = 0, words = "";
    try {
      const answer = await fetch(path, { method: body ? "POST" : "GET", body, headers: { "X-Desk-Script": "1" } });
      words = await answer.text();
      status = answer.status;
    } catch { status = 0; }
    if (latest.get(place) !== turn || !place.isConnected) return;
    if (status !== 200) { tell(place, "failed", { status }); return; }
    if (!tell(place, "before")) return;
    const focus = place.contains(document.activeElement) ? document.activeElement.id : "", around = place.parentElement;
    if (whole) place.outerHTML = select(words, selector); else place.innerHTML = words;
    const again = focus && document.getElementById(focus);
    if (again) again.focus({ preventScroll: true });
    const shown = whole ? around : place;
    watch(shown);
    tell(shown, "after");
  };
  const follow = (link) => load(link.closest("li"), `${link.getAttribute("href")}&morceau=1`, { whole: true });
  const ask = (asker) => {
    const given = new URLSearchParams(asker.matches("form") ? new FormData(asker) : [[asker.name, asker.value]]);
    // What it depends on besides stands in other fields of its form.
    (asker.dataset.with || "").split(" ").filter(Boolean).forEach((name) => given.set(name, asker.form.elements[name].value));
    const into = document.querySelector(asker.dataset.into);
    if ("posts" in asker.dataset) load(into, asker.dataset.asks, { body: given });
    else load(into, `${asker.dataset.asks}?${given}`);
  };
  // What the page began with goes on by itself, once the page stands.
  const watch = (within) => within.querySelectorAll("[data-soon]").forEach(follow);

  document.addEventListener("input", (event) => {
    const asker = event.target.closest("[data-asks]");
    if (!asker) return;
    clearTimeout(timers.get(asker));
    timers.set(asker, setTimeout(() => ask(asker), LATE));
  });
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-asks]:not([data-posts])")) return;
    event.preventDefault();
    ask(event.target);
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-more]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    follow(link);
  });
  const board = document.querySelector("[data-every]");
  if (board) {
    document.addEventListener("part:failed", (event) => { if (event.detail.status === 404) location.reload(); });
    setInterval(() => load(document.querySelector("[data-every]"), location.href, { whole: true, selector: "[data-every]" }), board.dataset.every * 1000);
  }
  addEventListener("load", () => watch(document));
  return { load, watch };
})();
