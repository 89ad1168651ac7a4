#pragma once

#include "contract/document.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace warren::contract {

/// What a change is to callers who were built from the old contract.
enum class Verdict : std::uint8_t {
    compatible,  // all that they send is taken, and all that they get is what they know
    risky,       // it may be, but the contract cannot say: a default, a pattern, a check in code
    breaking,    // something that they may send is refused, or that they may get is not known
};

/// Which way what has changed goes.
enum class Direction : std::uint8_t { method, request, response, part, failure };

struct Change {
    Verdict verdict = Verdict::compatible;
    Direction direction = Direction::method;
    std::string method;   // its name; empty: of a listener
    std::string path;     // such as "methods.dx_example.request.chance_percentage"
    std::string what;     // a sentence
    std::string remedy;   // what to do instead; empty: compatible
    bool is_new = false;  // the method was not there before
};

struct Diff {
    std::vector<Change> changes{};  // by method, then path; the worst first where both are alike
    // Of all changes, also of those that are not listed.
    std::size_t breaking = 0;
    std::size_t risky = 0;
    std::size_t compatible = 0;
    std::size_t not_listed = 0;
};

/// What one comparison lists: past it changes are only counted.
inline constexpr std::size_t changes_max = 20'000;

/// Hold a contract against the one before it. What is sent to a server may become more, what it
/// answers may become less. Names of models, descriptions and examples are no changes.
/// in   both as `document_of` or `from_json` give them. Listeners are compared only when both
///      documents tell of some.
/// out  what is compatible has two sides that Warren's binder holds together: old requests bind in
///      the new server, and new responses, parts and data of failures in the old client
/// cost O(methods x what each refers to)          thread any
Diff diff(const Document& before, const Document& after);

/// A line for each change with its path and sentence, one with the remedy where there is one, and a
/// summary at the end.
std::string to_text(const Diff& changes);
/// The same as a JSON object: `breaking`, `risky` and `compatible` (numbers), `not_listed` where it
/// is not 0, and `changes`.
std::string to_json(const Diff& changes);

}  // namespace warren::contract
