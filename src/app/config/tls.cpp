#include "app/config/sections.hpp"
#include "endpoint/address/address.hpp"

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace warren::app {
namespace {

constexpr std::array<std::string_view, 2> verify_words{"peer", "none"};

/// The key of a file, and where it is kept.
struct TlsFileKey {
    std::string_view key;
    std::string_view at_broker;  // as an address of a broker spells it
    std::string transport::TlsOptions::* member;
};
using transport::TlsFile;
using transport::TlsOptions;
constexpr TlsFileKey file_keys[] = {
    {"ca", "cacertfile", &TlsOptions::ca_file},
    {"certificate", "certfile", &TlsOptions::certificate_file},
    {"key", "keyfile", &TlsOptions::key_file},
};

void add_given(std::string& url, std::string_view key, const std::string& value) {
    if (!value.empty()) {
        endpoint::add_parameter(url, key, value);
    }
}

}  // namespace

void fail_at_file(ConfigMap& map, std::string_view authorities, const transport::TlsFault& fault) {
    std::optional<ConfigNode> at;
    switch (fault.file) {
    case TlsFile::certificate:
        break;
    case TlsFile::key:
        at = map.find("key");
        break;
    case TlsFile::key_password:
        at = map.find("key_password");
        break;
    case TlsFile::authorities:
        at = map.find(authorities);
        break;
    }
    at = at ? at : map.find("certificate");
    (at ? *at : map.node()).fail(fault.failure.message);
}

KeyPassword read_key_password(ConfigMap& map) {
    KeyPassword password;
    if (const auto node = map.find("key_password")) {
        if (node->is_map()) {
            password.file = node->secret_file().value_or("");
        } else {
            password.text = node->text().value_or("");
        }
    }
    return password;
}

void read_client_tls(const ConfigNode& node, TlsParameters names, std::string& url) {
    const bool at_broker = names == TlsParameters::of_broker;
    ConfigMap map{node};
    TlsOptions tls;
    for (const TlsFileKey& of_file : file_keys) {
        if (const auto found = map.find(of_file.key)) {
            tls.*of_file.member = found->file_path().value_or("");
        }
    }
    KeyPassword password = read_key_password(map);
    tls.key_password = std::move(password.text);
    tls.key_password_file = std::move(password.file);
    const auto verify = map.find("verify");
    const auto name = map.find("server_name");
    if (const auto fault = transport::find_tls_fault(tls)) {
        return fail_at_file(map, "ca", *fault);
    }
    for (const TlsFileKey& of_file : file_keys) {
        add_given(url, at_broker ? of_file.at_broker : of_file.key, tls.*of_file.member);
    }
    add_given(url, "key_password", tls.key_password);
    add_given(url, "key_password_file", tls.key_password_file);
    if (const auto word = verify ? verify->one_of(verify_words) : std::nullopt) {
        add_given(url, "verify", (at_broker ? "verify_" : "") + std::string{verify_words[*word]});
    }
    if (name) {
        add_given(url, at_broker ? "server_name_indication" : "server_name",
                  name->text().value_or(""));
    }
}

}  // namespace warren::app
