"use strict";
// The desk works without this file; with it, pages come alive, keys are short, and a P1 is heard.
(() => {
  const $ = (selector, within) => (within || document).querySelector(selector);
  const all = (selector) => Array.from(document.querySelectorAll(selector));
  const page = document.body.dataset.page;
  document.documentElement.classList.add("js");
  const wanted = (name) => localStorage.getItem(`desk-${name}`) !== "no";

  // ---- live: one stream of events, at most one refresh a moment; what was missed or failed is asked for again
  const QUIET = 400, AGAIN = 3000, LONGEST = 60000, SECOND = 1000, MINUTE = 60000;
  let pending = null, last = 0, alarming = false, missed = false;
  const later = (work) => {
    if (pending) return;
    const wait = Math.max(60, QUIET - (Date.now() - last));
    pending = setTimeout(() => { pending = null; last = Date.now(); work(); }, wait);
  };
  const known = new Set(all(".line").map((line) => line.dataset.case));
  const refresh = () => {
    const lines = $("#file");
    const busy = lines && (lines.dataset.liveLines !== "1" || $("input[name=dossier]:checked") || all(".line").length > 45);
    missed = Boolean(lines) && lines.dataset.liveLines === "1" && busy;
    if (lines && !busy) window.parts.load(lines, lines.dataset.part);
    if (alarming) window.parts.load($("#alertes"), $("#alertes").dataset.part);
    alarming = false;
  };
  // What became of the letter that is said to be on its way.
  const hearOfLetter = async () => {
    const answer = await fetch(location.pathname).catch(() => null);
    if (!answer || !answer.ok) return;
    const theirs = new DOMParser().parseFromString(await answer.text(), "text/html"), newest = $("#echanges > [data-fate], #echanges > .said-reply, #echanges > .said-forward", theirs);
    const said = $("#annonce [data-sending]");
    if (!newest || !newest.dataset.fate || !said) return;
    const { fate } = newest.dataset;
    swap("echanges", theirs);
    said.append(` ${fate}.`);
    delete said.dataset.sending;
  };
  const told = (message) => {
    const happened = JSON.parse(message.data);
    const mine = $("article.case"), isShown = mine && Number(message.lastEventId) <= Number(mine.dataset.since);
    // What somebody did themselves, and what follows from it, is no news to them.
    const about = mine && !isShown && happened.filter((each) => each.n === mine.dataset.case && !each.q).pop();
    if (about) {
      $("[data-changed]").hidden = false;
      $("[data-changed-by]").textContent = about.by ? ` (${about.by})` : "";
    }
    if (mine && happened.some((each) => each.n === mine.dataset.case && each.q) && $("#annonce [data-sending]")) setTimeout(hearOfLetter, QUIET);
    // The banner is asked for where something happened to a danger, or to a case that was one when it was last asked for.
    const shown = new Set(all("[data-alarm], [data-possible], [data-late]").map((each) => each.dataset.alarm || each.dataset.possible || each.dataset.late));
    alarming = alarming || happened.some((each) => each.d || shown.has(each.n));
    later(refresh);
  };
  // ---- cut off: a beat comes every two seconds; without one the page says so, and comes again by itself
  const SILENCE = 4000;
  const CUT_OFF = "Le serveur ne répond plus : cette page n’est plus à jour. Ce que vous écrivez reste ici ; il sera enregistré dès son retour.";
  let heardAt = Date.now(), isCut = false, stream = null;
  const fire = (name, detail) => document.dispatchEvent(new CustomEvent(`desk:${name}`, { detail }));
  const cutOff = (is) => {
    if (is === isCut) return;
    isCut = is;
    $("#coupure").hidden = !is;
    $("#coupure").textContent = is ? CUT_OFF : "";
    document.title = is ? `(coupé) ${document.title}` : document.title.replace("(coupé) ", "");
    if (is) return;
    alarming = true;
    later(refresh);
    fire("back");
  };
  const listen = (path, cut, pause) => {
    if (stream) stream.close();
    const mine = stream = new EventSource(path);
    let wait = pause;
    stream.addEventListener("message", (message) => { next = `/evenements?depuis=${message.lastEventId}`; heardAt = Date.now(); told(message); });
    stream.addEventListener("beat", (message) => { heardAt = Date.now(); cutOff(message.data !== "1"); });
    stream.addEventListener("writing", (message) => { heardAt = Date.now(); fire("writing", JSON.parse(message.data)); });
    stream.addEventListener("ended", () => { mine.close(); ended(); });
    stream.addEventListener("open", () => {
      // Meanwhile more may have happened than is told.
      if (cut) { alarming = true; later(refresh); }
      cut = true;
      wait = AGAIN;
    });
    // A browser comes again by itself after a cut, but not after an answer that is no stream, as while a store cannot be read.
    stream.addEventListener("error", () => {
      if (mine.readyState !== EventSource.CLOSED || mine !== stream) return;
      setTimeout(() => { if (mine === stream) listen(next, true, Math.min(wait * 2, LONGEST)); }, wait);
      // Where the session is what has ended, no stream comes again.
      fetch("/alertes", { headers: { "X-Desk-Script": "1" } }).then((answer) => { if (answer.status === 401) ended(); }).catch(() => {});
    });
  };
  let next = document.body.dataset.live;
  if (next) {
    listen(next, false, AGAIN);
    setInterval(() => {
      if (Date.now() - heardAt < SILENCE) return;
      cutOff(true);
      // A line that was cut somewhere in between stays open here for minutes.
      if (stream.readyState === EventSource.OPEN) { heardAt = Date.now(); listen(next, true, AGAIN); }
    }, 500);
    addEventListener("pagehide", () => stream.close());
    addEventListener("pageshow", (event) => { if (event.persisted) { heardAt = Date.now(); listen(next, true, AGAIN); } });
    document.addEventListener("desk:again", () => listen(next, true, AGAIN));
  }
  document.addEventListener("part:failed", (event) => {
    const status = event.detail.status;
    if (status === 401) { ended(); return; }
    if (!["file", "alertes"].includes(event.target.id) || (status && status < 500)) return;
    alarming = alarming || event.target.id === "alertes";
    setTimeout(() => later(refresh), AGAIN);
  });
  let had = 0;
  document.addEventListener("part:before", (event) => {
    if (event.target.id !== "file") return;
    had = all("#file .line").length;
    // Lines asked for before somebody chose one of them would take the choice away.
    if ($("input[name=dossier]:checked")) { event.preventDefault(); missed = true; }
  });
  document.addEventListener("part:after", (event) => {
    if (event.target.id === "alertes") ring();
    if (event.target.id !== "file") return;
    all("#file .line").forEach((line, at) => {
      if (known.has(line.dataset.case)) return;
      known.add(line.dataset.case);
      // What stands behind those that were there has only come into view.
      if (at < had) line.classList.add("new");
    });
    show();
  });

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
  // Where another danger has come under the pointer, a click that was meant for the one before takes none.
  let onTop = "", bandRests = 0;
  const newOnTop = () => {
    const top = $("#alertes [data-alarm]"), number = top ? top.dataset.alarm : "";
    if (onTop && number && onTop !== number) bandRests = Date.now() + SECOND;
    onTop = number;
    restBand();
  };
  const restBand = () => {
    const left = bandRests - Date.now();
    all("#alertes form button").forEach((each) => { each.disabled = left > 0; });
    if (left > 0) setTimeout(restBand, left);
  };
  // Beside others that burn already a new one is told by more than its place.
  const cameAt = new Map(), NEW_FOR = 20000;
  const markNew = (alarms, before) => {
    if (sessionStorage.getItem("desk-heard")) alarms.filter((each) => !before.has(each)).forEach((each) => cameAt.set(each, Date.now()));
    all("[data-alarm]").forEach((row) => row.classList.toggle("new", Date.now() - (cameAt.get(row.dataset.alarm) || 0) < NEW_FOR));
  };
  const ring = () => {
    newOnTop();
    const alarms = all("[data-alarm]").map((each) => each.dataset.alarm), before = heard();
    markNew(alarms, before);
    document.title = document.title.replace(/^\(P1\) /, "");
    if (alarms.length) document.title = `(P1) ${document.title}`;
    if (alarms.some((each) => !before.has(each)) && wanted("sound")) { sound(); document.body.dataset.rang = alarms.join(" "); }
    sessionStorage.setItem("desk-heard", JSON.stringify(alarms));
  };
  setInterval(() => { if (all("[data-alarm]").length && wanted("sound")) sound(); }, 30000);
  // One's own grows late by itself: nothing happens that would tell it.
  setInterval(() => { if ($("#alertes")) { alarming = true; later(refresh); } }, MINUTE);
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
  const count = () => {
    const chosen = all("input[name=dossier]:checked").length, lot = $("#lot");
    if (!lot) return;
    lot.classList.toggle("some", chosen > 0);
    $("[data-chosen]").textContent = `${chosen} ${chosen > 1 ? "sélectionnés" : "sélectionné"}`;
  };
  document.addEventListener("change", (event) => {
    if (event.target.name !== "dossier") return;
    count();
    if (missed && !$("input[name=dossier]:checked")) later(refresh);
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

  // A table that goes on within its frame says where to.
  const goesOn = () => all("[data-goes-on]").forEach((hint) => {
    const frame = hint.nextElementSibling;
    hint.classList.add("known");
    hint.classList.toggle("right", frame.scrollWidth > frame.clientWidth + 1);
    hint.classList.toggle("below", frame.scrollHeight > frame.clientHeight + 1);
  });
  addEventListener("resize", goesOn);
  goesOn();

  // The queue is come back to as it was left: with its view and its filters.
  const FILTERS = ["vue", "file", "motif", "residence", "gardien"], QUEUE = "/file";
  const withFilters = (path) => {
    const to = new URL(path, location.href);
    if (to.pathname === QUEUE) new URLSearchParams(sessionStorage.getItem("desk-queue") || "").forEach((value, name) => { if (!to.searchParams.has(name)) to.searchParams.set(name, value); });
    return to.pathname + to.search;
  };
  if (page === "queue") {
    const asked = new URLSearchParams(location.search);
    sessionStorage.setItem("desk-queue", new URLSearchParams(FILTERS.filter((name) => asked.get(name)).map((name) => [name, asked.get(name)])));
  }
  document.addEventListener("click", (event) => {
    const back = event.target.closest("[data-back]");
    if (back) back.href = withFilters(QUEUE);
  }, true);

  // ---- acts in place: a form is sent, and of the answer only what has changed is shown; what is being written stays
  const REGIONS = ["alertes", "annonce", "entete", "consigne", "actes", "ecrire", "echanges", "cote", "file", "qui", "destination"];
  const CUT = "La connexion a été coupée : ce n’est peut-être pas parti. Ce que vous avez écrit est toujours ici ; réessayez.";
  const DROPPED = "Non envoyé, car ce qui précède a été refusé. Relisez le dossier, puis réessayez.";
  const FAILED = "Cela n’a pas été fait. Ce que vous avez écrit est toujours ici.";
  const FIELDS = "textarea, select, input:not([type=hidden], [type=submit])";
  const ticked = (field) => field.matches("[type=checkbox], [type=radio]");
  const chosenAtFirst = (field) => Math.max(0, Array.from(field.options).findIndex((each) => each.defaultSelected));
  const written = (field) => field.matches("select") ? field.selectedIndex !== chosenAtFirst(field)
    : ticked(field) ? field.checked !== field.defaultChecked
    : field.matches("textarea") ? field.value.trim() !== "" : field.value !== field.defaultValue;
  const valueOf = (field) => ticked(field) ? field.checked : field.value;
  const fields = (within) => Array.from(within.querySelectorAll(FIELDS));
  const unsent = (except) => fields(document).some((field) => field.form && field.form.method === "post" && field.form !== except && !field.closest("dialog") && written(field));
  // The session has ended: who is writing comes in again in place; anybody else is led to the log-in, and back here.
  const ended = () => {
    if (unsent() && document.body.dataset.writes) fire("ended");
    else { leave(); location.assign(`/connexion?${new URLSearchParams({ vers: location.pathname + location.search })}`); }
  };
  const announce = (words) => {
    const told = document.createElement("p");
    told.className = "alert"; told.role = "alert"; told.textContent = words;
    $("#annonce").replaceChildren(told);
  };

  // Enter in a field of one line sends no act: that is said, or whoever pressed it waits for nothing.
  document.addEventListener("keydown", (event) => {
    const first = event.key === "Enter" && !event.defaultPrevented && !event.ctrlKey && !event.metaKey && event.target.matches("input") && event.target.form && $("button", event.target.form);
    if (first && first.disabled && first.hidden) announce("Entrée n’envoie rien ici : appuyez sur le bouton (Tab y mène).");
  });

  // What of two pages is the same: a field by its form, name and place; what folds by its title.
  const placed = (within, of) => {
    const seen = new Map();
    return new Map(of(within).map(([key, node]) => {
      seen.set(key, (seen.get(key) || 0) + 1);
      return [`${key} ${seen.get(key)}`, node];
    }));
  };
  const formsIn = (within) => placed(within, (it) => Array.from(it.querySelectorAll("form"), (form) => [form.getAttribute("action"), form]));
  const fieldsIn = (within) => placed(within, (it) => fields(it).map((field) =>
    [`${field.form ? field.form.getAttribute("action") : ""} ${field.name} ${ticked(field) ? field.value : ""}`, field]));
  const foldedIn = (within) => placed(within, (it) => Array.from(it.querySelectorAll("details"), (each) => {
    const about = each.closest("[id]");
    return [`${about ? about.id : ""} ${$("summary", each).textContent}`, each];
  }));
  const shape = (form) => {
    const copy = form.cloneNode(true);
    copy.removeAttribute("aria-busy");
    copy.querySelectorAll("[type=hidden]").forEach((each) => each.removeAttribute("value"));
    return copy.outerHTML;
  };
  const moveTo = (node, place) => {
    if (place.parentNode.moveBefore) place.parentNode.moveBefore(node, place); else place.before(node);
    place.remove();
  };
  // What stays of a field: all of it, or of one whose form was sent, what has been written since then.
  const rest = (field, sent) => {
    if (!sent || !sent.has(field)) return written(field) || field.form?.matches("[data-draft]") ? valueOf(field) : undefined;
    const was = sent.get(field), is = valueOf(field);
    if (is === was) return undefined;
    return typeof is === "string" && is.startsWith(was) ? is.slice(was.length).trimStart() : is;
  };
  const swap = (id, theirs, sent) => {
    const old = document.getElementById(id), fresh = theirs.getElementById(id);
    if (!old || !fresh) return;
    const focus = old.contains(document.activeElement) ? document.activeElement : null;
    const at = focus && focus.matches("textarea, [type=text], [type=search], [type=tel], input:not([type])") && [focus.selectionStart, focus.selectionEnd];
    const top = focus ? focus.scrollTop : 0;
    old.after(fresh);
    const folded = foldedIn(fresh);
    foldedIn(old).forEach((each, key) => {
      if (each.open && folded.has(key) && !(sent && each.contains(sent.form))) folded.get(key).open = true;
    });
    const twins = fieldsIn(fresh), before = fieldsIn(old);
    let lands = null;
    before.forEach((field, key) => {
      const twin = twins.get(key), value = rest(field, sent);
      if (!twin) return;
      if (field === focus) lands = twin;
      if (value === undefined) return;
      if (ticked(twin)) twin.checked = value; else twin.value = value;
      const fold = twin.closest("details"), was = field.closest("details");
      if (fold && was && was.open) fold.open = true;
    });
    if (lands && lands.closest("details:not([open])")) lands = null;
    const forms = formsIn(fresh);
    formsIn(old).forEach((form, key) => {
      // Somebody is writing in it: the very form stays, with its caret and all that can be taken back in it.
      const twin = forms.get(key);
      if (!twin || (sent && sent.form === form) || !form.contains(focus) || !fields(form).includes(focus) || shape(form) !== shape(twin)) return;
      const hidden = Array.from(twin.querySelectorAll("[type=hidden]"), (each) => each.value);
      form.querySelectorAll("[type=hidden]").forEach((each, nth) => { each.value = hidden[nth]; });
      moveTo(form, twin);
      lands = focus;
    });
    old.remove();
    window.parts.watch(fresh);
    if (!focus) return;
    if (!lands) fresh.tabIndex = -1;
    const landed = lands || fresh;
    if (document.activeElement !== landed) landed.focus({ preventScroll: true });
    if (lands && at) { landed.setSelectionRange(...at); landed.scrollTop = top; }
  };
  const isHere = (theirs) => {
    const mine = $("article.case"), other = theirs.querySelector("article.case");
    return theirs.body.dataset.page === page && (mine && mine.dataset.case) === (other && other.dataset.case);
  };
  const showAnswer = (theirs, done, sent) => {
    if (isHere(theirs)) {
      // A choice of several stays where nothing came of it.
      REGIONS.filter((id) => done || id !== "file").forEach((id) => swap(id, theirs, sent));
      if ($("article.case")) Object.assign($("article.case").dataset, theirs.querySelector("article.case").dataset);
      if (done && sent.form.id === "lot") sent.form.reset();
      all(".line").forEach((line) => known.add(line.dataset.case));
      count(); show(); ring();
      return;
    }
    const told = theirs.querySelector("#annonce .alert, .gate h1");
    if (done) { swap("alertes", theirs); swap("annonce", theirs); ring(); }
    else announce(told ? told.textContent.trim() : FAILED);
  };
  // The second of two clicks is of the page that was seen when it was made: for a moment the same form of the page that
  // came bears the key of the one that was sent, by which the server knows that it has done that.
  const freshKey = () => Array.from(crypto.getRandomValues(new Uint8Array(9)), (octet) => octet.toString(16).padStart(2, "0")).join("");
  const keepKey = (sent) => {
    const key = sent.elements.cle && sent.elements.cle.value, path = sent.getAttribute("action");
    if (!key) return;
    all("form").filter((form) => form.getAttribute("action") === path && form.elements.cle).forEach((form) => {
      const fresh = form === sent ? freshKey() : form.elements.cle.value;
      form.elements.cle.value = key;
      setTimeout(() => { if (form.elements.cle.value === key) form.elements.cle.value = fresh; }, SECOND);
    });
  };
  let lastSent = Promise.resolve(), onTheirWay = 0, refusals = 0;
  const deliver = async (form, path, given) => {
    const mine = $("article.case");
    if (given.has("version") && mine) given.set("version", mine.dataset.version);
    if (mine && path.includes(`/${mine.dataset.case}/`)) given.delete("bandeau");
    if (unsent(form)) given.set("reste", "1");
    const sent = new Map(Array.from(form.elements).filter((each) => each.matches(FIELDS)).map((each) => [each, valueOf(each)]));
    sent.form = form;
    // What a button of the form does besides, as looking for a person, ends no draft.
    const ends = path === form.action || path.endsWith("/supprimer"), first = { form, after: [] };
    if (ends) fire("sends", first);
    await Promise.all(first.after);
    let answer;
    try {
      answer = await fetch(path, { method: "POST", body: new URLSearchParams(given), headers: { "X-Desk-Script": "1" } });
    } catch { announce(CUT); return false; }
    if (answer.status === 401) { fire("ended"); return false; }
    if (answer.ok && ends) fire("sent", form);
    const next = answer.headers.get("X-Desk-Go-To");
    if (next) {
      // Whoever comes back finds the page as it is by then, and not what was sent from it; of a sheet that opened a case
      // it says which.
      history.replaceState({ spent: true }, "", form.dataset.spent || location.href);
      leave(true);
      location.assign(withFilters(next));
      return true;
    }
    const theirs = new DOMParser().parseFromString(await answer.text(), "text/html");
    showAnswer(theirs, answer.ok, answer.ok ? sent : null);
    if (answer.ok && ends) keepKey(form);
    if ($("#annonce [data-sending]")) setTimeout(hearOfLetter, QUIET);
    fire("shown");
    return answer.ok;
  };
  const post = (form, button) => {
    if (form.ariaBusy) return;
    form.ariaBusy = "true";
    const given = new FormData(form, button), path = button && button.hasAttribute("formaction") ? button.formAction : form.action, before = refusals;
    onTheirWay += 1;
    // One after the other: each bears the version that the one before it has made. After a refusal nothing unseen follows.
    lastSent = lastSent.then(async () => {
      if (before !== refusals) announce(DROPPED);
      else if (!await deliver(form, path, given)) refusals += 1;
    }).catch(() => { refusals += 1; announce(FAILED); }).finally(() => { onTheirWay -= 1; form.ariaBusy = null; hush(); });
  };
  // A field does not scroll to what a script chooses in it: a copy of it tells how far down that stands.
  const scrollTo = (text, place) => {
    const copy = text.cloneNode();
    copy.removeAttribute("name");
    copy.value = text.value.slice(0, place);
    Object.assign(copy.style, { position: "absolute", visibility: "hidden", height: "0", width: `${text.offsetWidth}px` });
    text.after(copy);
    text.scrollTop = Math.max(0, copy.scrollHeight - text.clientHeight / 2);
    copy.remove();
    text.scrollIntoView({ block: "nearest" });
  };
  // What only the agent can write is chosen, to be typed over; false where nothing of it follows.
  const choosePlace = (text, from) => {
    const place = /\[à compléter[^\]]*\]/.exec(text.value.slice(from));
    if (!place) return false;
    text.setSelectionRange(from + place.index, from + place.index + place[0].length);
    scrollTo(text, from + place.index);
    return true;
  };
  const TO_FILL_IN = "[à compléter";
  // Whoever has had a place to fill in before them writes on after the last, however it came into the text: inserted,
  // typed, or kept from another day.
  ["focusin", "beforeinput"].forEach((name) => document.addEventListener(name, (event) => {
    if (event.target.matches("#ecrire textarea") && event.target.value.includes(TO_FILL_IN)) event.target.dataset.filling = "";
  }));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Tab" || event.shiftKey || event.ctrlKey || event.altKey || !event.target.matches("#ecrire textarea")) return;
    const text = event.target, told = $("[data-filled]", text.form);
    if (choosePlace(text, text.selectionEnd)) { event.preventDefault(); return; }
    if (!("filling" in text.dataset) || !told) return;
    // The next Tab leads to the button.
    delete text.dataset.filling;
    told.textContent = text.value.includes(TO_FILL_IN) ? "Il reste un passage à compléter plus haut." : "Plus rien à compléter.";
    event.preventDefault();
  });
  document.addEventListener("input", (event) => {
    if (!event.target.matches("#ecrire textarea")) return;
    if (!event.target.value.trim()) delete event.target.dataset.filling;
    const told = $("[data-filled]", event.target.form);
    if (told) told.textContent = "";
  });
  // A line of its own that ends in a comma greets.
  const GREETING = /^\s*[^\n]{1,80},[^\S\n]*(\n\s*|$)/;
  // What was begun is gone on with at its end.
  all("#ecrire textarea").forEach((text) => text.setSelectionRange(text.value.length, text.value.length));
  // A canned answer goes to where the caret is: it takes no word away.
  const insert = async (form) => {
    const text = $("#ecrire [action$='/repondre'] textarea");
    if (!text || form.ariaBusy) return;
    form.ariaBusy = "true";
    try {
      const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), headers: { "X-Desk-Script": "1" } });
      if (answer.status === 401) { fire("ended"); return; }
      if (!answer.ok) { announce(FAILED); return; }
      // Two letters in one begin as one: what stands there has greeted already.
      const said = await answer.text(), before = text.value.slice(0, text.selectionStart), after = text.value.slice(text.selectionStart);
      const words = `${GREETING.test(before) ? said.replace(GREETING, "") : said}${after.trim() && !after.startsWith("\n") ? "\n\n" : ""}`;
      for (let fold = text.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
      all("[data-canned]").forEach((each) => { each.open = false; });
      text.setRangeText(before.trim() && !before.endsWith("\n") ? `\n\n${words}` : words, text.selectionStart, text.selectionStart, "end");
      const start = text.selectionEnd - words.length;
      text.focus();
      if (!choosePlace(text, start)) { text.setSelectionRange(start, start); scrollTo(text, start); }
      text.dispatchEvent(new Event("input", { bubbles: true }));
    } catch { announce(CUT); } finally { form.ariaBusy = null; hush(); }
  };
  const handOver = (queue) => {
    const choice = $("#actes [action$='/transmettre'] select");
    if (!choice) return;
    choice.value = queue;
    choice.closest("details").open = true;
    $("input[name=raison]", choice.form).focus();
  };
  document.addEventListener("click", (event) => {
    const to = event.target.closest("[data-hand-over]");
    if (to) { event.preventDefault(); handOver(to.dataset.handOver); }
  });
  document.addEventListener("keydown", (event) => {
    const search = event.target.closest("[data-canned]");
    if (!search || event.ctrlKey || event.metaKey || event.altKey) return;
    const offered = Array.from(search.querySelectorAll("#types button")), at = offered.indexOf(document.activeElement);
    if (event.key === "Enter" && event.target.matches("input")) { event.preventDefault(); if (offered[0]) offered[0].click(); }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    const next = at + (event.key === "ArrowDown" ? 1 : -1);
    (next < 0 ? $("input", search) : offered[Math.min(next, offered.length - 1)] || $("input", search)).focus();
  });
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    if (event.target.matches("[data-insert]")) { event.preventDefault(); insert(event.target); return; }
    if (!event.target.matches("[data-in-place]")) { leave(event.target.method === "post"); return; }
    event.preventDefault();
    post(event.target, event.submitter);
  });

  // ---- keys
  let here = sessionStorage.getItem("desk-here");
  const show = () => all(".line").forEach((line) => line.classList.toggle("here", line.dataset.case === here));
  const step = (by) => {
    const lines = all(".line");
    if (!lines.length) return false;
    const at = lines.findIndex((line) => line.dataset.case === here);
    const next = lines[Math.min(lines.length - 1, Math.max(0, at < 0 ? 0 : at + by))];
    here = next.dataset.case;
    sessionStorage.setItem("desk-here", here);
    show();
    $(".open", next).focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
    return true;
  };
  const current = () => all(".line").find((line) => line.dataset.case === here);
  const keyed = (key) => $(`[data-key="${CSS.escape(key)}"]`);
  const press = (key) => {
    const target = keyed(key);
    if (!target) return false;
    if (target.matches("input")) { target.focus(); return true; }
    // What stands behind another fold is shown with it.
    for (let around = target.closest("details"); around; around = around.parentElement.closest("details")) {
      if (around !== target.parentElement || target.matches("a, button")) around.open = true;
    }
    target.click();
    // What ends a case is not written on into: Tab leads there.
    const fold = target.closest("details"), holds = fold && fold.open && !target.matches("[data-stays]") && fieldOf(fold);
    if (holds || target.matches("[data-stays]")) (holds || target).focus();
    return true;
  };
  // Whoever opens a panel writes in it: its first field for words has the caret, but where somebody or something has to
  // be chosen first.
  const WORDS = "textarea, input:not([type]), input[type=text]";
  const chosenFirst = (fold) => Array.from(fold.querySelectorAll("[data-first]")).find((field) => !field.value && field.closest("details") === fold);
  const fieldOf = (fold) => chosenFirst(fold) || $("textarea", fold) || $("select, input:not([type=hidden])", fold);
  document.addEventListener("click", (event) => {
    const summary = event.target.closest("summary"), fold = summary && summary.parentElement;
    if (event.defaultPrevented || !event.isTrusted || !fold || fold.open || !fold.matches(".act, .more > details")) return;
    if (event.detail === 0 && summary.matches("[data-stays]")) return;
    const field = chosenFirst(fold) || $("textarea", fold) || $(WORDS, fold);
    if (!field || field.closest("details") !== fold) return;
    event.preventDefault();
    fold.open = true;
    field.focus();
  });
  const choose = (line) => { const box = line && $("input[name=dossier]", line); if (box) box.click(); return box; };
  const chosen = () => $("input[name=dossier]:checked") || choose(current());
  const keys = {
    j: () => step(1), k: () => step(-1),
    o: () => { const line = current(); if (line) $(".open", line).click(); },
    x: () => choose(current()),
    t: () => press("t") || (chosen() && $("#lot button:not([formaction], [disabled])").click()),
    e: () => press("e") || (chosen() && $("#lot [data-closing]").focus()),
    u: () => { const back = $("[data-back]"); if (back) back.click(); },
    "/": () => $("[data-find]") && $("[data-find]").focus(),
    "?": () => { leave(); location.href = "/aide"; },
  };
  // ---- no letter is a command while something is on its way, nor in the second after, nor while somebody types on
  const LOADING = 10000, RUN = 330;
  let quietUntil = 0, typingOn = false, letterAt = -RUN;
  const hush = (length = SECOND) => { quietUntil = Math.max(quietUntil, Date.now() + length); };
  const quiet = () => onTheirWay > 0 || Date.now() < quietUntil;
  const leave = (sent) => { hush(LOADING); if (sent) sessionStorage.setItem("desk-sent", "yes"); };
  const takenForText = () => { typingOn = true; hush(); sessionStorage.setItem("desk-typed", String(Date.now())); };
  if (Date.now() - Number(sessionStorage.getItem("desk-typed") || 0) < SECOND) { typingOn = true; hush(); }
  if (sessionStorage.getItem("desk-sent")) { sessionStorage.removeItem("desk-sent"); hush(); }
  addEventListener("pageshow", (event) => {
    if (event.persisted) quietUntil = 0;
    if (event.persisted && history.state && history.state.spent) location.reload();
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    const here = link && !link.hasAttribute("download") && !link.target && link.protocol.startsWith("http") && !link.hash;
    if (here && !event.defaultPrevented && !event.ctrlKey && !event.metaKey && !event.shiftKey) leave();
  });
  // What was typed before this file listened was no command: neither is what follows it.
  if (window.typedEarly.stop()) takenForText();
  // These lead to where several lines are written: what is typed after them is text.
  const WRITES = new Set(["n", "r", "w", "i"]);
  const STEPS = new Set(["j", "k", "x"]);
  // Somebody writes here, or is about to: their letters are words, wherever the caret is. Escape ends it.
  const writesHere = () => Boolean($("details[data-writes][open], .acts > .act[open] form[data-draft]"));
  document.addEventListener("keydown", (event) => {
    if ($("dialog[open]")) return;
    const runsOn = event.timeStamp - letterAt < RUN;
    // A word goes on over blanks and new lines, and not over a key that leads elsewhere.
    if (/^(Escape|Tab|Arrow)/.test(event.key)) letterAt = -RUN;
    if (event.key === "Escape") {
      const inside = event.target.closest("details[open]");
      all("details[open]:not(.answered)").forEach((each) => { each.open = false; });
      if (inside) $("summary", inside).focus();
      return;
    }
    const typing = event.target.matches("input:not([type=checkbox], [type=radio]), textarea, select");
    const modified = event.ctrlKey || event.metaKey;
    if (modified && event.key === "Enter" && event.target.form) {
      const send = $("[data-sends]", event.target.form) || $("button.primary", event.target.form);
      if (send) { event.preventDefault(); event.target.form.requestSubmit(send); }
      return;
    }
    if (modified && event.key === "z" && !typing) {
      const undo = $("[data-undo]");
      if (undo && !quiet()) { event.preventDefault(); undo.click(); }
      return;
    }
    if (typing || modified || event.altKey) return;
    if (!quiet()) typingOn = false;
    if ((typingOn || runsOn) && (event.key === "Enter" || event.key === " ") && event.target.matches("button, summary, a")) {
      // The end of a word or a sentence that was written on: it presses nothing.
      event.preventDefault();
      takenForText();
      return;
    }
    if (event.key.length > 1 || !wanted("keys")) return;
    const known = keys[event.key] || (keyed(event.key) && press), isOfAWord = /[\p{L}\p{N}]/u.test(event.key);
    if (isOfAWord) letterAt = event.timeStamp;
    if (quiet() && !(WRITES.has(event.key) && keyed(event.key) && !typingOn)) { takenForText(); return; }
    if (writesHere()) { if (isOfAWord) takenForText(); return; }
    if (STEPS.has(event.key)) {
      // Steps follow each other as fast as somebody likes, and what follows a step is meant.
      if (known(event.key)) { letterAt = -RUN; event.preventDefault(); return; }
      takenForText();
      return;
    }
    // Letters that come in a run are a word, of which none is meant.
    if (runsOn) return;
    if (!known) { if (isOfAWord) takenForText(); return; }
    event.preventDefault();
    known(event.key);
  });
  if (page === "queue") show();
})();
