#pragma once

#include <warren/arena.hpp>
#include <warren/dynamic.hpp>

#include "app/config/problems.hpp"

#include <yaml-cpp/yaml.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace warren::app {

/// One value of a configuration, with the way to it. Each reader gives the value, or reports what
/// is wrong with it and gives nothing; no message repeats a value that could be a secret.
class ConfigNode {
public:
    ConfigNode(const YAML::Node& node, std::string path, ConfigProblems& problems)
        : node_{node}, path_{std::move(path)}, problems_{&problems} {}

    const std::string& path() const noexcept { return path_; }
    std::size_t line() const;
    bool is_null() const { return node_.IsNull(); }
    bool is_map() const { return node_.IsMap(); }
    bool is_list() const { return node_.IsSequence(); }
    /// "FILE:LINE: KEY.PATH"
    std::string source_location() const { return problems_->source_location(line(), path_); }
    void fail(const std::string& message) const { problems_->add(line(), path_, message); }

    /// Text that is not empty, with the environment put in.
    std::optional<std::string> text() const;
    /// Text, or {file: PATH} for the content of a file without the newlines at its end.
    std::optional<std::string> secret() const;
    /// The path in {file: PATH}.
    std::optional<std::string> secret_file() const;
    /// A file's path; a relative one starts at the configuration file's directory.
    std::optional<std::string> file_path() const;
    std::optional<bool> boolean() const;
    std::optional<std::uint64_t> whole_number(std::uint64_t least, std::uint64_t greatest) const;
    std::optional<std::chrono::milliseconds> duration() const;
    /// One of some words; gives its place among them.
    std::optional<std::size_t> one_of(std::span<const std::string_view> words) const;
    /// The items of a list, which must have some.
    std::vector<ConfigNode> items() const;
    /// The same of one that may have none.
    std::vector<ConfigNode> any_items() const;
    /// Any map, as data for a broker.
    std::optional<Dynamic> data_map() const;
    /// Text that may be empty, with the environment put in.
    std::optional<std::string> any_text() const { return scalar("text"); }
    /// Text, a whole number or a truth value: what it says without quotes.
    std::optional<Value> scalar_data(Arena& arena) const;
    const YAML::Node& yaml() const noexcept { return node_; }

private:
    friend class ConfigMap;

    std::optional<std::string> scalar(std::string_view wanted, bool* is_plain = nullptr) const;
    std::string resolve(std::string path) const;
    std::string kind() const;

    YAML::Node node_;
    std::string path_;
    ConfigProblems* problems_;
};

/// A map of a configuration, with what its merge keys (`<<`) bring in: a key of its own goes before
/// one that is merged, and an earlier map before a later.            [YAML 1.1, merge key]
/// Keys that nobody asked for are reported at its end.
class ConfigMap {
public:
    /// Reports when it is no map, and keys that stand twice.
    explicit ConfigMap(ConfigNode node);
    ConfigMap(const ConfigMap&) = delete;
    ConfigMap& operator=(const ConfigMap&) = delete;
    ~ConfigMap();

    const ConfigNode& node() const noexcept { return node_; }
    /// Whether a key stands there; does not count as asking for it.
    bool has(std::string_view key) const;
    /// The value of a key that may be left out.
    std::optional<ConfigNode> find(std::string_view key);
    /// The value of a key that may not: reports when it is missing or null.
    std::optional<ConfigNode> require(std::string_view key);
    /// Read a key that may be left out; what is wrong with it leaves the target as it is.
    /// in   reader: of `ConfigNode`, such as `&ConfigNode::text`
    template <typename Target, typename Value>
    void read(std::string_view key, Target& target,
              std::optional<Value> (ConfigNode::*reader)() const) {
        if (const auto node = find(key)) {
            if (auto value = (*node.*reader)()) {
                target = std::move(*value);
            }
        }
    }
    /// in   target: an enum in the order of the words, also one that may be unset, or a text
    template <typename Target>
    void read_word(std::string_view key, Target& target, std::span<const std::string_view> words) {
        const auto node = find(key);
        const auto word = node ? node->one_of(words) : std::nullopt;
        if (!word) {
            return;
        }
        if constexpr (std::is_same_v<Target, std::string>) {
            target = words[*word];
        } else {
            target = static_cast<typename decltype(std::optional{target})::value_type>(*word);
        }
    }
    /// From 1 on.
    template <typename Target>
    void read_count(std::string_view key, Target& target, std::uint64_t greatest) {
        const auto node = find(key);
        if (const auto number = node ? node->whole_number(1, greatest) : std::nullopt) {
            target = *number;
        }
    }
    /// The value of one key, or the items of the other; that both stand there is said.
    std::vector<ConfigNode> one_or_several(std::string_view one, std::string_view several);
    /// All members, of a map whose keys are names.
    std::vector<std::pair<std::string, ConfigNode>> take_all();

private:
    struct Entry {
        std::string key;
        ConfigNode value;
        std::size_t line;
    };

    const Entry* entry(std::string_view key) const;
    void add(const ConfigNode& key_node, const YAML::Node& value, bool is_merged);
    void add_members(const YAML::Node& map, bool is_merged);
    void merge(const ConfigNode& key_node, const YAML::Node& merged);

    ConfigNode node_;
    std::vector<YAML::Node> merged_;  // once each: an anchor may stand within what it names
    std::vector<Entry> entries_;
    std::vector<std::string_view> known_;  // literals of the callers
    bool takes_all_ = false;
};

}  // namespace warren::app
