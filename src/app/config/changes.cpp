#include "app/config/changes.hpp"

#include "core/uri.hpp"
#include "endpoint/proxy/proxy_plan.hpp"
#include "endpoint/server/listener_config.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <span>
#include <string_view>
#include <utility>

namespace warren::app {
namespace {

using Words = std::span<const std::string_view>;

// The first parts of keys that a server takes which runs, below each of these.
constexpr std::string_view of_all[] = {"access_log", "audit", "allow", "rate", "drain_timeout"};
constexpr std::string_view of_listeners[] = {"access_log",
                                             "allow",
                                             "audit",
                                             "rate",
                                             "fernet_key",
                                             "fernet_keys",
                                             "fernet_ttl",
                                             "nested_secrets",
                                             "accept_clear_secrets",
                                             "strict_contracts",
                                             "compress_bytes_min",
                                             "requests_bytes_max"};
constexpr std::string_view of_brokerless[] = {
    "auth_secret", "auth_secrets", "max_simultaneous_requests", "connection_requests_max",
    "connection_requests_bytes_max"};
constexpr std::string_view of_tcp[] = {"tls", "connections_max", "connection_answers_bytes_max",
                                       "answers_bytes_max"};
/// Of addresses: how a side logs in, and whom it trusts.
constexpr std::string_view login_parameters[] = {
    "cacertfile",        "certfile",      "keyfile", "key_password",
    "key_password_file", "password_file", "verify",  "server_name_indication"};
/// Keys without any effect, or for others.
constexpr std::string_view without_effect[] = {"x-"};

bool is_one_of(std::string_view word, Words words) {
    return std::ranges::find(words, word) != words.end();
}

std::string_view first_part(std::string_view key) {
    return key.substr(0, key.find_first_of(".["));
}

/// An address without what a connection that is to come may do otherwise.
std::string lasting_part(std::string_view address) {
    // The content of a file, or an address and then those of files that it names.
    address.remove_prefix(address.starts_with('\0') ? 1 : 0);
    address = address.substr(0, address.find('\0'));
    const auto uri = core::parse_uri(address);
    if (!uri) {
        return std::string{address};
    }
    std::string text{address.substr(0, address.find('?'))};
    const std::size_t begin = text.find("://") + 3;
    const std::size_t at = text.substr(0, text.find('/', begin)).rfind('@');
    if (at != std::string::npos && at >= begin) {
        text.erase(begin, at + 1 - begin);
    }
    for (const auto& [name, value] : uri->query) {
        if (!is_one_of(name, login_parameters)) {
            text.append("&").append(name).append("=").append(value);
        }
    }
    return text;
}

/// One listener, with or without where it forwards to.
struct Entry {
    const ListenerEntry* from;
    const ProxyEntry* proxy = nullptr;

    /// Where its keys begin.
    std::string prefix() const {
        const std::string_view path = from->path;
        return std::string{proxy != nullptr ? path.substr(0, path.rfind(".from")) : path};
    }
};

std::string place_of_listener(const ListenerEntry& listener) {
    if (!listener.socket_name.empty()) {
        return "socket " + listener.socket_name;
    }
    const auto address = endpoint::address_of(listener.options);
    return address ? endpoint::display_location(*address) : listener.options.url;
}

std::vector<Entry> entries_of(const Config& config) {
    std::vector<Entry> entries;
    entries.reserve(config.listeners.size() + config.proxies.size());
    for (const ListenerEntry& listener : config.listeners) {
        entries.push_back({&listener});
    }
    for (const ProxyEntry& proxy : config.proxies) {
        entries.push_back({&proxy.from, &proxy});
    }
    return entries;
}

/// Of two listeners of a place the first becomes the first.
std::vector<std::optional<std::size_t>> match(std::span<const Entry> running,
                                              std::span<const Entry> wanted) {
    std::vector<std::string> places;
    std::ranges::transform(wanted, std::back_inserter(places),
                           [](const Entry& entry) { return entry.from->place; });
    std::vector<std::optional<std::size_t>> all;
    for (const Entry& entry : running) {
        const auto found = std::ranges::find(places, entry.from->place);
        all.emplace_back();
        if (found != places.end()) {
            all.back() = static_cast<std::size_t>(found - places.begin());
            found->assign(1, '\0');  // taken
        }
    }
    return all;
}

/// The keys below a place, without that.
ConfigValues below(const ConfigValues& values, const std::string& prefix) {
    ConfigValues found;
    for (auto at = values.lower_bound(prefix + "."); at != values.end(); ++at) {
        if (!at->first.starts_with(prefix + ".")) {
            break;
        }
        found.emplace(at->first.substr(prefix.size() + 1), at->second);
    }
    // A proxy's listener may be an address alone.
    if (const auto alone = values.find(prefix); alone != values.end()) {
        found.emplace("", alone->second);
    }
    return found;
}

/// Whether a key of a listener that has changed can be taken by one that runs.
class ListenerRules {
public:
    ListenerRules(const Entry& running, const Entry& wanted) : running_{running}, wanted_{wanted} {}

