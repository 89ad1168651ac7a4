#include <warren/client.hpp>

#include "app/address_option.hpp"
#include "app/commands.hpp"
#include "app/exit_code.hpp"
#include "app/interrupt.hpp"
#include "app/log.hpp"
#include "app/read_file.hpp"
#include "core/duration.hpp"
#include "core/uri.hpp"
#include "core/utf8.hpp"
#include "endpoint/address/address.hpp"
#include "endpoint/protocols/table.hpp"
#include "format/fernet/fernet.hpp"
#include "format/json/json.hpp"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <expected>
#include <iostream>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace warren::app {
namespace {

struct CallCommand {
    std::string method;
    std::string arguments;
    std::string named;
    std::string to;
    std::string timeout = "60s";
    std::vector<std::string> fernet_keys;
    std::vector<std::string> auth_secrets;
    std::string ca;
    bool insecure = false;
    bool one_way = false;
    bool wait = false;
    bool verbose = false;
};

int usage(const std::string& message) {
    std::fprintf(stderr, "error: %s\n", message.c_str());
    return exit_usage;
}

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

std::optional<std::string> to_json(const Dynamic& data) {
    std::string text;
    // However deep it is: the client's limit was looked at before.
    if (!format::json_encode(data.value(), text,
                             {.depth_max = std::numeric_limits<std::size_t>::max(),
                              .numbers = format::JsonNumbers::python})) {
        return std::nullopt;
    }
    return text;
}

/// What a peer may have said, on one line: its control characters must not reach a terminal. A
/// backslash stays as it is, since messages quote patterns.
std::string line_of(std::string_view text) {
    constexpr std::size_t bytes_max = std::size_t{64} << 10;
    std::string line;
    std::string_view separator;
    for (const auto part : std::views::split(text, '\\')) {
        line.append(separator).append(core::text_for_display(std::string_view{part}, bytes_max));
        separator = "\\";
    }
    return line;
}

int report(const Failure& failure) {
    std::fprintf(stderr, "error: %s: %s\n", std::string{name_of(failure.code)}.c_str(),
                 line_of(failure.message).c_str());
    for (const FieldError& error : failure.errors) {
        const std::string location = to_string(error.location);
        std::fprintf(stderr, "  %s: %s (%s)\n",
                     location.empty() ? "request" : line_of(location).c_str(),
                     line_of(error.message).c_str(), line_of(error.type).c_str());
    }
    if (!failure.peer_text.empty()) {
        std::fprintf(stderr, "  the other side says: %s\n", failure.peer_text.c_str());
    }
    if (failure.retry_after) {
        std::fprintf(stderr, "  try again after %s\n",
                     core::to_string(*failure.retry_after).c_str());
    }
    if (const auto data = to_json(failure.data); data && !failure.data.value().is_null()) {
        std::fprintf(stderr, "  data: %s\n", data->c_str());
    }
    return exit_failed;
}

int print(const Dynamic& data) {
    const auto text = to_json(data);
    if (!text) {
        return report({.code = Code::internal, .message = "The reply has no form in JSON"});
    }
    std::printf("%s\n", text->c_str());
    return exit_success;
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
std::expected<std::string, std::string> address_of(const CallCommand& command) {
    const auto given = read_address(command.to);
    if (!given) {
        return std::unexpected{"--to: " + given.error()};
    }
    std::string address = core::with_lower_scheme(*given);
    if (address.empty()) {
        return std::unexpected{
            "--to is required: the server's address, here or in the environment as WARREN_TO"};
    }
    const bool at_broker = address.starts_with("amqp");
    if (!command.ca.empty()) {
        endpoint::add_parameter(address, at_broker ? "cacertfile" : "ca", command.ca);
    }
    if (command.insecure) {
        endpoint::add_parameter(address, "verify", at_broker ? "verify_none" : "none");
    }
    return address;
}

std::expected<void, std::string> check_reachable(const endpoint::ZmqAddress& zmq) {
    for (const std::string& endpoint : zmq.endpoints) {
        if (endpoint.starts_with("inproc:")) {
            return std::unexpected{"--to: " + endpoint::display_zmq({endpoint}) +
                                   " is reached from within its process alone; name an endpoint of "
                                   "zmq+tcp:// or zmq+ipc://"};
        }
    }
    return {};
}

/// What keeps an address from being called, told before anything is sent.
std::expected<void, std::string> check_address(const std::string& text) {
    const auto address = endpoint::parse_address(text);
    if (!address) {
        return std::unexpected{address.error().message};
    }
    if (!address->is_brokerless() && address->queue.empty()) {
        return std::unexpected{"Name the server in the address, as in ...&" +
                               std::string{address->protocol->server_key} + "=ID"};
    }
    if (const auto* zmq = std::get_if<endpoint::ZmqAddress>(&address->transport)) {
        return check_reachable(*zmq);
    }
    if (std::holds_alternative<endpoint::MemoryAddress>(address->transport)) {
        return std::unexpected{
            "--to: an address in memory is reached from within its process alone; name a server's "
            "amqp://, tcp:// or other address"};
    }
    if (const auto checked = endpoint::check_tls_files(*address); !checked) {
        return std::unexpected{checked.error().message};
    }
    return {};
}

/// What a call is made with, once all that was given is read.
struct Prepared {
    std::string address{};
    std::string arguments{};  // JSON
    std::string named{};      // JSON
    ClientOptions options{};
    std::shared_ptr<endpoint::LogQueue> log{};  // null: nowhere
};

/// Who types a command wants to know soon; who says so, waits for what comes back. Over ZeroMQ,
/// where it does not matter who starts first, everybody waits.
void set_patience(const CallCommand& command, ClientOptions& options) {
    constexpr std::size_t attempts = 5;
    if (command.wait) {
        options.connect_attempts = std::numeric_limits<std::uint32_t>::max();
        options.when_absent = WhenAbsent::wait;
        return;
    }
    options.when_blocked = WhenBlocked::fail;
    if (!command.to.starts_with("zmq")) {
        options.connect_attempts = attempts;
    }
}

std::expected<Prepared, std::string> prepare(const CallCommand& command) {
    const auto timeout = core::parse_duration(command.timeout);
    if (!timeout) {
        return std::unexpected{"--timeout: " + timeout.error().message};
    }
    auto address = address_of(command);
    if (!address) {
        return std::unexpected{address.error()};
    }
    Prepared prepared{.address = std::move(*address), .options = {.timeout = *timeout}};
    if (const auto checked = check_address(prepared.address); !checked) {
        return std::unexpected{checked.error()};
    }
    set_patience(command, prepared.options);
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
    prepared.options.fernet_keys = std::move(*keys);
    auto secrets = read_secrets("--auth-secret", command.auth_secrets);
    if (!secrets) {
        return std::unexpected{secrets.error()};
    }
    prepared.options.auth_secrets = std::move(*secrets);
    return prepared;
}

/// What was logged comes before what is said of the outcome.
void write_out(const std::shared_ptr<endpoint::LogQueue>& log) {
    if (log) {
        log->flush(std::chrono::milliseconds{500});
    }
}

int call(const CallCommand& command) {
    auto prepared = prepare(command);
    if (!prepared) {
        return usage(prepared.error());
    }
    Arena arena;
    constexpr format::JsonLimits limits{.numbers = format::JsonNumbers::python};
    const auto arguments = format::json_decode(prepared->arguments, arena, limits);
    if (!arguments) {
        return usage("the arguments: " + arguments.error().message);
    }
    const auto named = format::json_decode(prepared->named, arena, limits);
    if (!named || (!command.named.empty() && !(arguments->is_list() && named->is_map()))) {
        return usage("--named: give an object, and the arguments by position as a list");
    }
    // Not before: until now, a signal may find it reading.
    const Interrupt interrupt;
    if (command.verbose) {
        prepared->log = make_log(LogLevel::debug, LogFormat::text);
        prepared->options.log = prepared->log;
    }
    const CallOptions options{.stop = interrupt.token(), .named = Dynamic{*named}};
    std::optional<Client> client;
    try {
        client.emplace(prepared->address, std::move(prepared->options));
    } catch (const Error& error) {
        return usage(error.message());
    }
    try {
        if (command.one_way) {
            client->notify(command.method, Dynamic{*arguments}, options);
            return exit_success;
        }
        const Reply<Dynamic> reply =
            client->call_for_reply(command.method, Dynamic{*arguments}, options);
        write_out(prepared->log);
        const Dynamic data = reply.data.value_or(Dynamic{});
        if (!reply.success) {
            return report({.code = Code::failed, .message = reply.message, .data = data});
        }
        if (command.verbose) {
            std::fprintf(stderr, "message: %s\n", line_of(reply.message).c_str());
        }
        return print(data);
    } catch (const Error& error) {
        if (interrupt.is_asked()) {
            client.reset();
            write_out(prepared->log);
            interrupt.end();
        }
        write_out(prepared->log);
        return report(error.failure());
    }
}

/// "tcp://HOST:PORT, tls://HOST:PORT, ": each way to write a server on a stream.
std::string stream_forms() {
    std::string forms;
    for (const std::string_view scheme : endpoint::stream_schemes()) {
        forms.append(scheme).append("://HOST:PORT, ");
    }
    return forms;
}

}  // namespace

void add_call(CLI::App& program, Action& action) {
    CLI::App* command = program.add_subcommand("call", "Call a method and print its data as JSON.");
    const auto options = std::make_shared<CallCommand>();
    command->add_option("method", options->method, "The method's name")->required();
    command
        ->add_option("arguments", options->arguments,
                     "JSON: an object by name, a list by position, or one value; @FILE reads a "
                     "file, - standard input")
        ->required();
    command->add_option("--named", options->named,
                        "JSON: an object of further arguments by name, beside a list by position "
                        "(" +
                            endpoint::list_of(&endpoint::ProtocolDescriptor::mixes_arguments) +
                            ")");
    command
        ->add_option("--to", options->to,
                     "The server: amqp://[USER[:PASSWORD]@]HOST[:PORT]/[VHOST]?queue=QUEUE, " +
                         stream_forms() + "zmq+tcp://HOST:PORT[?protocol=" +
                         endpoint::list_of(&endpoint::ProtocolDescriptor::over_messages, "|") +
                         "], zmq+ipc:///PATH; @FILE reads a file, so that no password stands in "
                         "the list of processes")
        ->envname("WARREN_TO");
    command->add_option("--timeout", options->timeout, "How long to wait, such as 5s")
        ->capture_default_str();
    command
        ->add_option("--fernet-key", options->fernet_keys,
                     "Encrypt secrets with this key, or with @FILE's; may be repeated")
        ->allow_extra_args(false);
    command
        ->add_option("--auth-secret", options->auth_secrets,
                     "Sign with this secret, or with @FILE's (without a broker); may be repeated")
        ->allow_extra_args(false);
    command->add_option("--ca", options->ca, "Of TLS: trust the authorities in this PEM file");
    command->add_flag("--insecure", options->insecure, "Of TLS: trust any certificate");
    command->add_flag("--one-way", options->one_way,
                      "Wait for no answer, only until the request is on its way; prints nothing");
    command->add_flag("--wait", options->wait,
                      "Wait for a broker, a server or room that is not there, until the time-out");
    command->add_flag("--verbose", options->verbose, "Log to standard error what the client does");
    command->callback([&action, options] { action = [options] { return call(*options); }; });
}

}  // namespace warren::app
