#include "app/config/sections.hpp"
#include "endpoint/tracing/collector.hpp"

#include <charconv>
#include <optional>
#include <string>
#include <utility>

namespace warren::app {
namespace {

/// Why there is no tracing with these options.
std::optional<std::string> fault_of(TracerOptions options) {
    const auto complete = endpoint::with_environment(std::move(options));
    if (!complete) {
        return complete.error().message;
    }
    const auto collector = endpoint::collector_of(*complete);
    return collector ? std::nullopt : std::optional{collector.error().message};
}

/// in   known_good: apart from what was read from the node
/// out  false: it was told there what is wrong
bool check(const ConfigNode& node, TracerOptions known_good) {
    const auto fault = fault_of(std::move(known_good));
    if (fault) {
        node.fail(*fault);
    }
    return !fault;
}

std::optional<double> read_share(const ConfigNode& node) {
    const auto text = node.text();
    double share = 0;
    if (!text) {
        return std::nullopt;
    }
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), share);
    if (error != std::errc{} || end != text->data() + text->size() || !(share >= 0 && share <= 1)) {
        node.fail("expected a share from 0 to 1, such as 0.1");
        return std::nullopt;
    }
    return share;
}

}  // namespace

void read_tracing(const ConfigNode& node, Config& config) {
    TracerOptions options{};
    if (!node.is_map()) {
        if (node.boolean().value_or(false) && check(node, options)) {
            config.tracing = options;
        }
        return;
    }
    const TracerOptions silent{.endpoint = "http://localhost", .sample = 1};
    bool is_fine = true;
    ConfigMap map{node};
    if (const auto endpoint = map.find("endpoint")) {
        auto text = endpoint->text();
        is_fine = text && check(*endpoint, {.endpoint = *text, .sample = 1});
        options.endpoint = std::move(text).value_or("");
    }
    map.read("service", options.service, &ConfigNode::text);
    if (const auto sample = map.find("sample")) {
        options.sample = read_share(*sample);
        is_fine = is_fine && options.sample;
    }
    if (const auto headers = map.find("headers")) {
        ConfigMap members{*headers};
        for (const auto& [name, value] : members.take_all()) {
            TracerOptions with_header = silent;
            with_header.headers.emplace_back(name, value.secret().value_or(""));
            is_fine = check(value, with_header) && is_fine;
            options.headers.push_back(std::move(with_header.headers.front()));
        }
    }
    // What is left is what the environment says.
    if (is_fine && check(node, options)) {
        config.tracing = std::move(options);
    }
}

}  // namespace warren::app
