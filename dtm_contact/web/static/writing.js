"use strict";
// What is typed is kept at the server as it is typed, and colleagues see that it is; nothing of it stays in the browser.
(() => {
  const $ = (selector, within) => (within || document).querySelector(selector);
  const all = (selector, within) => Array.from((within || document).querySelectorAll(selector));
  const body = document.body;
  body.dataset.writes = "1";
  const EACH = 1000, PATIENCE = 2500, FIRST = 250, AGAIN = 3000, STILL = 8000, THINKS = 120000, LATE = "desk-late";
  const TYPED = "textarea, input:not([type=hidden], [type=checkbox], [type=radio], [type=file], [name=q], [data-preset])";
  const LETTERS = "[data-draft=repondre], [data-draft=faire-suivre]";
  const FAILED = "Pas encore enregistré ; nouvel essai.", REFUSED = "Ce brouillon ne peut pas être enregistré.", SPENT = "Ce texte est parti, ou a été supprimé : rien de plus n’en est gardé ici. Relisez le dossier.";

  // ---- what stands in a form
  const forms = () => all("form[data-draft]");
  const keyOf = (form) => `${form.dataset.draft} ${form.dataset.about}`;
  const isKept = (field) => field.name && field.name !== "q" && !field.matches("button, [type=file]") && (field.type !== "hidden" || field.matches("[data-keeps]"));
  const atFirst = (field) => field.matches("select") ? (Array.from(field.options).find((each) => each.defaultSelected) || field.options[0] || { value: "" }).value : field.defaultValue;
  const written = (form) => all(TYPED, form).some((field) => field.value.trim()) || Boolean($("[data-file]", form));
  const content = (form, first) => {
    const found = {};
    if (!first && !written(form)) return found;
    Array.from(form.elements).filter(isKept).forEach((field) => {
      if (field.matches("[type=checkbox], [type=radio]") && !(first ? field.defaultChecked : field.checked)) return;
      const value = first ? atFirst(field) : field.value;
      found[field.name] = field.name in found ? `${found[field.name]}\n${value}` : value;
    });
    return first && !all(TYPED, form).some((field) => atFirst(field).trim()) ? {} : found;
  };

  // ---- kept a second after it was typed, one after the other; what could not be kept is tried again until it is
  const states = new Map();
  // The mark of the page on which it is written: by it the server knows a text that comes late, or from another page.
  const pageOf = (form) => form.elements.ecrit;
  const stateOf = (form) => {
    const key = keyOf(form);
    if (!states.has(key)) states.set(key, { kept: JSON.stringify(content(form, true)), revision: Number(form.dataset.revision || 0), busy: Promise.resolve(), page: pageOf(form).value, at: 0, typedAt: 0, timer: null, unkept: 0 });
    return states.get(key);
  };
  const isDirty = (form) => JSON.stringify(content(form)) !== stateOf(form).kept;
  const tell = (form, words) => { const told = $("[data-kept]", form); if (told) told.textContent = words; };
  // Said gently, and only where it changes: whoever reads by ear would hear it each second.
  const hint = (form, hints) => {
    const place = $("[data-hints]", form);
    if (!place || place.dataset.hints === JSON.stringify(hints)) return;
    place.dataset.hints = JSON.stringify(hints);
    place.replaceChildren(...hints.map((each) => {
      const line = document.createElement("p"), words = document.createElement("b"), instead = document.createElement("b");
      words.textContent = each.words;
      instead.textContent = "À la place :";
      line.append(words, ` ${each.why} `, instead, ` ${each.instead}`);
      return line;
    }));
  };
  const asked = (path, fields, how) => fetch(path, { method: "POST", body: new URLSearchParams(fields), headers: { "X-Desk-Script": "1", "X-CSRF-Token": body.dataset.csrf }, ...how });
  const named = (form) => ({ forme: form.dataset.draft, sur: form.dataset.about, ecrit: pageOf(form).value });
  const now = (key) => forms().find((form) => keyOf(form) === key);
  const keep = async (key, how) => {
    const form = now(key), state = states.get(key);
    if (!form || !isDirty(form)) return;
    const fields = JSON.stringify(content(form)), began = Date.now();
    let answer;
    try { answer = await asked("/brouillon", { ...named(form), champs: fields }, how); } catch { answer = { status: 0 }; }
    const shown = now(key) || form;
    state.at = Date.now();
    if (answer.ok) {
      const told = await answer.json();
      state.kept = fields;
      state.unkept = isDirty(shown) ? began : 0;
      state.revision = told.revision;
      hint(shown, told.hints);
      tell(shown, told.revision ? `Brouillon enregistré à ${told.at}` : "");
      const beside = $("[data-beside]", shown);
      if (beside) beside.hidden = !told.beside && !$(".beside-text", shown);
      const discard = $("[data-discard]", shown);
      if (discard) discard.hidden = !told.revision;
    } else if (answer.status === 401) document.dispatchEvent(new CustomEvent("desk:ended"));
    else if (answer.status === 410) { state.kept = fields; tell(shown, SPENT); }
    else if (answer.status && answer.status < 500) { state.kept = fields; tell(shown, REFUSED); }
    else { tell(shown, FAILED); later(shown, AGAIN); }
    if (answer.ok && isDirty(shown)) later(shown);
  };
  const inTurn = (form) => {
    const state = stateOf(form), key = keyOf(form);
    clearTimeout(state.timer);
    state.timer = null;
    state.busy = state.busy.then(() => keep(key)).catch(() => later(form, AGAIN));
    return state.busy;
  };
  const later = (form, wait) => {
    const state = stateOf(form);
    if (!state.timer) state.timer = setTimeout(() => inTurn(now(keyOf(form)) || form), wait || Math.max(FIRST, EACH - (Date.now() - state.at)));
  };
  const typed = (event) => {
    const form = event.target.form;
    if (!form || !form.matches("[data-draft]") || !event.target.name) return;
    stateOf(form).typedAt = Date.now();
    stateOf(form).unkept ||= Date.now();
    later(form);
  };
  // A server that does not answer fails nothing: what it has not said that it keeps, the page does not say either.
  setInterval(() => forms().forEach((form) => {
    const since = stateOf(form).unkept;
    if (since && Date.now() - since > PATIENCE && isDirty(form)) tell(form, FAILED);
  }), EACH);
  const keepAll = () => forms().filter(isDirty).forEach(inTurn);
  document.addEventListener("input", typed);
  document.addEventListener("change", typed);
  document.addEventListener("desk:back", keepAll);
  // What stays of what was being written is of the page that it was written on; what was sent leaves a new one.
  document.addEventListener("desk:shown", () => forms().forEach((form) => {
    const state = stateOf(form);
    if (state.page) pageOf(form).value = state.page; else state.page = pageOf(form).value;
    if (isDirty(form)) later(form);
  }));
  // What was sent is no draft any more: what is being kept of it is waited for, and nothing more is.
  document.addEventListener("desk:sends", (event) => {
    const form = event.detail.form;
    // What stands in other forms is kept as it was begun, before the act changes what the page shows.
    forms().filter((each) => each !== form && isDirty(each)).forEach((each) => event.detail.after.push(inTurn(each)));
    if (!form.matches("[data-draft]")) return;
    clearTimeout(stateOf(form).timer);
    stateOf(form).timer = null;
    event.detail.after.push(stateOf(form).busy);
  });
  document.addEventListener("desk:sent", (event) => {
    const form = event.detail;
    if (!form.matches("[data-draft]")) return;
    states.delete(keyOf(form));
    if (form.isConnected) Object.assign(stateOf(form), { kept: JSON.stringify(content(form)), page: "" });
  });

  // ---- on the way to another page: the last words are sent after it, and the next page asks whether it came too early
  const leaving = () => {
    const late = forms().filter(isDirty).map((form) => {
      const state = stateOf(form), fields = JSON.stringify(content(form));
      clearTimeout(state.timer);
      state.timer = null;
      asked("/brouillon", { ...named(form), champs: fields }, { keepalive: fields.length < 50000 }).catch(() => { /* the page is gone */ });
      state.kept = fields;
      return [form.dataset.draft, form.dataset.about, state.revision];
    });
    if (late.length) sessionStorage.setItem(LATE, JSON.stringify(late));
  };
  ["beforeunload", "pagehide"].forEach((name) => addEventListener(name, leaving));
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") keepAll(); });
  const put = (form, fields) => {
    Array.from(form.elements).filter(isKept).forEach((field) => {
      if (field.matches("[type=checkbox], [type=radio]")) field.checked = (fields[field.name] || "").split("\n").includes(field.value);
      else if (field.name in fields) field.value = fields[field.name];
    });
    const fold = form.closest("details[data-writes]");
    if (fold) fold.open = true;
  };
  const catchUp = async ([kind, about, revision], left) => {
    const form = now(`${kind} ${about}`);
    if (!form || Number(form.dataset.revision || 0) > revision || isDirty(form)) return;
    const answer = await fetch(`/brouillon?${new URLSearchParams({ forme: kind, sur: about })}`, { headers: { "X-Desk-Script": "1" } });
    const draft = answer.ok ? await answer.json() : { revision: 0 };
    if (draft.revision > revision && !isDirty(form)) {
      // Of somebody who was chosen, the page itself says more than its fields.
      if (all("[type=hidden][data-keeps]", form).some((field) => (draft.fields[field.name] || "") !== field.value)) { location.reload(); return; }
      put(form, draft.fields);
      pageOf(form).value = `${pageOf(form).value.split(".")[0]}.${draft.writing}.${draft.revision}`;
      Object.assign(stateOf(form), { kept: JSON.stringify(content(form)), revision: draft.revision, page: pageOf(form).value });
    } else if (left) setTimeout(() => catchUp([kind, about, revision], left - 1).catch(() => {}), 400);
  };
  const late = JSON.parse(sessionStorage.getItem(LATE) || "[]");
  sessionStorage.removeItem(LATE);
  late.forEach((each) => catchUp(each, 8).catch(() => { /* it stands in the page after the next */ }));
  forms().forEach((form) => { stateOf(form); if (isDirty(form)) later(form); });

  // ---- files: each goes into the draft as it is chosen, dropped or pasted; what is refused says why
  const shownFile = (form, file) => {
    const line = document.createElement("li"), name = document.createElement("span");
    name.textContent = file.name;
    line.append(name);
    $(".attached", form).append(line);
    return line;
  };
  const told = (form, words) => { const line = $("[data-attach-told]", form); line.hidden = !words; line.textContent = words; };
  const sendFile = (form, file) => new Promise((done) => {
    const line = shownFile(form, file), bar = document.createElement("progress"), request = new XMLHttpRequest();
    bar.setAttribute("aria-label", `Envoi de ${file.name}`);
    line.append(" ", bar);
    request.open("POST", `/brouillon/piece?${new URLSearchParams({ ...named(form), nom: file.name })}`);
    request.setRequestHeader("X-Desk-Script", "1");
    request.setRequestHeader("X-CSRF-Token", body.dataset.csrf);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.addEventListener("progress", (event) => { bar.max = event.total; bar.value = event.loaded; });
    request.addEventListener("loadend", () => {
      const shown = now(keyOf(form)) || form;
      if (request.status === 200) {
        const kept = JSON.parse(request.responseText), id = document.createElement("input"), remove = document.createElement("button");
        id.type = "hidden"; id.name = "piece"; id.value = kept.id;
        remove.type = "button"; remove.className = "plain"; remove.dataset.remove = ""; remove.textContent = `Retirer ${kept.name}`;
        const size = document.createElement("span");
        size.className = "hint"; size.textContent = kept.size;
        line.dataset.file = kept.id;
        line.replaceChildren(id, kept.name, " ", size, " ", remove);
        if (!line.isConnected) $(".attached", shown).append(line);
        if (kept.told) told(shown, kept.told);
        later(shown);
      } else {
        line.remove();
        const page = new DOMParser().parseFromString(request.responseText || "", "text/html"), words = $(".gate h1", page);
        told(shown, words ? `${file.name} : ${words.textContent.trim()}` : `${file.name} n’est pas joint : la connexion a été coupée. Réessayez.`);
        if (request.status === 401) document.dispatchEvent(new CustomEvent("desk:ended"));
      }
      done();
    });
    request.send(file);
  });
  const sendFiles = (form, files) => {
    told(form, "");
    stateOf(form).busy = files.reduce((before, file) => before.then(() => sendFile(form, file)), stateOf(form).busy);
  };
  const mayAttach = (event) => { const form = event.target.closest && event.target.closest("form[data-draft]"); return form && $("[data-attach]", form) ? form : null; };
  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-upload]")) return;
    const files = Array.from(event.target.files);
    event.target.value = "";
    sendFiles(event.target.closest("form"), files);
  });
  document.addEventListener("dragover", (event) => { if (mayAttach(event) && event.dataTransfer.types.includes("Files")) event.preventDefault(); });
  ["drop", "paste"].forEach((name) => document.addEventListener(name, (event) => {
    const form = mayAttach(event), files = Array.from((event.dataTransfer || event.clipboardData).files);
    if (!form || !files.length) return;
    event.preventDefault();
    sendFiles(form, files);
  }));
  document.addEventListener("click", async (event) => {
    if (!event.target.closest("[data-remove]")) return;
    const line = event.target.closest("[data-file]"), form = line.closest("form");
    try {
      const answer = await asked(`/brouillon/piece/${line.dataset.file}/retirer`, {});
      if (!answer.ok && answer.status !== 404) throw new Error();
    } catch { told(form, "Le fichier n’est pas retiré : réessayez."); return; }
    line.remove();
    $("[data-upload]", form).focus();
    later(form);
  });

  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-keep-draft]")) return;
    const asks = event.target.closest("details");
    asks.open = false;
    $("summary", asks).focus();
  });

  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-add-words]")) return;
    const words = $("[data-words]", event.target.closest(".beside-text")).textContent, form = event.target.form, text = $("textarea", form);
    text.setRangeText(`${text.value.trim() ? "\n\n" : ""}${words}`, text.value.length, text.value.length, "end");
    text.focus();
    text.dispatchEvent(new Event("input", { bubbles: true }));
  });

  // ---- who writes
  document.addEventListener("desk:writing", (event) => {
    const { n, who } = event.detail;
    all(`[data-writing="${CSS.escape(n)}"]`).forEach((line) => {
      line.hidden = !who.length;
      line.textContent = who.length ? `${who.join(", ")} ${who.length > 1 ? "rédigent" : "rédige"} une réponse` : "";
    });
  });
  setInterval(() => {
    const form = document.activeElement && document.activeElement.form;
    if (!form || !form.matches(LETTERS) || !written(form) || Date.now() - stateOf(form).typedAt > THINKS || document.hidden) return;
    asked("/brouillon/present", named(form)).catch(() => { /* said elsewhere */ });
  }, STILL);

  // ---- the session has ended: whoever it was comes in again without leaving the page
  const dialog = $("#rentrer");
  const here = () => location.pathname + location.search;
  document.addEventListener("desk:ended", () => {
    if (!dialog || dialog.open) return;
    $("[name=vers]", dialog).value = here();
    $("[data-log-in-page]", dialog).href = `/connexion?${new URLSearchParams({ vers: here() })}`;
    dialog.showModal();
    $("[name=mot_de_passe]", dialog).focus();
  });
  if (dialog) $("form", dialog).addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.target, told = $(".alert", form);
    const said = (words) => { told.hidden = !words; told.textContent = words; };
    try {
      // Whoever is let in is led on: here only the cookie counts that comes with that.
      const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "manual" });
      $("[name=mot_de_passe]", form).value = "";
      const parsed = (text) => new DOMParser().parseFromString(text, "text/html");
      if (answer.type !== "opaqueredirect") { said((parsed(await answer.text()).querySelector("#annonce .alert") || told).textContent.trim()); return; }
      const fresh = parsed(await (await fetch(here())).text());
      // Somebody else at the same computer sees nothing of what stands here.
      if (fresh.body.dataset.account !== body.dataset.account) { location.assign(here()); return; }
      body.dataset.csrf = fresh.body.dataset.csrf;
      all("[name=csrf]").forEach((field) => { field.value = body.dataset.csrf; });
    } catch { said("Le serveur ne répond pas. Réessayez dans un instant."); return; }
    said("");
    dialog.close();
    document.dispatchEvent(new CustomEvent("desk:again"));
    keepAll();
  });
})();
