#include "contract/diff.hpp"

#include "contract/diff_types.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

namespace warren::contract {
namespace {

std::string path_of(const MethodDocument& method, std::string_view below = {}) {
    return "methods" + path_member(method.name) + std::string{below};
}

/// Compares methods, and hands their types to `TypeDiff`.
class MethodDiff {
public:
    MethodDiff(const Document& before, const Document& after, ChangeList& changes)
        : before_{before},
          after_{after},
          changes_{changes},
          requests_{before, after, Flow::to_server, changes},
          answers_{before, after, Flow::to_client, changes} {}

    void compare_all() {
        for (const MethodDocument& method : before_.methods) {
            if (const MethodDocument* other = after_.find_method(method.name)) {
                compare(method, *other);
            } else {
                add(method, Verdict::breaking, {}, "The method was removed.",
                    "Keep it, deprecated, until nobody calls it.");
            }
        }
        for (const MethodDocument& method : after_.methods) {
            if (before_.find_method(method.name) == nullptr) {
                changes_.add({.verdict = Verdict::compatible,
                              .direction = Direction::method,
                              .method = method.name,
                              .path = path_of(method),
                              .what = "A new method.",
                              .remedy = {},
                              .is_new = true});
            }
        }
    }

private:
    void compare(const MethodDocument& before, const MethodDocument& after) {
        compare_requests(before, after);
        answers_.compare(before.response, after.response,
                         {before.name, Direction::response, path_of(before, ".response")});
        compare_parts(before, after);
        compare_failures(before, after);
        compare_promises(before, after);
    }

    void compare_requests(const MethodDocument& before, const MethodDocument& after) {
        const DiffRoot root{before.name, Direction::request, path_of(before, ".request")};
        const bool took_nothing = before.request.kind == Type::Kind::nothing;
        const bool takes_nothing = after.request.kind == Type::Kind::nothing;
        const bool needs_nothing =
            has_no_field(before_, before.request, [](const FieldDocument&) { return true; }) ||
            has_no_field(after_, after.request, &FieldDocument::required);
        if (took_nothing != takes_nothing && needs_nothing) {
            // An object without members, which most protocols have for it, is taken by both.
            add(before, took_nothing ? Verdict::risky : Verdict::compatible, ".request",
                took_nothing ? "It has fields now, which may all be left out: but null, which some "
                               "protocols send for no request, is refused."
                             : "It has no fields any more.",
                "Offer what has fields as another method.", Direction::request);
            return;
        }
        requests_.compare(before.request, after.request, root);
    }

    template <typename Predicate>
    static bool has_no_field(const Document& document, const DataType& type, Predicate counts) {
        const ModelDocument* model =
            type.kind == Type::Kind::model ? document.find_model(type.reference) : nullptr;
        return model != nullptr && std::ranges::none_of(model->fields, counts);
    }

    void compare_parts(const MethodDocument& before, const MethodDocument& after) {
        if (before.part && after.part) {
            answers_.compare(*before.part, *after.part,
                             {before.name, Direction::part, path_of(before, ".part")});
        } else if (before.part) {
            add(before, Verdict::breaking, ".part", "It sends no parts any more.",
                "Go on sending parts, or answer the whole in another method.", Direction::part);
        } else if (after.part) {
            // Whoever asks for no parts gets the response alone.
            add(before, Verdict::compatible, ".part", "It sends parts now to who asks for them.",
                {}, Direction::part);
        }
    }

    void compare_failures(const MethodDocument& before, const MethodDocument& after);
    void compare_failure_data(const MethodDocument& method, const FailureDocument& before,
                              const FailureDocument& after);
    const FailureDocument* counterpart(const FailureDocument& failure,
                                       const std::vector<FailureDocument>& others);
    void compare_locks(const MethodDocument& before, const MethodDocument& after);
    void compare_promises(const MethodDocument& before, const MethodDocument& after);

