// A server's connection from its first byte to its end, in MessagePack-RPC and arrpc: the first
// byte chooses the protocol, the second how the rest is cut into pieces, the third after how many
// pieces the peer is gone. Every request that wants a response gets one, nothing follows the end,
// and how the bytes were cut changes no byte of the responses.
#include <warren/method.hpp>

#include "core/limits.hpp"
#include "protocol/arrpc_protocol.hpp"
#include "protocol/msgpack_rpc_protocol.hpp"
#include "runtime/server/stream_server.hpp"
#include "transport/memory/virtual_executor.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace warren;
using State = protocol::StreamStep::State;
using Octets = std::span<const std::byte>;
using Ids = std::vector<std::uint32_t>;

constexpr std::int64_t unix_ms = 1'700'000'000'000;
const core::Limits limits{
    .body_bytes_max = 50'000, .nesting_depth_max = 40, .value_count_max = 5'000};

void check(bool holds, std::source_location where = std::source_location::current()) {
    if (!holds) {
        std::fprintf(stderr, "line %u does not hold\n", unsigned{where.line()});
        std::abort();
    }
}

std::unique_ptr<protocol::StreamProtocol> make_protocol(std::uint8_t choice) {
    switch (choice % 3) {
    case 0:
        return protocol::make_msgpack_rpc_protocol({}, limits);
    case 1:
        return protocol::make_arrpc_protocol("echo", {}, limits);
    default:
        return protocol::make_arrpc_protocol("echo", {"s3cret", "older"}, limits);
    }
}

struct NoLog final : Log {
    void write(LogLevel, std::string_view) override {}
};

class Port final : public runtime::StreamAcceptor {
public:
    explicit Port(runtime::Executor& executor) : executor_{executor} {}
    runtime::Executor& executor() noexcept override { return executor_; }
    void stop_listening() override {}

private:
    runtime::Executor& executor_;
};

class Connection final : public runtime::StreamConnection {
public:
    Connection(runtime::Executor& executor, runtime::StreamAcceptorSink& sink)
        : executor_{executor}, session_{sink.on_connected(*this)} {}

    std::string& output() noexcept override { return output_; }
    void touch() override {}
    void pause() override { paused_ = true; }
    void resume() override {
        paused_ = false;
        executor_.post([this] { offer(); });
    }
    void close_after_output() override { end(); }
    std::string_view peer_identity() const noexcept override { return "fuzzer"; }

    /// What was answered before has left, and more comes.
    void receive(Octets bytes) {
        session_->on_unsent(0);
        input_.insert(input_.end(), bytes.begin(), bytes.end());
        offer();
    }
    void lose() {
        session_->on_closed({.code = Code::connection_lost, .message = "cut"});
        session_.reset();
        end();
    }
    bool is_closing() const noexcept { return closing_; }
    /// All that was answered.
    const std::string& responses() const {
        check(!closing_ || at_end_ == output_);
        check(session_ == nullptr || !session_->is_busy());
        return output_;
    }

private:
    void end() {
        if (!std::exchange(closing_, true)) {
            at_end_ = output_;
        }
    }
    void offer() {
        while (!paused_ && !closing_ && !input_.empty() && input_.size() >= wanted_) {
            const auto taken = session_->on_input(input_);
            check(taken.bytes <= input_.size() && taken.wanted_bytes > 0);
            input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(taken.bytes));
            wanted_ = taken.wanted_bytes;
            if (taken.bytes == 0) {
                break;
            }
        }
    }

    runtime::Executor& executor_;
    std::vector<std::byte> input_;
    std::string output_;
    std::string at_end_;
    std::size_t wanted_ = 1;
    bool paused_ = false;
    bool closing_ = false;
    std::unique_ptr<runtime::StreamSession> session_;
};

/// How a peer sends its bytes.
struct Pieces {
    std::size_t cut = 0;              // 0: all at once; else pieces of 1 to so many bytes
    std::size_t sent_max = SIZE_MAX;  // pieces; then the connection breaks
};

class Server {
public:
    Server(std::uint8_t choice, Execution execution, runtime::StreamServerOptions options)
        : protocol_{make_protocol(choice)} {
        for (const char* const name : {"echo", "add"}) {
            auto method = registry_.method(name, [](Dynamic value) { return value; }, {"value"});
            if (execution == Execution::io_thread) {
                method.run_on_io_thread();
            }
        }
        options.listener.methods = registry_.all();
        server_.emplace(*protocol_, transport_, dispatcher_, log_, std::move(options));
        connection_.emplace(executor_, *server_);
    }
    ~Server() {
        server_->stop_now();
        run();
    }

