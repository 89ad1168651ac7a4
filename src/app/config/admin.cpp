#include "app/config/sections.hpp"
#include "endpoint/server/admin_address.hpp"

namespace warren::app {
namespace {

void read_address(const ConfigNode& address, Config& config) {
    ServerOptions& server = config.server;
    server.admin_origin = address.source_location();
    const auto place = read_listen_place(address);
    if (!place) {
        return;
    }
    config.admin_socket_name = place->socket_name;
    server.admin_address = place->address;
    if (!place->socket_name.empty()) {
        return;
    }
    if (const auto parsed = endpoint::parse_admin_address(server.admin_address); !parsed) {
        address.fail(parsed.error().message);
    }
}

/// As an address has it, which says the mode, too.
void read_path(const ConfigNode& path, const std::optional<ConfigNode>& mode, Config& config) {
    const std::string file = path.file_path().value_or("");
    const std::string digits = mode ? mode->text().value_or("") : std::string{};
    if (file.empty() || (mode && digits.empty())) {
        return;
    }
    const std::string url = "unix://" + file + (mode ? "?mode=" + digits : "");
    config.server.admin_address = url;
    config.server.admin_origin = path.source_location();
    if (file.contains('?')) {
        path.fail("has a '?' in it, which no path of this socket may have");
    } else if (!endpoint::parse_admin_address(url)) {
        (mode ? *mode : path).fail("expected a mode in octal digits, such as \"0660\"");
    }
}

}  // namespace

void read_admin(const ConfigNode& node, Config& config) {
    ConfigMap map{node};
    config.server.admin_address = "127.0.0.1:9095";
    config.server.admin_origin = node.source_location();
    const auto address = map.find("address");
    const auto path = map.find("unix");
    if (address && path) {
        path->fail("stands beside 'address': say one of them");
    } else if (path) {
        read_path(*path, map.find("mode"), config);
    } else if (address) {
        read_address(*address, config);
    }
    map.read("token", config.server.admin_token, &ConfigNode::secret);
    map.read("arrpc_names", config.server.arrpc_metrics, &ConfigNode::boolean);
}

}  // namespace warren::app