    void add(const MethodDocument& method, Verdict verdict, std::string_view below,
             std::string what, std::string_view remedy = {},
             Direction direction = Direction::method) {
        changes_.add(
            {.verdict = verdict,
             .direction = direction,
             .method = method.name,
             .path = path_of(method, below),
             .what = std::move(what),
             .remedy = verdict == Verdict::compatible ? std::string{} : std::string{remedy}});
    }

    const Document& before_;
    const Document& after_;
    ChangeList& changes_;
    TypeDiff requests_;
    TypeDiff answers_;
};

std::string failure_path(const FailureDocument& failure) {
    return ".failures" + path_member(name_of(failure.code));
}

void MethodDiff::compare_failures(const MethodDocument& before, const MethodDocument& after) {
    std::vector<const FailureDocument*> kept;
    for (const FailureDocument& failure : after.failures) {
        const FailureDocument* old_one = counterpart(failure, before.failures);
        if (old_one == nullptr) {
            add(before, Verdict::risky, failure_path(failure),
                "It may answer this failure now, which old callers may not expect.",
                "Answer a failure that callers know, or see that they deal with any.",
                Direction::failure);
            continue;
        }
        kept.push_back(old_one);
        compare_failure_data(before, *old_one, failure);
    }
    for (const FailureDocument& failure : before.failures) {
        if (std::ranges::find(kept, &failure) == kept.end()) {
            add(before, Verdict::compatible, failure_path(failure),
                "It does not answer this failure any more.", {}, Direction::failure);
        }
    }
}

/// Of several failures with one code the one that a new one is, as far as clients can tell.
const FailureDocument* MethodDiff::counterpart(const FailureDocument& failure,
                                               const std::vector<FailureDocument>& others) {
    const auto rank = [&](const FailureDocument& other) {
        const Verdict verdict = !other.data    ? Verdict::compatible
                                : failure.data ? answers_.judge(*other.data, *failure.data)
                                               : Verdict::breaking;
        return std::tuple{verdict, other.data.has_value() != failure.data.has_value(),
                          other.description != failure.description};
    };
    const FailureDocument* best = nullptr;
    for (const FailureDocument& other : others) {
        if (other.code == failure.code && (best == nullptr || rank(other) < rank(*best))) {
            best = &other;
        }
    }
    return best;
}

void MethodDiff::compare_failure_data(const MethodDocument& method, const FailureDocument& before,
                                      const FailureDocument& after) {
    const std::string below = failure_path(before);
    if (before.data && after.data) {
        answers_.compare(*before.data, *after.data,
                         {method.name, Direction::failure, path_of(method, below)});
    } else if (before.data) {
        add(method, Verdict::breaking, below, "It comes without data now.",
            "Go on sending its data.", Direction::failure);
    } else if (after.data) {
        add(method, Verdict::compatible, below, "It comes with data now.", {}, Direction::failure);
    }
}

/// Whom calls of a method wait for.
std::string waited_for(const MethodDocument& method) {
    const std::string lock =
        method.lock_name.empty() ? std::string{} : " of the lock " + in_quotes(method.lock_name);
    if (method.runs_alone) {
        return "all others" + (lock.empty() ? " of the method" : lock + " that run alone");
    }
    return method.lock_field.empty()
               ? "no others"
               : "others with an equal " + in_quotes(method.lock_field) + lock;
}

void MethodDiff::compare_locks(const MethodDocument& before, const MethodDocument& after) {
    if (before.lock_field == after.lock_field && before.lock_name == after.lock_name) {
        return;
    }
    // Where calls wait for more than before, callers notice that they wait, and that alone.
    const bool is_more = before.lock_name.empty() &&
                         (before.lock_field.empty() || before.lock_field == after.lock_field);
    add(before, is_more ? Verdict::compatible : Verdict::risky, ".lock",
        fmt::format("Calls waited for {}, and wait for {} now.", waited_for(before),
                    waited_for(after)),
        "See that no caller relies on the order of calls.");
}

/// What a method says of how it is done.
void MethodDiff::compare_promises(const MethodDocument& before, const MethodDocument& after) {
    if (before.is_idempotent != after.is_idempotent) {
        add(before, after.is_idempotent ? Verdict::compatible : Verdict::risky, ".idempotent",
            after.is_idempotent ? "Doing it twice is the same as doing it once now."
                                : "Doing it twice is not the same as doing it once any more.",
            "See that no caller and no buffer sends a call again.");
    }
    if (before.runs_alone != after.runs_alone) {
        add(before, Verdict::risky, ".runs_alone",
            after.runs_alone ? "All its calls wait for each other now."
                             : "Its calls do not wait for each other any more.",
            after.runs_alone ? "See that callers wait long enough."
                             : "See that no caller relies on it.");
    }
    compare_locks(before, after);
    if (before.runs_on_io_thread != after.runs_on_io_thread) {
        add(before, Verdict::compatible, ".execution",
            after.runs_on_io_thread ? "It runs on the I/O thread now."
                                    : "It runs on a worker's thread now.");
    }
    if (before.deprecated.has_value() != after.deprecated.has_value()) {
        add(before, Verdict::compatible, ".deprecated",
            after.deprecated ? "It is deprecated now." : "It is not deprecated any more.");
    }
}

/// Compares where methods are served.
class ListenerDiff {
public:
    explicit ListenerDiff(ChangeList& changes) noexcept : changes_{changes} {}

