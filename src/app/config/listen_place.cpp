#include "app/config/sections.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

namespace warren::app {
namespace {

constexpr std::string_view socket_prefix = "systemd:";
constexpr std::size_t socket_name_bytes_max = 255;  // [systemd.socket(5), FileDescriptorName=]

bool is_socket_name(std::string_view name) {
    return !name.empty() && name.size() <= socket_name_bytes_max &&
           std::ranges::all_of(
               name, [](char letter) { return ' ' <= letter && letter <= '~' && letter != ':'; });
}

std::optional<ListenPlace> socket_named(const ConfigNode& node, std::string name) {
    if (!is_socket_name(name)) {
        node.fail(
            "expected systemd:NAME, the FileDescriptorName= of a .socket unit, in which is "
            "no colon");
        return std::nullopt;
    }
    return ListenPlace{.socket_name = std::move(name)};
}

}  // namespace

std::optional<ListenPlace> read_listen_place(const ConfigNode& node) {
    if (node.is_map()) {
        ConfigMap map{node};
        const auto descriptor = map.require("fd");
        auto name = descriptor ? descriptor->text() : std::nullopt;
        return name ? socket_named(node, std::move(*name)) : std::nullopt;
    }
    auto text = node.text();
    if (!text) {
        return std::nullopt;
    }
    return text->starts_with(socket_prefix) ? socket_named(node, text->substr(socket_prefix.size()))
                                            : ListenPlace{.address = std::move(*text)};
}

}  // namespace warren::app
