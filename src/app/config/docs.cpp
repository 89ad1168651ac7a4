#include "app/config/sections.hpp"
#include "endpoint/address/address.hpp"
#include "transport/tcp/options.hpp"

#include <cstdint>
#include <limits>
#include <utility>
#include <variant>

namespace warren::app {
namespace {

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
    check_port(port.value_or(node), {docs_endpoint(docs)}, config);
    config.docs = std::move(docs);
}

}  // namespace warren::app
