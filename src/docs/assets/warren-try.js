// "Try it" of the pages that `warren docs serve --try` shows: forms made of the contract, and calls
// through the server.

import { contract, load } from "./warren-try-contract.js";
import { fitting, PARTS_MAX, refit } from "./warren-try-build.js";
import { Exact, make, newId, parse, parseTyped, write } from "./warren-try-values.js";

// A form: the parts, the same as JSON, and what came of the last call.

class Form {
    constructor(place, method) {
        this.method = method;
        this.place = place;
        this.budget = PARTS_MAX;
        this.masks = false; // secrets, in what is shown
        this.isTyped = false; // what is set was typed here, so that secrets in it count
        this.sample = parse(place.dataset.sample);
        this.root = null;
        this.body = make("div", { className: "try-body" });
        this.json = make("textarea", {
            className: "try-json",
            rows: 8,
            spellcheck: false,
            "aria-label": "The request as JSON",
        });
        this.jsonError = make("p", { className: "try-error", id: newId(), hidden: true });
        this.result = make("div", { className: "try-result", role: "status" });
        this.send = make("button", { className: "try-send", textContent: "Send" });
        this.element = make(
            "form",
            { className: "try-form", noValidate: true },
            ...this.examples(),
            this.body,
            make(
                "details",
                { className: "try-raw" },
                make("summary", { textContent: "The request as JSON" }),
                this.json,
                this.jsonError,
            ),
            make(
                "div",
                { className: "try-actions" },
                this.send,
                make("kbd", { textContent: "Ctrl Enter", "aria-hidden": "true" }),
            ),
            this.result,
        );
        this.listen();
        this.fill(this.sample);
    }

    listen() {
        this.json.addEventListener("input", () => this.take());
        this.json.addEventListener("change", () => this.jsonError.hidden && this.show());
        // What is typed is taken as it is: were it left for this, the form could grow, and the
        // button be elsewhere before it is let go.
        this.send.addEventListener("mousedown", (event) => event.preventDefault());
        this.element.addEventListener("submit", (event) => {
            event.preventDefault();
            this.call();
        });
        this.element.addEventListener("keydown", (event) => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
                event.preventDefault();
                this.element.requestSubmit();
            }
        });
    }

    // What to begin with, where there is a choice.
    examples() {
        const examples = this.method.examples ?? [];
        if (examples.length === 0) {
            return [];
        }
        const id = newId();
        const select = make("select", { id });
        for (const example of examples) {
            select.append(make("option", { textContent: example.name }));
        }
        select.addEventListener("change", () => {
            this.fill(examples[select.selectedIndex].request);
        });
        const label = make("label", { for: id, textContent: "Example" });
        return [make("div", { className: "try-examples" }, label, select)];
    }

    fill(value) {
        const args = [this, "The request", this.method.request ?? {}, false, 0];
        if (this.root) {
            this.root = refit(this.root, args, value ?? undefined);
        } else {
            this.root = fitting(...args, value ?? undefined);
            this.body.append(this.root.element);
        }
        this.changed();
    }

    // The form was changed: so is the JSON.
    changed() {
        this.budget = PARTS_MAX;
        if (this.root && !this.isTyped) {
            this.show();
        }
    }

    show() {
        this.jsonError.hidden = true;
        this.json.removeAttribute("aria-invalid");
        this.masks = true;
        this.json.value = write(this.root.get() ?? null);
        this.masks = false;
    }

    // The JSON was changed: so is the form.
    take() {
        this.isTyped = true;
        try {
            this.fill(parseTyped(this.json.value));
            this.jsonError.hidden = true;
            this.json.removeAttribute("aria-invalid");
        } catch (error) {
            this.jsonError.hidden = false;
            const isNone = error instanceof SyntaxError;
            this.jsonError.textContent = (isNone ? "This is no JSON yet: " : "") + error.message;
            this.json.setAttribute("aria-invalid", "true");
            this.json.setAttribute("aria-describedby", this.jsonError.id);
        } finally {
            this.isTyped = false;
        }
    }

    forget() {
        for (const error of this.element.querySelectorAll(".try-error")) {
            error.hidden = true;
            error.replaceChildren();
        }
        for (const invalid of this.element.querySelectorAll("[aria-invalid]")) {
            invalid.removeAttribute("aria-invalid");
            invalid.removeAttribute("aria-describedby");
        }
        this.result.replaceChildren();
    }

    async call() {
        if (this.send.disabled) {
            return;
        }
        if (!this.jsonError.hidden) {
            this.json.focus();
            return;
        }
        const refused = [...this.element.querySelectorAll(".try-refused")];
        const first = refused.find((target) => !target.closest("[hidden]"));
        if (first) {
            first.focus();
            return;
        }
        this.forget();
        const name = JSON.stringify(this.method.name);
        const body = `{"method":${name},"request":${write(this.root.get() ?? null, null)}}`;
        for (const secret of this.element.querySelectorAll("input[type=password]")) {
            secret.value = "";
        }
        this.show();
        this.send.disabled = true;
        this.result.append(make("p", { className: "note", textContent: "Calling …" }));
        try {
            this.tell(await post(body));
        } catch (error) {
            this.tell({ refused: error.message });
        }
        this.send.disabled = false;
    }

    tell(outcome) {
        this.result.replaceChildren();
        if (outcome.refused !== undefined) {
            this.head("warn", "not sent");
            this.say(outcome.refused);
            return;
        }
        const ms = Number(outcome.seconds) * 1000;
        const time = ms < 10 ? ms.toFixed(1) + " ms" : Math.round(ms) + " ms";
        if (outcome.code === undefined) {
            this.head("good", "success", time);
            (outcome.parts ?? []).forEach((part, at) => this.showJson(part, `Part ${at + 1}`));
            if (outcome.has_more_parts) {
                this.say("There were more parts; the call was given up.");
            } else {
                this.showJson(outcome.result, "Response");
            }
            return;
        }
        this.head("warn", outcome.code, time);
        this.say(outcome.message);
        this.tellFields(outcome.fields ?? []);
        if (outcome.says !== undefined) {
            this.say("The other side says: " + outcome.says);
        }
        if (outcome.retry_after_ms !== undefined) {
            this.say("Try again after " + outcome.retry_after_ms + " ms.");
        }
        if (outcome.data !== undefined) {
            this.showJson(outcome.data, "Data");
        }
    }

    head(kind, text, time) {
        const badge = make("span", { className: "badge " + kind, textContent: text });
        const line = make("p", { className: "try-outcome" }, badge);
        if (time !== undefined) {
            line.append(make("span", { className: "note", textContent: time }));
        }
        this.result.append(line);
    }

    say(text) {
        this.result.append(make("p", { className: "prose", textContent: text }));
    }

    showJson(value, label) {
        const code = make("code", { textContent: write(value) });
        const pre = make("pre", { tabIndex: 0, role: "region", "aria-label": label }, code);
        this.result.append(pre);
    }

    // Each at the deepest part that its path leads to; the list names all of them.
    tellFields(fields) {
        const list = make("ul", { className: "failures" });
        let first = null;
        for (const { path, message } of fields) {
            let part = this.root;
            for (const step of path) {
                const next = part.at(step instanceof Exact ? Number(step) : step);
                if (!next) {
                    break;
                }
                part = next;
            }
            const target = part.fail(message);
            first ??= target;
            const place = make("code", { textContent: placeOf(path) });
            list.append(make("li", {}, place, " " + message));
        }
        if (first) {
            this.result.append(list);
            first.focus();
        }
    }
}

