#include "app/passed_sockets.hpp"

#include "endpoint/server/socket_place.hpp"

#include <systemd/sd-daemon.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <utility>

namespace warren::app {
namespace {

/// What systemd has passed, by the names of its .socket units.  [sd_listen_fds(3)]
class PassedSockets {
public:
    explicit PassedSockets(std::vector<std::string>& problems) : problems_{problems} {
        char** names = nullptr;
        const int count = sd_listen_fds_with_names(1, &names);
        if (count < 0) {
            problems_.push_back("LISTEN_FDS, by which sockets are passed, cannot be read: " +
                                std::string{std::strerror(-count)});
        }
        for (int at = 0; at < count; ++at) {
            all_.push_back({.name = names[at], .descriptor = SD_LISTEN_FDS_START + at});
            std::free(names[at]);
        }
        std::free(static_cast<void*>(names));
    }

    /// The one of a name, once.
    /// in   origin: where it is named
    std::optional<int> take(const std::string& name, const std::string& origin) {
        const auto is_named = [&](const Passed& each) { return each.name == name; };
        const auto found = std::ranges::find_if(all_, is_named);
        if (found == all_.end()) {
            return fail(origin, "no socket is called '" + name + "': " + names());
        }
        if (std::exchange(found->is_taken, true)) {
            return fail(origin, "the socket '" + name + "' is another listener's already");
        }
        if (std::ranges::count_if(all_, is_named) > 1) {
            std::ranges::for_each(all_, [&](Passed& each) { each.is_taken |= is_named(each); });
            return fail(origin, "several sockets are called '" + name +
                                    "': give each a .socket unit with a FileDescriptorName= of "
                                    "its own");
        }
        if (const auto place = endpoint::place_of_socket(found->descriptor); !place) {
            return fail(origin, "the socket '" + name + "': " + place.error().message);
        }
        return found->descriptor;
    }

    void report_rest(const std::string& file) {
        for (const Passed& each : all_) {
            if (!each.is_taken) {
                problems_.push_back(file + ": systemd passes the socket '" + each.name +
                                    "', which nothing here names: say tcp: systemd:" + each.name +
                                    " at a listener, or take it out of the .socket unit");
            }
        }
    }

private:
    struct Passed {
        std::string name;
        int descriptor;
        bool is_taken = false;
    };

    std::nullopt_t fail(const std::string& origin, const std::string& message) {
        problems_.push_back(origin + ": " + message);
        return std::nullopt;
    }

    std::string names() const {
        if (all_.empty()) {
            return "none was passed to this process (LISTEN_FDS), as by a .socket unit";
        }
        std::string text;
        for (const Passed& each : all_) {
            text += (text.empty() ? "there are '" : ", '") + each.name + "'";
        }
        return text + " (FileDescriptorName= of the .socket units)";
    }

    std::vector<std::string>& problems_;
    std::vector<Passed> all_;
};

}  // namespace

std::vector<std::string> take_passed_sockets(Config& config) {
    std::vector<std::string> problems;
    PassedSockets passed{problems};
    const auto give = [&](ListenerEntry& listener) {
        if (!listener.socket_name.empty()) {
            ListenerOptions& options = listener.options;
            options.tcp.listening_socket = passed.take(listener.socket_name, options.origin);
        }
    };
    std::ranges::for_each(config.listeners, give);
    std::ranges::for_each(config.proxies, give, &ProxyEntry::from);
    if (!config.admin_socket_name.empty()) {
        config.server.admin_socket =
            passed.take(config.admin_socket_name, config.server.admin_origin);
    }
    passed.report_rest(config.file);
    return problems;
}

}  // namespace warren::app
