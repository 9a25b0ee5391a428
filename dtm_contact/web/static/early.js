"use strict";
// Loaded before all else: hears which letters come before the page's own script listens.
window.typedEarly = (() => {
  let heard = false;
  const hear = (event) => {
    const field = event.target.matches && event.target.matches("input:not([type=checkbox], [type=radio]), textarea, select");
    if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey && !field) heard = true;
  };
  addEventListener("keydown", hear, true);
  // Ends it; says whether a letter came.
  const stop = () => { removeEventListener("keydown", hear, true); return heard; };
  return { stop };
})();
