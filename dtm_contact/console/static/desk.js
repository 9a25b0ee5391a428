"use strict";
// The desk works without this file; with it, pages come alive, keys are short, and a P1 is heard.
(() => {
  const $ = (selector, within) => (within || document).querySelector(selector);
  const all = (selector) => Array.from(document.querySelectorAll(selector));
  const page = document.body.dataset.page;
  document.documentElement.classList.add("js");
  const wanted = (name) => localStorage.getItem(`desk-${name}`) !== "no";

  // ---- live: one stream of events, at most one refresh a moment
  const QUIET = 400;
  let pending = null, last = 0, alarming = false;
  const later = (work) => {
    if (pending) return;
    const wait = Math.max(60, QUIET - (Date.now() - last));
    pending = setTimeout(() => { pending = null; last = Date.now(); work(); }, wait);
  };
  const known = new Set(all(".line").map((line) => line.dataset.case));
  const refresh = () => {
    const lines = $("#file");
    const busy = lines && (lines.dataset.liveLines !== "1" || $("input[name=dossier]:checked") || all(".line").length > 45);
    if (lines && !busy) window.htmx.trigger(lines, "refresh");
    if (alarming) window.htmx.trigger("#alertes", "alarms");
    alarming = false;
  };
  const told = (message) => {
    const happened = JSON.parse(message.data);
    const mine = $("article.case");
    const about = mine && happened.filter((each) => each.n === mine.dataset.case).pop();
    if (about) {
      $("[data-changed]").hidden = false;
      $("[data-changed-by]").textContent = about.by === "worker" ? "" : ` (${about.by})`;
    }
    // The banner is asked for where something happened to a danger, or to a case that was one when it was last asked for.
    const shown = new Set(all("[data-alarm]").map((each) => each.dataset.alarm));
    alarming = alarming || happened.some((each) => each.p === "P1" || shown.has(each.n));
    later(refresh);
  };
  if (document.body.dataset.live) {
    const stream = new EventSource(document.body.dataset.live);
    stream.addEventListener("message", told);
    addEventListener("pagehide", () => stream.close());
  }
  document.addEventListener("htmx:beforeSwap", (event) => {
    // Lines asked for before somebody chose one of them would take the choice away.
    if (event.target.id === "file" && $("input[name=dossier]:checked")) event.detail.shouldSwap = false;
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id === "file") {
      all("#file .line").forEach((line) => {
        if (!known.has(line.dataset.case)) { known.add(line.dataset.case); line.classList.add("new"); }
      });
    }
    if (event.target.id === "alertes") ring();
  });
  // Only now do lines that were there before have the attributes that came: marked earlier, they would lose it.
  document.addEventListener("htmx:afterSettle", (event) => { if (event.target.id === "file") show(); });

  // ---- a P1 is heard until somebody takes it
  const heard = () => new Set(JSON.parse(sessionStorage.getItem("desk-heard") || "[]"));
  let bell = null;
  const sound = () => {
    // Browsers let a page be heard once somebody has touched it.
    if (navigator.userActivation && !navigator.userActivation.hasBeenActive) return;
    try {
      const context = bell || (bell = new AudioContext());
      [880, 660, 880].forEach((pitch, at) => {
        const tone = context.createOscillator(), loud = context.createGain();
        tone.frequency.value = pitch;
        loud.gain.setValueAtTime(0.15, context.currentTime + at * 0.22);
        loud.gain.exponentialRampToValueAtTime(0.001, context.currentTime + at * 0.22 + 0.2);
        tone.connect(loud).connect(context.destination);
        tone.start(context.currentTime + at * 0.22);
        tone.stop(context.currentTime + at * 0.22 + 0.2);
      });
    } catch { /* no sound here: the banner stands all the same */ }
  };
  const ring = () => {
    const alarms = all("[data-alarm]").map((each) => each.dataset.alarm), before = heard();
    document.title = document.title.replace(/^\(P1\) /, "");
    if (alarms.length) document.title = `(P1) ${document.title}`;
    if (alarms.some((each) => !before.has(each)) && wanted("sound")) { sound(); document.body.dataset.rang = alarms.join(" "); }
    sessionStorage.setItem("desk-heard", JSON.stringify(alarms));
  };
  setInterval(() => { if (all("[data-alarm]").length && wanted("sound")) sound(); }, 30000);
  ring();

  // ---- filters and choosing several
  // By pointer a choice is made when it is changed; by keyboard arrows pass over others first, so Enter or the button ends it.
  const filters = $("[data-filters]");
  let byHand = false;
  document.addEventListener("pointerdown", () => { byHand = false; }, true);
  document.addEventListener("keydown", () => { byHand = true; }, true);
  if (filters) {
    filters.addEventListener("change", () => {
      if (byHand) filters.classList.add("by-hand"); else filters.requestSubmit();
    });
    filters.addEventListener("keydown", (event) => { if (event.key === "Enter" && event.target.matches("select")) filters.requestSubmit(); });
  }
  document.addEventListener("change", (event) => {
    if (event.target.name !== "dossier") return;
    const count = all("input[name=dossier]:checked").length, lot = $("#lot");
    lot.classList.toggle("some", count > 0);
    $("[data-chosen]").textContent = `${count} ${count > 1 ? "choisis" : "choisi"}`;
  });
  all("[data-setting]").forEach((box) => {
    box.checked = wanted(box.dataset.setting);
    box.addEventListener("change", () => localStorage.setItem(`desk-${box.dataset.setting}`, box.checked ? "yes" : "no"));
  });
  document.addEventListener("toggle", (event) => {
    if (event.target.open && event.target.matches(".acts > .act")) {
      all(".acts > .act[open]").forEach((each) => { if (each !== event.target) each.open = false; });
    }
  }, true);

  // ---- keys
  let here = sessionStorage.getItem("desk-here");
  const show = () => all(".line").forEach((line) => line.classList.toggle("here", line.dataset.case === here));
  const step = (by) => {
    const lines = all(".line");
    if (!lines.length) return;
    const at = lines.findIndex((line) => line.dataset.case === here);
    const next = lines[Math.min(lines.length - 1, Math.max(0, at < 0 ? 0 : at + by))];
    here = next.dataset.case;
    sessionStorage.setItem("desk-here", here);
    show();
    $(".open", next).focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  };
  const current = () => all(".line").find((line) => line.dataset.case === here);
  const keyed = (key) => $(`[data-key="${CSS.escape(key)}"]`);
  const press = (key) => {
    const target = keyed(key);
    if (!target) return false;
    if (target.matches("input")) { target.focus(); return true; }
    target.click();
    const details = target.closest("details");
    const field = details && details.open && ($("textarea", details) || $("select, input:not([type=hidden])", details));
    if (field) field.focus();
    return true;
  };
  const choose = (line) => { const box = line && $("input[name=dossier]", line); if (box) box.click(); return box; };
  const chosen = () => $("input[name=dossier]:checked") || choose(current());
  const keys = {
    j: () => step(1), k: () => step(-1),
    o: () => { const line = current(); if (line) $(".open", line).click(); },
    x: () => choose(current()),
    t: () => press("t") || (chosen() && $("#lot [formaction='/file/prendre']").click()),
    e: () => press("e") || (chosen() && $("#lot input[name=motif_de_cloture]").focus()),
    z: () => press("z") || ($("[data-undo]") && $("[data-undo]").click()),
    u: () => { const back = $("[data-back]"); if (back) back.click(); },
    "/": () => $("[data-find]") && $("[data-find]").focus(),
    "?": () => { location.href = "/aide"; },
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      const inside = event.target.closest("details[open]");
      all("details[open]").forEach((each) => { each.open = false; });
      if (inside) $("summary", inside).focus();
      return;
    }
    const typing = event.target.matches("input:not([type=checkbox], [type=radio]), textarea, select");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || !wanted("keys") || event.key.length > 1) return;
    const known = keys[event.key] || (keyed(event.key) && press);
    if (!known) return;
    event.preventDefault();
    known(event.key);
  });
  if (page === "queue") show();
})();
