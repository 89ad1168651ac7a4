#include <warren/client.hpp>

#include "app/command_table.hpp"
#include "app/commands.hpp"
#include "app/exit_code.hpp"
#include "app/interrupt.hpp"
#include "app/log.hpp"
#include "app/prepared_call.hpp"
#include "core/duration.hpp"
#include "core/utf8.hpp"
#include "endpoint/protocols/table.hpp"
#include "format/json/json.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>

namespace warren::app {
namespace {

int usage(const std::string& message) {
    std::fprintf(stderr, "error: %s\n", message.c_str());
    return exit_usage;
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
        std::fprintf(stderr, "  data: %s\n", safe_json(*data).c_str());
    }
    return exit_failed;
}

int print(Output& output, const Dynamic& data) {
    if (output.format() == OutputFormat::table) {
        output.write_table(table_of(data));
    } else if (!output.write_record(data)) {
        return report({.code = Code::internal,
                       .message = "The reply has no form in " + std::string{output.name()}});
    }
    return exit_success;
}

/// How far the call is, in the last line of a terminal, which goes before anything else is written.
class ProgressLine {
public:
    void show(const Progress& progress) {
        std::string line =
            progress.fraction
                ? fmt::format("{:3.0f} % ", std::clamp(*progress.fraction, 0., 1.) * 100)
                : std::string{};
        line += line_of(progress.text);
        std::fprintf(stderr, "\r\x1b[K%s", line.c_str());
        std::fflush(stderr);
        is_shown_.store(true);
    }
    void clear() {
        if (is_shown_.exchange(false)) {
            std::fputs("\r\x1b[K", stderr);
            std::fflush(stderr);
        }
    }

private:
    std::atomic<bool> is_shown_ = false;
};

/// How often a call was sent, and what became of it each time.
class AttemptsLine {
public:
    void take(const CallAttempt& attempt) {
        const std::scoped_lock lock{mutex_};
        attempts_ = attempt.number;
        if (attempt.failure) {
            failures_.append(failures_.empty() ? "" : ", ").append(name_of(*attempt.failure));
        }
        is_replayed_ = attempt.is_replayed;
    }
    /// Nothing of a call that was refused before it could be sent.
    void print() {
        const std::scoped_lock lock{mutex_};
        if (attempts_ != 0) {
            std::fprintf(stderr, "attempts: %u%s%s\n", attempts_,
                         failures_.empty() ? "" : (" (" + failures_ + ')').c_str(),
                         is_replayed_ ? ", replayed" : "");
        }
    }

private:
    std::mutex mutex_;  // the client's thread tells
    std::uint32_t attempts_ = 0;
    std::string failures_;
    bool is_replayed_ = false;
};

/// What --verbose has beside the outcome.
struct Told {
    std::shared_ptr<endpoint::LogQueue> log{};  // null: nothing is told
    std::shared_ptr<AttemptsLine> attempts{};   // as `log`; its client may outlive the call

