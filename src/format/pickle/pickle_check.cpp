#include "format/pickle/pickle_globals.hpp"
#include "format/pickle/pickle_machine.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace warren::format {
namespace {

using Kind = PickleValue::Kind;

/// What a part comes to with everything in it, where what is shared counts each time.
struct Totals {
    std::uint64_t values = 0;
    std::uint64_t text_bytes = 0;
    std::size_t height = 0;
    bool complete = false;
};

/// A part whose items are looked at.
struct Step {
    PickleParts* parts = nullptr;
    std::uint32_t next = 0;
};

/// Walks over the graph that was built, each part once, so that nobody who walks over it as over a
/// tree finds more than the limits allow, and everybody comes to an end.
class PickleCheck {
public:
    enum class Fault : std::uint8_t { none, cycle, depth, count, text, callable };

    explicit PickleCheck(const PickleLimits& limits) noexcept : limits_{limits} {}

    Fault walk(PickleValue root);
    PickleValue callable() const noexcept { return callable_; }

private:
    Fault visit(PickleValue value);
    Fault enter(PickleParts& parts);
    Fault add(const Totals& part);
    Fault leave();

    const PickleLimits& limits_;
    PickleValue callable_;
    Totals sum_{};                // of what is not in a part
    std::vector<Totals> totals_;  // by `PickleParts::visit` - 1
    std::vector<Step> way_;
};

PickleCheck::Fault PickleCheck::walk(PickleValue root) {
    Fault fault = visit(root);
    while (fault == Fault::none && !way_.empty()) {
        Step& step = way_.back();
        fault = step.next == step.parts->size ? leave() : visit(step.parts->items[step.next++]);
    }
    return fault;
}

PickleCheck::Fault PickleCheck::visit(PickleValue value) {
    switch (value.kind()) {
    case Kind::none:
    case Kind::boolean:
    case Kind::integer:
    case Kind::float64:
        return add({.values = 1});
    case Kind::text:
        return add({.values = 1, .text_bytes = value.as_text().size()});
    case Kind::big_integer:
    case Kind::bytes:
    case Kind::byte_array:
        return add({.values = 1, .text_bytes = value.as_bytes().size()});
    case Kind::list:
    case Kind::tuple:
    case Kind::dict:
    case Kind::set:
    case Kind::frozen_set:
    case Kind::instance:
    case Kind::exception:
        return enter(value.parts());
    case Kind::callable:
        break;
    }
    callable_ = value;
    return Fault::callable;
}

PickleCheck::Fault PickleCheck::enter(PickleParts& parts) {
    if (parts.visit != 0) {
        const Totals& known = totals_[parts.visit - 1];
        return known.complete ? add(known) : Fault::cycle;
    }
    if (way_.size() == limits_.depth_max) {
        return Fault::depth;
    }
    if (totals_.size() == limits_.value_count_max) {
        return Fault::count;
    }
    totals_.push_back({.values = 1, .height = 1});
    parts.visit = static_cast<std::uint32_t>(totals_.size());
    way_.push_back({.parts = &parts});
    return Fault::none;
}

/// Add what stands in the innermost part that is looked at.
PickleCheck::Fault PickleCheck::add(const Totals& part) {
    Totals& around = way_.empty() ? sum_ : totals_[way_.back().parts->visit - 1];
    around.values += part.values;
    around.text_bytes += part.text_bytes;
    around.height = std::max(around.height, part.height + 1);
    if (way_.size() + part.height > limits_.depth_max) {
        return Fault::depth;
    }
    if (around.values > limits_.value_count_max) {
        return Fault::count;
    }
    return around.text_bytes > limits_.text_bytes_max ? Fault::text : Fault::none;
}

PickleCheck::Fault PickleCheck::leave() {
    Totals& known = totals_[way_.back().parts->visit - 1];
    known.complete = true;
    way_.pop_back();
    return add(known);
}

}  // namespace

bool PickleMachine::check(PickleValue root) {
    PickleCheck check{limits_};
    switch (check.walk(root)) {
    case PickleCheck::Fault::none:
        return true;
    case PickleCheck::Fault::cycle:
        return refuse("pickle_cycle", "a value is a part of itself");
    case PickleCheck::Fault::depth:
        return refuse(
            "depth_over_limit",
            fmt::format("nested deeper than {} levels (nesting_depth_max)", limits_.depth_max));
    case PickleCheck::Fault::count:
        return refuse("count_over_limit", fmt::format("more than {} values (value_count_max)",
                                                      limits_.value_count_max));
    case PickleCheck::Fault::text:
        return text_over_limit();
    case PickleCheck::Fault::callable:
        break;
    }
    return refuse_use(check.callable(), "is sent as a value");
}

}  // namespace warren::format