function placeOf(path) {
    const steps = path.map((step) => (step instanceof Exact ? `[${step}]` : "." + step));
    return steps.join("").replace(/^\./, "") || "request";
}

// One call, with a token for it alone.
async function post(body) {
    const answered = async (answer) => {
        const text = await answer.text();
        try {
            return parse(text);
        } catch {
            throw new Error(text.trim() || "The server answered " + answer.status);
        }
    };
    const given = await answered(await fetch("try", { headers: { "X-Warren-Try": "token" } }));
    if (given.token === undefined) {
        return given;
    }
    const headers = { "Content-Type": "application/json", "X-Warren-Try": given.token };
    return answered(await fetch("try", { method: "POST", headers, body }));
}

async function open(place, opener) {
    opener.disabled = true;
    try {
        await load();
        const name = decodeURIComponent(place.dataset.method);
        const method = contract.methods.get(name);
        if (!method) {
            throw new Error("The contract has changed: load this page again");
        }
        const form = new Form(place, method);
        opener.replaceWith(form.element);
        form.element.querySelector("input, select, textarea, button").focus();
    } catch (error) {
        opener.disabled = false;
        opener.textContent = error.message + ": try again";
    }
}

for (const place of document.querySelectorAll(".try")) {
    const opener = place.querySelector(".try-open");
    place.hidden = false;
    opener.addEventListener("click", () => open(place, opener));
    const href = "#" + encodeURIComponent(place.querySelector("h3").id);
    const link = make("a", { className: "badge try-link", href, textContent: "Try it" });
    place.closest(".method").querySelector("h2").append(link);
}

// A link to what was hidden until now.
if (location.hash.endsWith(".try")) {
    window.dispatchEvent(new Event("hashchange"));
}
