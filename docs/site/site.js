// What scrolls can be reached by keyboard, too, and has a name.
const scrolls = ".md-typeset pre, .md-typeset table, .md-search__scrollwrap";
function markScrolling() {
  document.querySelectorAll(scrolls).forEach((box) => {
    const is_wide = box.tagName !== "TABLE" || box.scrollWidth > box.clientWidth;
    box.toggleAttribute("tabindex", is_wide);
    if (is_wide) {
      box.tabIndex = 0;
    }
  });
}
addEventListener("resize", markScrolling);
markScrolling();
document.querySelector(".md-search").ariaLabel = "Search";
