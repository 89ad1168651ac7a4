#include "app/config/substitute.hpp"

#include <cstddef>
#include <cstdlib>

namespace warren::app {
namespace {

constexpr std::string_view name_characters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";

bool is_variable_name(std::string_view name) {
    return !name.empty() && (name.front() < '0' || name.front() > '9') &&
           name.find_first_not_of(name_characters) == std::string_view::npos;
}

}  // namespace

std::expected<Substituted, std::string> substitute_environment(std::string_view text) {
    Substituted result;
    for (std::size_t at = 0; at < text.size();) {
        const std::string_view rest = text.substr(at);
        if (rest.starts_with("$${")) {
            result.text += "${";
            at += 3;
        } else if (rest.starts_with("${")) {
            const std::size_t end = rest.find('}');
            if (end == std::string_view::npos) {
                return std::unexpected{"'${' without a '}' (write '$${' for the text '${')"};
            }
            const std::string name{rest.substr(2, end - 2)};
            if (!is_variable_name(name)) {
                return std::unexpected{"'${...}' must hold the name of an environment variable"};
            }
            const char* value = std::getenv(name.c_str());
            if (value == nullptr) {
                return std::unexpected{"environment variable '" + name + "' is not set"};
            }
            result.text += value;
            result.changed = true;
            at += end + 1;
        } else {
            result.text += text[at++];
        }
    }
    return result;
}

}  // namespace warren::app