    bool takes(std::string_view key, std::string_view before, std::string_view now) const {
        if (running_.proxy == nullptr) {
            return takes_of_listener(key, before, now);
        }
        if (key == "from") {
            return takes_of_listener("amqp", before, now);
        }
        if (key.starts_with("from.")) {
            return takes_of_listener(key.substr(5), before, now);
        }
        return first_part(key) == "to" && takes_of_target(key, before, now);
    }

private:
    bool takes_of_listener(std::string_view key, std::string_view before,
                           std::string_view now) const {
        const std::string_view part = first_part(key);
        const ListenerOptions& options = running_.from->options;
        const bool is_zmq = options.url.starts_with("zmq+");
        const bool is_at_broker = options.url.starts_with("amqp");
        if (is_one_of(part, of_listeners)) {
            return true;
        }
        if (is_at_broker) {
            return part == "tls" || (part == "amqp" && lasting_part(before) == lasting_part(now));
        }
        if (options.url.starts_with("memory:")) {
            return false;
        }
        if (part.starts_with("auth_secret")) {
            return !options.auth_secrets.empty() && !wanted_.from->options.auth_secrets.empty();
        }
        return is_one_of(part, of_brokerless) || (!is_zmq && is_one_of(part, of_tcp));
    }

    /// Where calls go on to.
    bool takes_of_target(std::string_view key, std::string_view before,
                         std::string_view now) const {
        const std::string& address = running_.proxy->to.to;
        if (address.starts_with("memory:")) {
            return false;
        }
        if (!address.starts_with("amqp")) {
            const auto to = endpoint::parse_address(wanted_.proxy->to.to);
            return to && endpoint::can_take_anew(running_.proxy->to, *to);
        }
        const std::string_view name = key.substr(std::min(key.size(), std::size_t{3}));
        return (name.empty() || name == "amqp")
                   ? lasting_part(before) == lasting_part(now)
                   : first_part(name) == "tls" || is_one_of(name, login_parameters);
    }

    const Entry& running_;
    const Entry& wanted_;
};

bool takes_common(std::string_view key) {
    return key == "log.level" || key == "server.password" || key == "server.username" ||
           is_one_of(first_part(key), of_all);
}

bool is_unused(std::string_view key) {
    return std::ranges::any_of(without_effect,
                               [key](std::string_view begin) { return key.starts_with(begin); });
}

/// A key, not each part of what it says.
std::string shown_key(std::string_view prefix, std::string_view key) {
    constexpr std::string_view wholes[] = {"allow",        "audit",       "rate",      "methods",
                                           "auth_secrets", "fernet_keys", "exchanges", "arguments"};
    std::size_t end = 0;
    while (end < key.size()) {
        const std::size_t next = std::min(key.find('.', end), key.size());
        const std::string_view part = first_part(key.substr(end, next - end));
        if (is_one_of(part, wholes)) {
            end += part.size();
            break;
        }
        end = std::min(next + 1, key.size());
    }
    std::string text{prefix};
    text += prefix.empty() || key.empty() ? "" : ".";
    text += key.substr(0, end);
    return text;
}

void add_once(std::vector<std::string>& keys, std::string key) {
    if (std::ranges::find(keys, key) == keys.end()) {
        keys.push_back(std::move(key));
    }
}

class Comparison {
public:
    Comparison(const Config& running, const Config& wanted) : running_{running}, wanted_{wanted} {
        changes_.values = running.values;
    }

