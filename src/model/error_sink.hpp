#pragma once

#include <warren/error.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace warren::model {

/// One step of the way to where an interpreter is, linked to the steps before it. The chain lives
/// on the stack, so that a valid request costs no allocation for it.
struct Location {
    enum class Step : std::uint8_t { root, name, index };

    const Location* before = nullptr;
    Step step = Step::root;
    std::string_view name{};
    std::size_t index = 0;

    Location in(std::string_view member) const noexcept { return {this, Step::name, member, 0}; }
    Location in(std::size_t item) const noexcept { return {this, Step::index, {}, item}; }
};

/// Where errors go: they are listed up to a limit and counted past it.
class ErrorSink {
public:
    void add(const Location& at, std::string_view type, std::string_view message) {
        if (count_only()) {
            return;
        }
        list(at, type, std::string{message});
    }

    /// The same with a message that is made only when it is listed.
    template <std::invocable Message>
    void add(const Location& at, std::string_view type, Message&& message) {
        if (count_only()) {
            return;
        }
        list(at, type, std::forward<Message>(message)());
    }

    std::size_t count() const noexcept { return count_; }

    /// Whether errors are counted only, inside of an attempt.
    bool counting_only() const noexcept { return in_attempt_; }

    /// Whether going on is of no use: inside of an attempt the first error decides.
    bool decided() const noexcept { return in_attempt_ && count_ != 0; }

    /// Add what another sink has, apart from what is about a place that has an error here, or
    /// about what is inside or around such a place.
    void append(ErrorSink other);

    std::vector<FieldError> take() {
        return count_ == 0 ? std::vector<FieldError>{} : take_listed();
    }

    /// While it lives, errors are counted from zero and not listed; afterwards all is as before.
    class Attempt {
    public:
        explicit Attempt(ErrorSink& sink) noexcept
            : sink_{sink}, count_{sink.count_}, in_attempt_{sink.in_attempt_} {
            sink.count_ = 0;
            sink.in_attempt_ = true;
        }
        ~Attempt() {
            sink_.count_ = count_;
            sink_.in_attempt_ = in_attempt_;
        }
        Attempt(const Attempt&) = delete;
        Attempt& operator=(const Attempt&) = delete;

    private:
        ErrorSink& sink_;
        std::size_t count_;
        bool in_attempt_;
    };

private:
    bool count_only() noexcept;
    void list(const Location& at, std::string_view type, std::string message);
    std::vector<FieldError> take_listed();

    std::vector<FieldError> errors_;
    std::size_t count_ = 0;
    bool in_attempt_ = false;
};

}  // namespace warren::model
