#include "app/prepared_call.hpp"

#include "app/address_option.hpp"
#include "app/read_file.hpp"
#include "core/duration.hpp"
#include "core/uri.hpp"
#include "endpoint/address/address.hpp"
#include "endpoint/client/metadata_check.hpp"
#include "endpoint/protocols/table.hpp"
#include "format/fernet/fernet.hpp"

#include <cstdint>
#include <iostream>
#include <iterator>
#include <limits>
#include <utility>
#include <variant>

namespace warren::app {
namespace {

// More than any server takes; it ends the reading of a file without an end.
constexpr std::size_t argument_bytes_max = std::size_t{1} << 30;

/// The text itself, or "@FILE" for a file's content, or "-" for standard input.
/// err  which file cannot be read, and why
std::expected<std::string, std::string> read_text(const std::string& given) {
    if (given == "-") {
        return std::string{std::istreambuf_iterator<char>{std::cin}, {}};
    }
    if (!given.starts_with('@')) {
        return given;
    }
    const std::string file = given.substr(1);
    auto content = read_file(file, argument_bytes_max);
    if (!content) {
        return std::unexpected{"cannot read the file '" + file + "': " + content.error()};
    }
    return content;
}

/// Secrets, each given as itself or as @FILE.
std::expected<std::vector<std::string>, std::string> read_secrets(
    const std::string& option, const std::vector<std::string>& given) {
    std::vector<std::string> secrets;
    for (const std::string& text : given) {
        auto secret = read_text(text);
        if (!secret) {
            return std::unexpected{option + ": " + secret.error()};
        }
        secret->erase(secret->find_last_not_of("\r\n") + 1);
        secrets.push_back(std::move(*secret));
    }
    return secrets;
}

std::expected<std::vector<std::string>, std::string> read_fernet_keys(
    const std::vector<std::string>& given) {
    auto keys = read_secrets("--fernet-key", given);
    if (!keys) {
        return keys;
    }
    for (const std::string& text : *keys) {
        if (const auto key = format::FernetKey::parse(text); !key) {
            return std::unexpected{"--fernet-key: " + key.error().message +
                                   "; `warren keygen` prints one"};
        }
    }
    return keys;
}

/// The address with what the options say about TLS, as its kind of address spells it.
/// err  what to tell the user
std::expected<std::string, std::string> address_of(const CallCommand& command,
                                                   const Profile& target) {
    std::string address = core::with_lower_scheme(target.to);
    if (address.empty()) {
        return std::unexpected{
            "--to is required: the server's address, here or in the environment as WARREN_TO"};
    }
    const bool at_broker = address.starts_with("amqp");
    const std::string& ca = command.ca.empty() ? target.ca : command.ca;
    if (!ca.empty()) {
        endpoint::add_parameter(address, at_broker ? "cacertfile" : "ca", ca);
    }
    if (command.insecure) {
        endpoint::add_parameter(address, "verify", at_broker ? "verify_none" : "none");
    }
    if (!command.compress.empty()) {
        endpoint::add_parameter(address, "compress", command.compress);
    }
    return address;
}

std::expected<void, std::string> check_reachable(const endpoint::ZmqAddress& zmq,
                                                 const std::string& option) {
    for (const std::string& endpoint : zmq.endpoints) {
        if (endpoint.starts_with("inproc:")) {
            return std::unexpected{option + ": " + endpoint::display_zmq({endpoint}) +
                                   " is reached from within its process alone; name an endpoint of "
                                   "zmq+tcp:// or zmq+ipc://"};
        }
    }
    return {};
}

/// What keeps an address from being called, told before anything is sent.
std::expected<void, std::string> check_address(const std::string& text, const std::string& option) {
    const auto address = endpoint::parse_address(text);
    if (!address) {
        return std::unexpected{address.error().message};
    }
    if (!address->is_brokerless() && address->queue.empty()) {
        return std::unexpected{"Name the server in the address, as in ...&" +
                               std::string{address->protocol->server_key} + "=ID"};
    }
    if (const auto* zmq = std::get_if<endpoint::ZmqAddress>(&address->transport)) {
        return check_reachable(*zmq, option);
    }
    if (std::holds_alternative<endpoint::MemoryAddress>(address->transport)) {
        return std::unexpected{
            option +
            ": an address in memory is reached from within its process alone; name a server's "
            "amqp://, tcp:// or other address"};
    }
    if (const auto checked = endpoint::check_tls_files(*address); !checked) {
        return std::unexpected{checked.error().message};
    }
    return {};
}

/// Who types a command wants to know soon; who says so, waits for what comes back. Over ZeroMQ,
/// where it does not matter who starts first, everybody waits.
void set_patience(const CallCommand& command, const std::string& address, ClientOptions& options) {
    constexpr std::size_t attempts = 5;
    if (command.wait) {
        options.connect_attempts = std::numeric_limits<std::uint32_t>::max();
        options.when_absent = WhenAbsent::wait;
        return;
    }
    options.when_blocked = WhenBlocked::fail;
    if (!address.starts_with("zmq")) {
        options.connect_attempts = attempts;
    }
}

/// Whom to call, of --profile or --to; what stands in the environment gives way to the former.
/// err  what to tell the user
std::expected<Profile, std::string> target_of(const CallCommand& command) {
    if (command.profile.empty()) {
        auto target = read_target(command.to);
        if (!target) {
            return std::unexpected{command.to_option + ": " + target.error()};
        }
        return target;
    }
    const char* const of_environment = own_environment("WARREN_TO");
    if (!command.to.empty() && (of_environment == nullptr || command.to != of_environment)) {
        return std::unexpected{"--profile and --to both say whom to call: give one"};
    }
    auto target = read_named_profile(command.profile);
    if (!target) {
        return std::unexpected{"--profile: " + target.error()};
    }
    return target;
}

}  // namespace

std::expected<PreparedCall, std::string> prepare_call(const CallCommand& command) {
    auto target = target_of(command);
    if (!target) {
        return std::unexpected{target.error()};
    }
    const auto timeout = core::parse_duration(
        command.timeout.empty() ? target->timeout.value_or(call_timeout_default) : command.timeout);
    if (!timeout) {
        return std::unexpected{"--timeout: " + timeout.error().message};
    }
    auto address = address_of(command, *target);
    if (!address) {
        return std::unexpected{address.error()};
    }
    PreparedCall prepared{.address = std::move(*address), .options = {.timeout = *timeout}};
    if (const auto checked = check_address(prepared.address, command.to_option); !checked) {
        return std::unexpected{checked.error()};
    }
    prepared.has_parts = !endpoint::no_parts_because(*endpoint::parse_address(prepared.address));
    set_patience(command, prepared.address, prepared.options);
    auto arguments = read_text(command.arguments);
    if (!arguments) {
        return std::unexpected{"the arguments: " + arguments.error()};
    }
    prepared.arguments = std::move(*arguments);
    auto named = read_text(command.named);
    if (!named) {
        return std::unexpected{"--named: " + named.error()};
    }
    prepared.named = named->empty() ? "null" : std::move(*named);
    auto keys = read_fernet_keys(command.fernet_keys);
    if (!keys) {
        return std::unexpected{keys.error()};
    }
    prepared.options.fernet_keys =
        command.fernet_keys.empty() ? std::move(target->fernet_keys) : std::move(*keys);
    auto secrets = read_secrets("--auth-secret", command.auth_secrets);
    if (!secrets) {
        return std::unexpected{secrets.error()};
    }
    prepared.options.auth_secrets =
        command.auth_secrets.empty() ? std::move(target->auth_secrets) : std::move(*secrets);
    return prepared;
}

}  // namespace warren::app
