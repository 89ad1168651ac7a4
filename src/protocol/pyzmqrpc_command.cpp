#include "protocol/pyzmqrpc_command.hpp"

#include "format/json/json.hpp"
#include "protocol/field_errors.hpp"
#include "protocol/pyzmqrpc.hpp"
#include "protocol/pyzmqrpc_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>

namespace warren::protocol {
namespace {

// Where a command's state stands in its JSON: under its key, the second item.
constexpr std::size_t state_path_steps = 2;

std::unexpected<Failure> not_read(std::string_view why, std::string_view type) {
    return std::unexpected{
        pyzmqrpc_undecodable("Could not interpret the unzipped contents", why, std::string{type})};
}

bool is_command(const Value& value) noexcept {
    return value.find(pyzmqrpc_command_key) != nullptr;
}

/// The class name and the state of a command.
/// out  nullptr for what is no command
const Value* parts_of(const Value& value) noexcept {
    if (!value.is_map() || value.as_map().size() != 1) {
        return nullptr;
    }
    const Value* parts = value.find(pyzmqrpc_command_key);
    const bool is_whole = parts != nullptr && parts->is_list() && parts->as_list().size() == 2 &&
                          parts->as_list()[0].is_text() && parts->as_list()[1].is_map();
    return is_whole ? parts->as_list().data() : nullptr;
}

/// Whether there is a command in a value, or it is one.
/// cost O(values); recursion as deep as the value, which the decoder limits
bool holds_command(const Value& value) noexcept {
    if (value.is_list()) {
        return std::ranges::any_of(value.as_list(), holds_command);
    }
    if (value.is_map()) {
        return is_command(value) || std::ranges::any_of(value.as_map(), [](const Member& member) {
                   return holds_command(member.value);
               });
    }
    return false;
}

/// A value with its commands replaced by their states.
/// out  nullopt where one has another shape
/// cost as `holds_command`, and memory of the arena for all of it
std::optional<Value> without_commands(const Value& value, Arena& arena) {
    if (value.is_list()) {
        const auto items = arena.array<Value>(value.as_list().size());
        for (std::size_t at = 0; at < items.size(); ++at) {
            const auto item = without_commands(value.as_list()[at], arena);
            if (!item) {
                return std::nullopt;
            }
            items[at] = *item;
        }
        return Value::list(items);
    }
    if (!value.is_map()) {
        return value;
    }
    if (is_command(value)) {
        const Value* const parts = parts_of(value);
        return parts != nullptr ? without_commands(parts[1], arena) : std::nullopt;
    }
    const auto members = arena.array<Member>(value.as_map().size());
    for (std::size_t at = 0; at < members.size(); ++at) {
        const auto& [key, content] = value.as_map()[at];
        const auto replaced = without_commands(content, arena);
        if (!replaced) {
            return std::nullopt;
        }
        members[at] = {key, *replaced};
    }
    return Value::map(members);
}

std::unexpected<Failure> not_written(format::EncodeError error) {
    const auto steps = std::min(error.location.size(), state_path_steps);
    error.location.erase(error.location.begin(),
                         error.location.begin() + static_cast<std::ptrdiff_t>(steps));
    return std::unexpected{format::to_failure(error)};
}

}  // namespace

std::expected<Call, Failure> pyzmqrpc_read_command(std::string_view json, Arena& arena,
                                                   const core::Limits& limits) {
    const auto value = format::json_decode(json, arena,
                                           {.depth_max = limits.nesting_depth_max,
                                            .value_count_max = limits.value_count_max,
                                            .numbers = format::JsonNumbers::python});
    if (!value) {
        return not_read(value.error().message, value.error().type);
    }
    const Value* const parts = parts_of(*value);
    if (parts == nullptr) {
        return not_read(R"(it is no {"_icmd_": [class name, state]} with an object for a state)",
                        "command_type");
    }
    const std::string_view name = parts[0].as_text();
    if (name.empty()) {
        return not_read("the class name is empty", "method_empty");
    }
    if (name.size() > limits.method_name_bytes_max) {
        return not_read(fmt::format("the class name has more than {} bytes (method_name_bytes_max)",
                                    limits.method_name_bytes_max),
                        "method_too_long");
    }
    Value state = parts[1];
    if (holds_command(state)) {
        const auto plain = without_commands(state, arena);
        if (!plain) {
            return not_read(
                R"(a nested command is no {"_icmd_": [class name, state]} with an object for a state)",
                "command_type");
        }
        state = *plain;
    }
    return Call{.method = name, .style = model::ArgumentStyle::named, .arguments = state};
}

std::expected<void, Failure> pyzmqrpc_write_command(const Call& call, std::string& json) {
    using model::ArgumentStyle;
    const bool is_nothing =
        call.arguments.is_null() || (call.arguments.is_list() && call.arguments.as_list().empty());
    const bool is_named = call.arguments.is_map() &&
                          (call.style == ArgumentStyle::named || call.style == ArgumentStyle::bare);
    if (!is_named && !is_nothing) {
        return std::unexpected{
            Failure{.code = Code::invalid_request,
                    .message = "The pyzmqrpc protocol takes arguments by name: give an object, "
                               "such as {\"name\": value}"}};
    }
    const std::array parts{Value::text(call.method), is_named ? call.arguments : Value::map({})};
    const std::array command{Member{Value::text(pyzmqrpc_command_key), Value::list(parts)}};
    if (auto written = format::json_encode_python(Value::map(command), json); !written) {
        return not_written(std::move(written.error()));
    }
    return {};
}

}  // namespace warren::protocol
