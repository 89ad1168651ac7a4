#include "app/config/node.hpp"

#include "app/config/substitute.hpp"
#include "app/config/suggest.hpp"
#include "core/duration.hpp"
#include "transport/net/secret_file.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <iterator>

namespace warren::app {
namespace {

/// As YAML 1.1 writes it, which many files are in.
std::optional<bool> truth_of(std::string_view text) {
    constexpr std::string_view yes[] = {"true", "True", "TRUE", "yes", "Yes",
                                        "YES",  "on",   "On",   "ON"};
    constexpr std::string_view no[] = {"false", "False", "FALSE", "no", "No",
                                       "NO",    "off",   "Off",   "OFF"};
    if (std::ranges::find(yes, text) != std::end(yes)) {
        return true;
    }
    return std::ranges::find(no, text) != std::end(no) ? std::optional{false} : std::nullopt;
}

std::string member_path(const std::string& path, const std::string& key) {
    return path.empty() ? key : path + "." + key;
}

}  // namespace

std::size_t ConfigNode::line() const {
    const YAML::Mark mark = node_.Mark();
    return mark.line < 0 ? 0 : static_cast<std::size_t>(mark.line) + 1;
}

std::string ConfigNode::kind() const {
    switch (node_.Type()) {
    case YAML::NodeType::Undefined:
    case YAML::NodeType::Null:
        return "nothing";
    case YAML::NodeType::Scalar:
        return "text";
    case YAML::NodeType::Sequence:
        return "a list";
    case YAML::NodeType::Map:
        return "a map";
    }
    return "nothing";
}

/// in   is_plain: whether the text stood without quotes, or came from the environment, so that it
///      may be a number or a truth value
std::optional<std::string> ConfigNode::scalar(std::string_view wanted, bool* is_plain) const {
    if (!node_.IsScalar()) {
        fail("expected " + std::string{wanted} + ", found " + kind());
        return std::nullopt;
    }
    auto substituted = substitute_environment(node_.Scalar());
    if (!substituted) {
        fail(substituted.error());
        return std::nullopt;
    }
    if (is_plain != nullptr) {
        *is_plain = node_.Tag() != "!" || substituted->changed;
    }
    return std::move(substituted->text);
}

std::optional<std::string> ConfigNode::text() const {
    std::optional<std::string> found = scalar("text");
    if (found && found->empty()) {
        fail("must not be empty");
        return std::nullopt;
    }
    return found;
}

std::string ConfigNode::resolve(std::string path) const {
    const std::filesystem::path given{std::move(path)};
    if (given.is_absolute()) {
        return given.string();
    }
    return (std::filesystem::path{problems_->file()}.parent_path() / given)
        .lexically_normal()
        .string();
}

std::optional<std::string> ConfigNode::file_path() const {
    std::optional<std::string> found = text();
    if (!found) {
        return std::nullopt;
    }
    return resolve(std::move(*found));
}

std::optional<std::string> ConfigNode::secret_file() const {
    ConfigMap map{*this};
    const auto node = map.require("file");
    return node ? node->file_path() : std::nullopt;
}

std::optional<std::string> ConfigNode::secret() const {
    if (!node_.IsMap()) {
        return text();
    }
    const std::optional<std::string> file = secret_file();
    if (!file) {
        return std::nullopt;
    }
    auto secret = transport::read_secret_file(*file);
    if (!secret) {
        fail("cannot read the file '" + *file + "': " + secret.error());
        return std::nullopt;
    }
    return std::move(*secret);
}

std::optional<bool> ConfigNode::boolean() const {
    bool is_plain = false;
    const std::optional<std::string> found = scalar("true or false", &is_plain);
    if (!found) {
        return std::nullopt;
    }
    const std::optional<bool> truth = is_plain ? truth_of(*found) : std::nullopt;
    if (!truth) {
        fail("expected true or false, found text");
    }
    return truth;
}

std::optional<std::uint64_t> ConfigNode::whole_number(std::uint64_t least,
                                                      std::uint64_t greatest) const {
    bool is_plain = false;
    const std::optional<std::string> found = scalar("a whole number", &is_plain);
    if (!found) {
        return std::nullopt;
    }
    const std::string bounds =
        "a whole number from " + std::to_string(least) + " to " + std::to_string(greatest);
    std::uint64_t number = 0;
    const char* end = found->data() + found->size();
    const auto [stopped, error] = std::from_chars(found->data(), end, number);
    if (!is_plain || stopped != end || error == std::errc::invalid_argument) {
        fail("expected " + bounds + ", found something else");
        return std::nullopt;
    }
    if (error != std::errc{} || number < least || number > greatest) {
        fail("must be " + bounds + ", but is " + *found);
        return std::nullopt;
    }
    return number;
}

std::optional<std::chrono::milliseconds> ConfigNode::duration() const {
    const std::optional<std::string> found = scalar("a duration such as 30s");
    if (!found) {
        return std::nullopt;
    }
    const auto parsed = core::parse_duration(*found);
    if (!parsed) {
        fail(parsed.error().message);
        return std::nullopt;
    }
    return *parsed;
}

std::optional<std::size_t> ConfigNode::one_of(std::span<const std::string_view> words) const {
    const std::optional<std::string> found = text();
    if (!found) {
        return std::nullopt;
    }
    const auto source_location = std::ranges::find(words, std::string_view{*found});
    if (source_location == words.end()) {
        fail("'" + *found + "' is not known here" + suggest(*found, words));
        return std::nullopt;
    }
    return static_cast<std::size_t>(source_location - words.begin());
}

std::vector<ConfigNode> ConfigNode::items() const {
    std::vector<ConfigNode> nodes = any_items();
    if (nodes.empty() && node_.IsSequence()) {
        fail("must not be empty");
    }
    return nodes;
}

std::vector<ConfigNode> ConfigNode::any_items() const {
    std::vector<ConfigNode> nodes;
    if (!node_.IsSequence()) {
        fail("expected a list, found " + kind());
        return nodes;
    }
    for (const YAML::Node& item : node_) {
        nodes.emplace_back(item, path_ + "[" + std::to_string(nodes.size()) + "]", *problems_);
    }
    return nodes;
}

std::optional<Dynamic> ConfigNode::data_map() const {
    ConfigMap map{*this};
    Arena arena;
    std::vector<Member> members;
    for (const auto& [key, value] : map.take_all()) {
        const auto data = value.scalar_data(arena);
        if (!data) {
            return std::nullopt;
        }
        members.push_back({Value::text(arena.copy(key)), *data});
    }
    return Dynamic{Value::map(members)};
}

std::optional<Value> ConfigNode::scalar_data(Arena& arena) const {
    bool is_plain = false;
    const std::optional<std::string> text = scalar("text, a number or true or false", &is_plain);
    if (!text) {
        return std::nullopt;
    }
    std::int64_t number = 0;
    const char* const end = text->data() + text->size();
    const auto [stopped, error] = std::from_chars(text->data(), end, number);
    if (is_plain && stopped == end && error == std::errc{}) {
        return Value::integer(number);
    }
    if (const auto truth = is_plain ? truth_of(*text) : std::nullopt) {
        return Value::boolean(*truth);
    }
    return Value::text(arena.copy(*text));
}

ConfigMap::ConfigMap(ConfigNode node) : node_{std::move(node)} {
    if (!node_.node_.IsMap()) {
        node_.fail("expected a map, found " + node_.kind());
        takes_all_ = true;
        return;
    }
    add_members(node_.node_, false);
}

/// Its own members first, so that they go before those that are merged.
void ConfigMap::add_members(const YAML::Node& map, bool is_merged) {
    if (std::ranges::any_of(merged_, [&map](const YAML::Node& done) { return done.is(map); })) {
        return;
    }
    merged_.push_back(map);
    const auto is_merge_key = [](const YAML::Node& key) {
        return key.IsScalar() && key.Scalar() == "<<" && key.Tag() != "!";
    };
    for (const auto& member : map) {
        if (!is_merge_key(member.first)) {
            add({member.first, node_.path_, *node_.problems_}, member.second, is_merged);
        }
    }
    for (const auto& member : map) {
        if (is_merge_key(member.first)) {
            merge({member.first, node_.path_, *node_.problems_}, member.second);
        }
    }
}

void ConfigMap::add(const ConfigNode& key_node, const YAML::Node& value, bool is_merged) {
    const std::optional<std::string> key = key_node.scalar("a key");
    if (!key) {
        return;
    }
    const std::string path = member_path(node_.path_, *key);
    const auto first = std::ranges::find(entries_, *key, &Entry::key);
    const bool is_there = first != entries_.end();
    if (is_there && is_merged) {
        return;
    }
    if (is_there) {
        node_.problems_->add_tolerable(key_node.line(), path,
                                       "stands twice, first in line " + std::to_string(first->line),
                                       "the last one counts");
        if (node_.problems_->is_tolerant()) {
            *first = {*key, {value, path, *node_.problems_}, key_node.line()};
        }
        return;
    }
    entries_.push_back({*key, {value, path, *node_.problems_}, key_node.line()});
}

void ConfigMap::merge(const ConfigNode& key_node, const YAML::Node& merged) {
    const auto take = [&](const YAML::Node& map) {
        if (map.IsMap()) {
            return add_members(map, true);
        }
        key_node.fail("'<<' takes a map, or a list of maps, such as '<<: *common'");
    };
    if (!merged.IsSequence()) {
        return take(merged);
    }
    for (const YAML::Node& item : merged) {
        take(item);
    }
}

ConfigMap::~ConfigMap() {
    if (takes_all_) {
        return;
    }
    for (const Entry& found : entries_) {
        const bool holds_anchors = node_.path_.empty() && found.key.starts_with("x-");
        if (!holds_anchors &&
            std::ranges::find(known_, std::string_view{found.key}) == known_.end()) {
            node_.problems_->add_tolerable(found.line, member_path(node_.path_, found.key),
                                           "unknown key" + suggest(found.key, known_),
                                           "it is passed over");
        }
    }
}

const ConfigMap::Entry* ConfigMap::entry(std::string_view key) const {
    const auto source_location = std::ranges::find(entries_, key, &Entry::key);
    return source_location != entries_.end() ? &*source_location : nullptr;
}

bool ConfigMap::has(std::string_view key) const {
    return entry(key) != nullptr;
}

std::optional<ConfigNode> ConfigMap::find(std::string_view key) {
    if (std::ranges::find(known_, key) == known_.end()) {
        known_.push_back(key);
    }
    const Entry* found = entry(key);
    return found != nullptr ? std::optional{found->value} : std::nullopt;
}

std::optional<ConfigNode> ConfigMap::require(std::string_view key) {
    std::optional<ConfigNode> found = find(key);
    if (found && !found->is_null()) {
        return found;
    }
    if (node_.is_map()) {
        const Entry* present = entry(key);
        node_.problems_->add(present != nullptr ? present->line : node_.line(),
                             member_path(node_.path_, std::string{key}), "missing");
    }
    return std::nullopt;
}

std::vector<ConfigNode> ConfigMap::one_or_several(std::string_view one, std::string_view several) {
    const auto value = find(one);
    const auto list = find(several);
    if (value && list) {
        value->fail("stands beside '" + std::string{several} + "': give one of them");
    }
    return list ? list->items() : value ? std::vector{*value} : std::vector<ConfigNode>{};
}

std::vector<std::pair<std::string, ConfigNode>> ConfigMap::take_all() {
    takes_all_ = true;
    std::vector<std::pair<std::string, ConfigNode>> all;
    all.reserve(entries_.size());
    for (const Entry& found : entries_) {
        all.emplace_back(found.key, found.value);
    }
    return all;
}

}  // namespace warren::app