    void compare_all(const Document& before, const Document& after) {
        for (const ListenerDocument& listener : before.listeners) {
            if (const ListenerDocument* other = find(after, listener)) {
                compare(listener, *other, after);
            } else {
                add(listener, Verdict::risky, "Nothing is served there any more.",
                    "Go on serving there, or tell callers the new address.");
            }
        }
        for (const ListenerDocument& listener : after.listeners) {
            if (find(before, listener) == nullptr) {
                add(listener, Verdict::compatible, "Methods are served there now.");
            }
        }
    }

private:
    static auto key_of(const ListenerDocument& listener) {
        return std::tie(listener.address, listener.protocol, listener.exchange, listener.queue,
                        listener.virtual_host);
    }

    static const ListenerDocument* find(const Document& document,
                                        const ListenerDocument& listener) {
        const auto found = std::ranges::find_if(document.listeners, [&](const auto& other) {
            return key_of(other) == key_of(listener);
        });
        return found == document.listeners.end() ? nullptr : &*found;
    }

    void compare(const ListenerDocument& before, const ListenerDocument& after,
                 const Document& document) {
        if (before.has_one_method != after.has_one_method) {
            add(before, Verdict::breaking,
                after.has_one_method ? "It serves one method now, whatever calls name."
                                     : "Calls have to name their method now.",
                "Serve it at an address of its own.");
        }
        if (!before.is_mock && after.is_mock) {
            add(before, Verdict::risky, "It answers mock data now.", "Serve mock data elsewhere.");
        }
        for (const std::string& method : before.methods) {
            // One that is gone altogether was said to be.
            if (std::ranges::find(after.methods, method) == after.methods.end() &&
                (before.has_one_method || document.find_method(method) != nullptr)) {
                add(before, Verdict::breaking, in_quotes(method) + " is not served there any more.",
                    "Go on serving it there.");
            }
        }
    }

    void add(const ListenerDocument& listener, Verdict verdict, std::string what,
             std::string_view remedy = {}) {
        const std::string place =
            listener.queue.empty() ? listener.address : listener.address + " " + listener.queue;
        changes_.add({.verdict = verdict,
                      .direction = Direction::method,
                      .method = {},
                      .path = "listeners[" + in_quotes(place) + "]",
                      .what = std::move(what),
                      .remedy = std::string{remedy}});
    }

    ChangeList& changes_;
};

}  // namespace

Diff diff(const Document& before, const Document& after) {
    ChangeList changes;
    MethodDiff{before, after, changes}.compare_all();
    if (!before.listeners.empty() && !after.listeners.empty()) {
        ListenerDiff{changes}.compare_all(before, after);
    }
    return changes.take();
}

}  // namespace warren::contract
