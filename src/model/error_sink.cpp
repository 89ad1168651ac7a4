#include "model/error_sink.hpp"

#include "core/utf8.hpp"
#include "model/bind.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

namespace warren::model {
namespace {

constexpr std::size_t step_bytes_max = 256;  // of a peer's key that goes back to the peer

std::vector<PathStep> steps_to(const Location& at) {
    std::vector<PathStep> steps;
    for (const Location* step = &at; step != nullptr; step = step->before) {
        switch (step->step) {
        case Location::Step::root:
            break;
        case Location::Step::name:
            if (step->name.size() > step_bytes_max || !core::utf8_valid(step->name)) {
                steps.emplace_back(core::text_for_display(step->name, step_bytes_max));
            } else {
                steps.emplace_back(std::string{step->name});
            }
            break;
        case Location::Step::index:
            steps.emplace_back(step->index);
            break;
        }
    }
    std::ranges::reverse(steps);
    return steps;
}

/// Whether one is the other, or inside of it.
bool overlap(const std::vector<PathStep>& one, const std::vector<PathStep>& other) {
    const auto [in_one, in_other] = std::ranges::mismatch(one, other);
    return in_one == one.end() || in_other == other.end();
}

}  // namespace

void ErrorSink::append(ErrorSink other) {
    const std::size_t known = errors_.size();
    for (FieldError& error : other.errors_) {
        const bool told = std::ranges::any_of(
            std::span{errors_}.first(known),
            [&error](const FieldError& here) { return overlap(here.location, error.location); });
        if (!told && !count_only()) {
            errors_.push_back(std::move(error));
        }
    }
    count_ += other.count_ - other.errors_.size();
}

std::vector<FieldError> ErrorSink::take_listed() {
    if (count_ > errors_.size()) {
        errors_.push_back(
            {.location = {},
             .message = fmt::format("{} more errors are not listed", count_ - errors_.size()),
             .type = "too_many_errors"});
    }
    return std::move(errors_);
}

bool ErrorSink::count_only() noexcept {
    ++count_;
    return in_attempt_ || count_ > field_errors_max;
}

void ErrorSink::list(const Location& at, std::string_view type, std::string message) {
    errors_.push_back(
        {.location = steps_to(at), .message = std::move(message), .type = std::string{type}});
}

}  // namespace warren::model
