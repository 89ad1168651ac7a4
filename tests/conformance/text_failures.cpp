#include "conformance/text_failures.hpp"

#include <warren/error.hpp>

#include <algorithm>
#include <array>

namespace warren::conformance {
namespace {

constexpr std::string_view arrow = " -> ";
constexpr std::string_view next_error = " | ";
constexpr std::string_view whole_request = "(all): ";
constexpr std::string_view declined = "no success ";
constexpr std::string_view found_by_the_client = "Not sent";
constexpr std::array codes_of_the_server{Code::invalid_request, Code::conflict, Code::failed,
                                         Code::internal};

/// out  whether a server's failure stands here
bool is_of_the_server(std::string_view outcome, std::string_view message) {
    const auto code = code_named(outcome.substr(0, outcome.find(' ')));
    return code && std::ranges::find(codes_of_the_server, *code) != codes_of_the_server.end() &&
           !message.starts_with(found_by_the_client);
}

/// "; "-joined, of " | location: message [type]" each.
std::string joined(std::string_view errors) {
    std::string text;
    while (errors.starts_with(next_error)) {
        errors.remove_prefix(next_error.size());
        std::string_view error = errors.substr(0, errors.find(next_error));
        errors.remove_prefix(error.size());
        error = error.substr(0, error.rfind(" ["));
        if (error.starts_with(whole_request)) {
            error.remove_prefix(whole_request.size());
        }
        text.append(text.empty() ? ": " : "; ").append(error);
    }
    return text;
}

std::string as_exception(std::string_view type, std::string_view message) {
    return " {\"type\":\"" + std::string{type} + "\",\"args\":[\"" + std::string{message} + "\"]}";
}

/// Whether what is said is of the arguments as such, which is a TypeError.
bool is_of_arguments(std::string_view errors) {
    constexpr std::array types{" [missing]", " [too_many_arguments]", " [extra_forbidden]",
                               " [multiple_values]", " [arguments_type]"};
    while (errors.starts_with(next_error)) {
        errors.remove_prefix(next_error.size());
        const std::string_view error = errors.substr(0, errors.find(next_error));
        errors.remove_prefix(error.size());
        const bool is_inner =
            error.substr(0, error.find(": ")).find_first_of(".[", 1) != std::string_view::npos;
        if (!is_inner && std::ranges::any_of(types, [error](std::string_view type) {
                return error.ends_with(type);
            })) {
            return true;
        }
    }
    return false;
}

}  // namespace

std::string as_exception_failure(std::string_view line) {
    const std::size_t begin = line.find(arrow) + arrow.size();
    const std::string_view outcome = line.substr(begin);
    const std::size_t quote = outcome.find('"');
    const std::size_t end = outcome.find('"', quote + 1);
    if (quote == std::string_view::npos || end == std::string_view::npos) {
        return std::string{line};
    }
    const std::string_view message = outcome.substr(quote + 1, end - quote - 1);
    const std::string head{line.substr(0, begin + end + 1)};
    if (outcome.starts_with(declined)) {
        return head + as_exception("RuntimeError", message);
    }
    if (!is_of_the_server(outcome, message)) {
        return std::string{line};
    }
    const std::string_view errors = outcome.substr(end + 1);
    const std::string whole = std::string{message} + joined(errors);
    const bool is_failed = outcome.starts_with(name_of(Code::failed));
    return std::string{line.substr(0, begin + quote + 1)} + whole + '"' +
           (is_failed                 ? as_exception("RuntimeError", whole)
            : is_of_arguments(errors) ? as_exception("TypeError", whole)
                                      : std::string{});
}

std::string as_text_failure(std::string_view line) {
    const std::size_t begin = line.find(arrow) + arrow.size();
    const std::string_view outcome = line.substr(begin);
    const std::size_t quote = outcome.find('"');
    const std::size_t end = outcome.find('"', quote + 1);
    if (quote == std::string_view::npos || end == std::string_view::npos) {
        return std::string{line};
    }
    const std::string_view message = outcome.substr(quote + 1, end - quote - 1);
    std::string text{line.substr(0, begin)};
    if (outcome.starts_with(declined)) {
        return text.append(declined).append(outcome.substr(quote, end + 1 - quote)) + " null";
    }
    if (!is_of_the_server(outcome, message)) {
        return std::string{line};
    }
    return text.append("failed \"").append(message) + joined(outcome.substr(end + 1)) + '"';
}

}  // namespace warren::conformance
