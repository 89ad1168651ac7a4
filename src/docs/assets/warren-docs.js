// What the pages of `warren docs` do beyond being read: all that is said stands in the HTML.

(() => {
    "use strict";

    const root = document.documentElement;
    const input = document.getElementById("page:search");
    const menu = document.querySelector(".menu");
    const count = document.querySelector(".count");
    const counted = count.textContent;

    const entries = Array.from(document.querySelectorAll(".index > li"), (item) => {
        const link = item.firstElementChild;
        const [name, about] = link.children;
        const fields = link.dataset.fields ? link.dataset.fields.split(" ") : [];
        return {
            item,
            link,
            about,
            fields,
            href: link.getAttribute("href"),
            summary: about.textContent,
            name: name.textContent.toLowerCase(),
            text: [name.textContent, about.textContent, link.dataset.words]
                .join(" ")
                .toLowerCase(),
            fieldText: decoded(fields.join("\n")).toLowerCase(),
            shown: true,
            field: "",
        };
    });

    function decoded(text) {
        try {
            return decodeURIComponent(text);
        } catch {
            return text;
        }
    }

    // Themes: the system's until another one is chosen; the choice is this browser's alone.

    function stored(theme) {
        try {
            if (theme !== undefined) {
                localStorage.setItem("warren-docs-theme", theme);
            }
            return localStorage.getItem("warren-docs-theme");
        } catch {
            return theme ?? null; // no place to keep it, as of some files
        }
    }

    const themes = ["system", "light", "dark"];
    const themeButton = document.querySelector(".theme");
    let theme = themes.includes(stored()) ? stored() : "system";

    function showTheme() {
        if (theme === "system") {
            delete root.dataset.theme;
        } else {
            root.dataset.theme = theme;
        }
        const name = theme[0].toUpperCase() + theme.slice(1);
        themeButton.textContent = name;
        themeButton.setAttribute("aria-label", "Theme: " + name);
    }

    themeButton.addEventListener("click", () => {
        theme = themes[(themes.indexOf(theme) + 1) % themes.length];
        stored(theme);
        showTheme();
    });
    showTheme();
    themeButton.hidden = false;

    // Search: every word is in the method's name, text or tags, or all of them in a field's name.

    let selected = null;

    function select(entry) {
        if (selected) {
            selected.link.removeAttribute("aria-current");
        }
        selected = entry ?? null;
        if (selected) {
            selected.link.setAttribute("aria-current", "true");
            selected.item.scrollIntoView({ block: "nearest", behavior: "instant" });
        }
    }

    // 0: no; else the lower, the better. Of a field, which.
    function rank(entry, words, whole) {
        if (entry.name === whole) {
            return [1, ""];
        }
        if (words.every((word) => entry.name.includes(word))) {
            return [2, ""];
        }
        if (words.every((word) => entry.text.includes(word))) {
            return [4, ""];
        }
        if (words.every((word) => entry.fieldText.includes(word))) {
            const matches = (field) => {
                const name = decoded(field.slice(field.indexOf(".") + 1)).toLowerCase();
                return words.every((word) => name.includes(word));
            };
            const field = entry.fields.find(matches);
            return field === undefined ? [0, ""] : [3, field];
        }
        return [0, ""];
    }

    function showField(entry, field) {
        if (entry.field === field) {
            return;
        }
        entry.field = field;
        entry.about.textContent = field ? decoded(field) : entry.summary;
        entry.link.setAttribute("href", field ? entry.href + "." + encodeURI(field) : entry.href);
    }

    function search() {
        const begin = performance.now();
        const whole = input.value.trim().toLowerCase();
        const words = whole.split(/\s+/).filter(Boolean);
        let found = 0;
        let best = null;
        let bestRank = 9;
        for (const entry of entries) {
            const [place, field] = words.length === 0 ? [5, ""] : rank(entry, words, whole);
            const shown = place > 0;
            showField(entry, field);
            if (shown !== entry.shown) {
                entry.shown = shown;
                entry.item.hidden = !shown;
            }
            found += shown ? 1 : 0;
            if (shown && place < bestRank) {
                best = entry;
                bestRank = place;
            }
        }
        menu.open = menu.open || words.length > 0;
        count.textContent = words.length === 0 ? counted : found + " of " + counted;
        select(words.length === 0 ? null : best);
        input.dataset.ms = (performance.now() - begin).toFixed(2);
    }

    function step(by) {
        const shown = entries.filter((entry) => entry.shown);
        if (shown.length > 0) {
            const at = selected ? shown.indexOf(selected) + by : by > 0 ? 0 : -1;
            select(shown[(at + shown.length) % shown.length]);
        }
    }

    input.addEventListener("input", search);
    input.addEventListener("keydown", (event) => {
        if (event.key === "ArrowDown" || event.key === "ArrowUp") {
            step(event.key === "ArrowDown" ? 1 : -1);
        } else if (event.key === "Enter" && selected) {
            selected.link.click();
        } else if (event.key === "Escape") {
            if (input.value) {
                input.value = "";
                search();
            } else {
                input.blur();
            }
        } else {
            return;
        }
        event.preventDefault();
    });
    document.addEventListener("keydown", (event) => {
        const typing = event.target.closest("input, textarea, select, [contenteditable]");
        if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
            event.preventDefault();
            input.focus();
            input.select();
        }
    });
    input.parentElement.hidden = false;

    // Deep links: open what hides the place, go there, and leave the keyboard there.

    function elementOf(hash) {
        const raw = hash.slice(1);
        return document.getElementById(raw) ?? document.getElementById(decoded(raw));
    }

    function goTo(hash) {
        if (hash.length < 2) {
            return;
        }
        const place = elementOf(hash);
        if (!place) {
            goToPage(hash);
            return;
        }
        for (let box = place; box; box = box.parentElement) {
            if (box.localName === "details") {
                box.open = true;
            }
        }
        if (place.tabIndex < 0 && !place.hasAttribute("tabindex")) {
            place.tabIndex = -1;
        }
        place.scrollIntoView({ block: "start", behavior: "instant" });
        place.focus({ preventScroll: true });
    }

    // The method may be on another page, which the list knows.
    function goToPage(hash) {
        const wanted = decoded(hash);
        let best = null;
        for (const { href } of entries) {
            const at = href.indexOf("#");
            const own = decoded(href.slice(at));
            const fits = wanted === own || wanted.startsWith(own + ".");
            if (at > 0 && fits && (!best || own.length > best.length)) {
                best = { page: href.slice(0, at), length: own.length };
            }
        }
        if (best) {
            location.replace(best.page + hash);
        }
    }

    window.addEventListener("hashchange", () => goTo(location.hash));
    document.addEventListener("click", (event) => {
        const link = event.target.closest("a[href^='#']");
        // Once more to where one is already: the browser tells of no change.
        if (link && link.getAttribute("href") === location.hash) {
            goTo(location.hash);
        }
    });
    goTo(location.hash);

    // Where the reader is, in the list.

    const byId = new Map(entries.map((entry) => [decoded(entry.href), entry]));
    const watcher = new IntersectionObserver(
        (seen) => {
            for (const { target, isIntersecting } of seen) {
                const entry = byId.get("#" + decoded(target.id));
                if (isIntersecting && entry && !input.value) {
                    select(entry);
                }
            }
        },
        { rootMargin: "-20% 0px -75% 0px" },
    );
    document.querySelectorAll(".method").forEach((method) => watcher.observe(method));

    // A list over the whole of a phone is in the way of what it lists.

    if (matchMedia("(max-width: 56rem)").matches && document.querySelector(".method")) {
        menu.open = false;
        menu.addEventListener("click", (event) => {
            menu.open = menu.open && !event.target.closest("a");
        });
    }

    // Copying.

    async function copy(button) {
        const text = button.previousElementSibling.textContent;
        try {
            await navigator.clipboard.writeText(text);
            button.textContent = "Copied";
        } catch {
            getSelection().selectAllChildren(button.previousElementSibling);
            button.textContent = "Selected";
        }
        setTimeout(() => (button.textContent = "Copy"), 1500);
    }

    for (const button of document.querySelectorAll(".copy")) {
        button.hidden = false;
        button.addEventListener("click", () => copy(button));
    }

    // Paper has nothing to open.

    let opened = [];
    window.addEventListener("beforeprint", () => {
        opened = Array.from(document.querySelectorAll("main details:not([open])"));
        opened.forEach((box) => (box.open = true));
    });
    window.addEventListener("afterprint", () => opened.forEach((box) => (box.open = false)));
})();