    ConfigChanges compare() && {
        const auto before = entries_of(running_);
        const auto now = entries_of(wanted_);
        changes_.listeners = match(before, now);
        compare_common();
        std::set<std::size_t> known;
        for (std::size_t index = 0; index < before.size(); ++index) {
            const auto other = changes_.listeners[index];
            if (!other) {
                add_once(changes_.need_restart, before[index].from->place);
                continue;
            }
            known.insert(*other);
            compare(before[index], now[*other]);
        }
        for (std::size_t index = 0; index < now.size(); ++index) {
            if (!known.contains(index)) {
                add_once(changes_.need_restart, now[index].prefix());
            }
        }
        return std::move(changes_);
    }

private:
    /// What is of no listener.
    static ConfigValues common(const ConfigValues& all) {
        constexpr std::string_view sections[] = {"listeners", "proxies", "virtual_hosts"};
        ConfigValues rest = all;
        std::erase_if(
            rest, [&](const auto& value) { return is_one_of(first_part(value.first), sections); });
        return rest;
    }

    void compare_common() {
        compare(common(running_.values), common(wanted_.values), "", "",
                [](std::string_view key, std::string_view, std::string_view) {
                    return takes_common(key);
                });
    }

    void compare(const Entry& before, const Entry& now) {
        const ListenerRules rules{before, now};
        compare(below(running_.values, before.prefix()), below(wanted_.values, now.prefix()),
                before.prefix(), now.prefix(),
                [&rules](std::string_view key, std::string_view was, std::string_view is) {
                    return rules.takes(key, was, is);
                });
    }

    template <typename Takes>
    void compare(const ConfigValues& before, const ConfigValues& now,
                 const std::string& prefix_before, const std::string& prefix_now, Takes takes) {
        std::set<std::string_view> keys;
        for (const ConfigValues* const values : {&before, &now}) {
            for (const auto& [key, value] : *values) {
                keys.insert(key);
            }
        }
        for (const std::string_view key : keys) {
            const auto was = before.find(key);
            const auto is = now.find(key);
            const std::string_view old = was != before.end() ? was->second : std::string_view{};
            const std::string_view other = is != now.end() ? is->second : std::string_view{};
            const bool is_same = old == other && (was == before.end()) == (is == now.end());
            if (is_same || is_unused(key)) {
                continue;
            }
            const bool is_taken = takes(key, old, other);
            add_once(is_taken ? changes_.applied : changes_.need_restart,
                     shown_key(prefix_now, key));
            if (is_taken) {
                take(prefix_before, key, is != now.end() ? &is->second : nullptr);
            }
        }
    }

    void take(const std::string& prefix, std::string_view key, const std::string* value) {
        const bool is_below = !prefix.empty() && !key.empty();
        const std::string whole = prefix + (is_below ? "." : "") + std::string{key};
        if (value != nullptr) {
            changes_.values[whole] = *value;
        } else {
            changes_.values.erase(whole);
        }
    }

    const Config& running_;
    const Config& wanted_;
    ConfigChanges changes_;
};

}  // namespace

void set_places(Config& config) {
    for (ListenerEntry& listener : config.listeners) {
        listener.place = place_of_listener(listener);
    }
    for (ProxyEntry& proxy : config.proxies) {
        const auto to = endpoint::parse_address(proxy.to.to);
        proxy.from.place = place_of_listener(proxy.from) + " to " +
                           (to ? endpoint::display_location(*to) : std::string{});
    }
}

ConfigChanges compare(const Config& running, const Config& wanted) {
    return Comparison{running, wanted}.compare();
}

}  // namespace warren::app
