#include "app/config/sections.hpp"
#include "app/host_name.hpp"
#include "endpoint/address/address.hpp"
#include "transport/tcp/options.hpp"

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace warren::app {
namespace {

constexpr std::array<std::string_view, 2> try_words{"mock", "call"};

bool is_host(const std::string& text) {
    const auto address =
        endpoint::parse_address("tcp://" + transport::host_and_port(text, DocsEntry{}.port));
    const auto* const tcp =
        address ? std::get_if<endpoint::TcpAddress>(&address->transport) : nullptr;
    return tcp != nullptr && tcp->servers.size() == 1 && tcp->servers.front().host == text;
}

}  // namespace

std::string docs_endpoint(const DocsEntry& docs) {
    return transport::host_and_port(docs.host, docs.port);
}

void read_docs(const ConfigNode& node, Config& config) {
    ConfigMap map{node};
    if (!node.is_map()) {
        return;
    }
    DocsEntry docs{.source_location = node.source_location()};
    if (const auto host = map.find("host")) {
        docs.source_location = host->source_location();
        docs.host = host->text().value_or(docs.host);
        if (docs.host == "::") {
            docs.host = "*";  // as `warren docs serve` has it
        } else if (!is_host(docs.host)) {
            host->fail("expected a host's name or address, such as 127.0.0.1 or '*', and no port");
        }
    }
    const auto port = map.find("port");
    if (const auto number = port ? port->whole_number(0, std::numeric_limits<std::uint16_t>::max())
                                 : std::nullopt) {
        docs.port = static_cast<std::uint16_t>(*number);
        docs.source_location = port->source_location();
    }
    map.read("title", docs.title, &ConfigNode::text);
    map.read_word("try", docs.try_it, try_words);
    const auto hosts = map.find("public_hosts");
    for (const ConfigNode& item : hosts ? hosts->items() : std::vector<ConfigNode>{}) {
        docs.public_hosts.push_back(item.text().value_or("localhost"));
        if (!read_host_name(docs.public_hosts.back())) {
            item.fail(
                "expected a host's name or address, such as docs.example.org, without "
                "scheme, port and path");
        }
    }
    if (hosts && !docs.try_it) {
        hosts->fail("is of pages that calls are made from: 'try' is missing");
    }
    if (docs.try_it && (docs.host == "*" || docs.host == "0.0.0.0")) {
        config.notes.push_back(docs.source_location +
                               ": with 'try' whoever reaches this machine may call");
    }
    check_port(port.value_or(node), {docs_endpoint(docs)}, config);
    config.docs = std::move(docs);
}

}  // namespace warren::app