    /// It comes before what is said of the outcome.
    void write_out() const {
        if (log) {
            log->flush(std::chrono::milliseconds{500});
            attempts->print();
        }
    }
};

/// Call a method, and print each part that it sends before its response.
int call_for_parts(Client& client, const CallCommand& command, const Dynamic& arguments,
                   CallOptions options, const Told& told) {
    Output output{command.output};
    // The last of it may be told when this has returned.
    const auto progress = std::make_shared<ProgressLine>();
    if (isatty(STDERR_FILENO) == 1) {
        options.on_progress = [progress](const Progress& now) { progress->show(now); };
    }
    try {
        auto parts = client.stream(command.method, arguments, options);
        while (const auto part = parts.next()) {
            progress->clear();
            if (const int code = print(output, *part); code != exit_success) {
                return code;
            }
            std::fflush(stdout);
        }
        const Dynamic response = parts.response();
        progress->clear();
        told.write_out();
        if (command.verbose) {
            std::fprintf(stderr, "message: %s\n", line_of(parts.message()).c_str());
        }
        return print(output, response);
    } catch (const Error&) {
        progress->clear();
        throw;
    }
}

int call_for_reply(Client& client, const CallCommand& command, const Dynamic& arguments,
                   const CallOptions& options, const Told& told) {
    const Reply<Dynamic> reply = client.call_for_reply(command.method, arguments, options);
    told.write_out();
    Output output{command.output};
    const Dynamic data = reply.data.value_or(Dynamic{});
    if (!reply.success) {
        return report({.code = Code::failed, .message = reply.message, .data = data});
    }
    if (command.verbose) {
        std::fprintf(stderr, "message: %s\n", line_of(reply.message).c_str());
    }
    return print(output, data);
}

int call(const CallCommand& command) {
    auto prepared = prepare_call(command);
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
    Told told;
    if (command.verbose) {
        told = {make_log(LogLevel::debug, LogFormat::text), std::make_shared<AttemptsLine>()};
    }
    prepared->options.log = told.log;
    CallOptions options{.stop = interrupt.token(),
                        .idempotent = command.idempotent,
                        .named = Dynamic{*named},
                        .idempotency_key = command.idempotency_key,
                        .traceparent = command.traceparent,
                        .tracestate = command.tracestate,
                        .baggage = command.baggage,
                        .contract = command.contract,
                        .priority = command.priority};
    if (command.verbose) {
        options.on_attempt = [attempts = told.attempts](const CallAttempt& attempt) {
            attempts->take(attempt);
        };
    }
    std::optional<Client> client;
    try {
        client.emplace(prepared->address, std::move(prepared->options));
    } catch (const Error& error) {
        return usage(error.message());
    }
    try {
        if (command.one_way) {
            client->notify(command.method, Dynamic{*arguments}, options);
            told.write_out();
            return exit_success;
        }
        return prepared->has_parts
                   ? call_for_parts(*client, command, Dynamic{*arguments}, options, told)
                   : call_for_reply(*client, command, Dynamic{*arguments}, options, told);
    } catch (const Error& error) {
        if (interrupt.is_asked()) {
            client.reset();
            told.write_out();
            interrupt.end();
        }
        told.write_out();
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

/// What a call says of itself.
void add_call_metadata(CLI::App& command, CallCommand& options) {
    command.add_option("--idempotency-key", options.idempotency_key,
                       "Which request this is, so that a server can tell when it comes twice");
    command.add_flag("--idempotent", options.idempotent,
                     "Doing it twice is as good as once: send it again when its outcome was lost");
    command.add_option("--traceparent", options.traceparent, "W3C Trace Context");
    command.add_option("--tracestate", options.tracestate,
                       "W3C Trace Context, beside a traceparent");
    command.add_option("--baggage", options.baggage, "W3C Baggage");
    command.add_option("--contract", options.contract, "The fingerprint of the contract");
    command
        .add_option("--priority", options.priority,
                    "0 to 255; at a broker, of queues with x-max-priority")
        ->check(CLI::Range(0, 255));
}

}  // namespace

void add_call(CLI::App& program, Action& action) {
    CLI::App* command = program.add_subcommand("call", "Call a method and print its data as JSON.");
    const auto options = std::make_shared<CallCommand>();
    command->add_option("method", options->method, "The method's name")
        ->type_name(value_name::method)
        ->required();
    command
        ->add_option("arguments", options->arguments,
                     "JSON: an object by name, a list by position, or one value; @FILE reads a "
                     "file, - standard input")
        ->type_name(value_name::json)
        ->required();
    command
        ->add_option("--named", options->named,
                     "JSON: an object of further arguments by name, beside a list by position "
                     "(" +
                         endpoint::list_of(&endpoint::ProtocolDescriptor::mixes_arguments) + ")")
        ->type_name(value_name::json);
    command
        ->add_option("--to", options->to,
                     "The server: amqp://[USER[:PASSWORD]@]HOST[:PORT]/[VHOST]?queue=QUEUE, " +
                         stream_forms() + "zmq+tcp://HOST:PORT[?protocol=" +
                         endpoint::list_of(&endpoint::ProtocolDescriptor::over_messages, "|") +
                         "], zmq+ipc:///PATH; @FILE reads a file, so that no password stands in "
                         "the list of processes; @NAME is a profile")
        ->type_name(value_name::address)
        ->envname("WARREN_TO");
    command
        ->add_option("--profile", options->profile,
                     "The server of this name in ~/.config/warren/profiles.yml, with its secrets; "
                     "the same as --to @NAME")
        ->type_name(value_name::profile);
    command->add_option("--timeout", options->timeout, "How long to wait, such as 5s")
        ->default_str(call_timeout_default)
        ->type_name(value_name::duration);
    command
        ->add_option("--fernet-key", options->fernet_keys,
                     "Encrypt secrets with this key, or with @FILE's; may be repeated")
        ->type_name(value_name::secret)
        ->allow_extra_args(false);
    command
        ->add_option("--auth-secret", options->auth_secrets,
                     "Sign with this secret, or with @FILE's (without a broker); may be repeated")
        ->type_name(value_name::secret)
        ->allow_extra_args(false);
    add_call_metadata(*command, *options);
    command->add_option("--ca", options->ca, "Of TLS: trust the authorities in this PEM file")
        ->type_name(value_name::file);
    command->add_flag("--insecure", options->insecure, "Of TLS: trust any certificate");
    command->add_option("--compress", options->compress,
                        "Compress what is large, both ways: zstd or gzip");
    command->add_flag("--one-way", options->one_way,
                      "Wait for no answer, only until the request is on its way; prints nothing");
    command->add_flag("--wait", options->wait,
                      "Wait for a broker, a server or room that is not there, until the time-out");
    command->add_flag(
        "--verbose", options->verbose,
        "Log to standard error what the client does, and say how often it sent the call");
    add_output(*command, options->output,
               {OutputFormat::json, OutputFormat::yaml, OutputFormat::table});
    command->callback([&action, options] { action = [options] { return call(*options); }; });
}

}  // namespace warren::app