    /// out  all that it answered
    const std::string& response(Octets input, Pieces pieces) {
        std::size_t sent = 0;
        std::uint32_t random = static_cast<std::uint32_t>(pieces.cut);
        while (!input.empty() && !connection_->is_closing()) {
            if (sent++ == pieces.sent_max) {
                connection_->lose();
                break;
            }
            random = random * 1'664'525 + 1'013'904'223;
            const std::size_t size =
                pieces.cut == 0
                    ? input.size()
                    : std::min<std::size_t>(input.size(), (random >> 16) % pieces.cut + 1);
            connection_->receive(input.first(size));
            input = input.subspan(size);
            // Handlers end now, or while more comes.
            if ((random & 0x8000) != 0) {
                run();
            }
        }
        run();
        return connection_->responses();
    }

private:
    void run() {
        do {
            executor_.run_until_idle();
        } while (workers_.run_all() > 0);
    }

    transport::VirtualExecutor executor_;
    NoLog log_;
    Registry registry_;
    runtime::ManualWorkers workers_;
    runtime::Dispatcher dispatcher_{workers_, executor_, log_, limits};
    Port transport_{executor_};
    std::unique_ptr<protocol::StreamProtocol> protocol_;
    std::optional<runtime::StreamServer> server_;
    std::optional<Connection> connection_;
};

/// The requests of a stream that want a response, up to its end or its first break.
struct Asked {
    Ids ids{};
    // By a break, or in a request that is over a limit.
    bool is_cut_short = false;

    /// What is wrong is seen once the bytes are there that the message must have at the least, so
    /// it depends on the cuts whether it is.
    bool is_answered_by(std::size_t responses) const {
        return responses == ids.size() || (is_cut_short && responses + 1 == ids.size());
    }
};

/// Whether the decoder passes over what is still to come of its last request.
bool is_skipping(protocol::StreamCallDecoder& decoder, Octets rest, Arena& arena) {
    std::vector<std::byte> more{rest.begin(), rest.end()};
    more.insert(more.end(), 16, std::byte{0xC0});  // nil, behind which it goes on
    return decoder.next(more, unix_ms, arena).state == State::skipped;
}

Asked asked(std::uint8_t choice, Octets input) {
    const auto protocol = make_protocol(choice);
    const auto decoder = protocol->make_call_decoder();
    Arena arena;
    Asked all;
    while (!input.empty()) {
        const protocol::StreamStep step = decoder->next(input, unix_ms, arena);
        if (step.state == State::need_more) {
            break;
        }
        all.is_cut_short = step.state == State::broken;
        if (decoder->ticket.wants_response) {
            all.ids.push_back(decoder->ticket.id);
        }
        if (all.is_cut_short) {
            return all;
        }
        check(step.size_bytes > 0 && step.size_bytes <= input.size());
        input = input.subspan(step.size_bytes);
    }
    all.is_cut_short = is_skipping(*decoder, input, arena);
    return all;
}

Ids answered(std::uint8_t choice, std::string_view output) {
    const auto protocol = make_protocol(choice);
    const auto decoder = protocol->make_response_decoder();
    Octets rest = std::as_bytes(std::span{output});
    Arena arena;
    Ids ids;
    while (!rest.empty()) {
        const protocol::StreamStep step = decoder->next(rest, unix_ms, arena);
        check(step.state == State::complete);
        (void)decoder->response({.id = decoder->id()});
        ids.push_back(decoder->id());
        rest = rest.subspan(step.size_bytes);
    }
    return ids;
}

/// Whether each answer is to another of these requests.
bool answers_once(Ids requests, Ids responses) {
    std::ranges::sort(requests);
    std::ranges::sort(responses);
    return std::ranges::includes(requests, responses);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3) {
        return 0;
    }
    const std::uint8_t choice = data[0];
    // Of arrpc a message is all that a read brings, so that the cuts are a part of it.
    const std::size_t cut = choice % 3 == 0 ? data[1] : 0;
    const Octets input = std::as_bytes(std::span{data, size}.subspan(3));
    const Asked requests = asked(choice, input);
    {
        Server whole{choice, Execution::io_thread, {}};
        Server cut_up{choice, Execution::io_thread, {.turn_output_bytes_max = 64}};
        const std::string& responses = whole.response(input, {});
        check(answered(choice, responses) == requests.ids);
        const std::string& same = cut_up.response(input, {.cut = cut});
        check(responses.starts_with(same));
        check(responses.size() == same.size() || requests.is_cut_short);
        check(requests.is_answered_by(answered(choice, same).size()));
    }
    const runtime::StreamServerOptions narrow{.limits = {.in_flight_per_connection_max = 3,
                                                         .in_flight_bytes_max = 200,
                                                         .responses_bytes_per_connection_max = 300,
                                                         .answers_bytes_max = 400}};
    {
        Server busy{choice, Execution::worker, narrow};
        const Ids responses = answered(choice, busy.response(input, {.cut = cut}));
        check(requests.is_answered_by(responses.size()));
        check(answers_once(requests.ids, responses));
    }
    Server left{choice, Execution::worker, narrow};
    check(answers_once(requests.ids,
                       answered(choice, left.response(input, {.cut = cut, .sent_max = data[2]}))));
    return 0;
}
