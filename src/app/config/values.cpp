#include "app/config/values.hpp"

#include "app/config/node.hpp"
#include "app/read_file.hpp"
#include "core/uri.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

namespace warren::app {
namespace {

constexpr std::size_t content_bytes_max = std::size_t{1} << 20;

/// Of configurations and of addresses: what names a file that is read, and not one that is
/// owners_of_written_files.
constexpr std::array<std::string_view, 11> names_of_read_files{
    "certificate",    "key",
    "client_ca",      "ca",
    "cacertfile",     "certfile",
    "keyfile",        "key_password_file",
    "password_file",  "secret_key_file",
    "server_key_file"};
/// Whose `file` is owners_of_written_files.
constexpr std::array<std::string_view, 2> owners_of_written_files{"audit", "buffer"};

bool names_read_file(std::string_view key) {
    return std::ranges::find(names_of_read_files, key) != names_of_read_files.end();
}

/// Set apart, so that no content is taken for a text.
std::string content_of(const std::optional<std::string>& path) {
    const auto content = path ? read_file(*path, content_bytes_max)
                              : std::expected<std::string, std::string>{std::string{}};
    return '\0' + content.value_or("");
}

class Reading {
public:
    explicit Reading(ConfigValues& values) : values_{values} {}

    void read(std::string_view key, const ConfigNode& node, std::size_t depth = 0) {
        // What an anchor names may stand in itself, or many times.
        if (depth > depth_max || ++count_ > count_max) {
            return;
        }
        if (node.is_map()) {
            return read_map(key, node, depth);
        }
        if (node.is_list()) {
            for (const ConfigNode& item : node.items()) {
                read(key, item, depth + 1);
            }
            return;
        }
        std::string& value = values_[node.path()];
        if (node.is_null()) {
            return;
        }
        value = node.text().value_or("");
        if (names_read_file(key)) {
            value += content_of(node.file_path());
        } else if (const auto uri = core::parse_uri(value)) {
            for (const auto& [name, path] : uri->query) {
                value += names_read_file(name) ? content_of(path) : "";
            }
        }
    }

private:
    void read_map(std::string_view key, const ConfigNode& node, std::size_t depth) {
        ConfigMap map{node};
        const auto members = map.take_all();
        const bool is_file =
            members.size() == 1 && members.front().first == "file" &&
            std::ranges::find(owners_of_written_files, key) == owners_of_written_files.end();
        if (is_file) {
            values_[node.path()] = content_of(members.front().second.file_path());
            return;
        }
        for (const auto& [name, member] : members) {
            read(name, member, depth + 1);
        }
    }

    static constexpr std::size_t depth_max = 16;
    static constexpr std::size_t count_max = 100'000;

    ConfigValues& values_;
    std::size_t count_ = 0;
};

}  // namespace

ConfigValues config_values(const YAML::Node& root, const std::string& file) {
    ConfigProblems told_elsewhere{file};
    told_elsewhere.tolerate();
    ConfigValues values;
    Reading{values}.read({}, {root, "", told_elsewhere});
    return values;
}

}  // namespace warren::app
