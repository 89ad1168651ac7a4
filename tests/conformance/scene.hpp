#pragma once

#include <warren/client.hpp>
#include <warren/server.hpp>

#include "conformance/dead_port.hpp"
#include "conformance/matrix.hpp"
#include "conformance/stage.hpp"
#include "endpoint/protocols/descriptor.hpp"

#include <cstdint>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace warren::conformance {

/// Which Fernet key a client encrypts with. The server has the first two.
enum class Key : std::uint8_t { none, first, second, unknown };

/// One outcome as a line that is the same on every cell: what names a broker or a time is left out.
std::string line_of(const std::expected<Dynamic, Failure>& outcome);
std::string line_of(const Failure& failure);
std::string json_of(const Dynamic& value);
/// err  throws std::invalid_argument: JSON in the suite is the suite's own
Dynamic from_json(std::string_view text);

/// A call on its way.
class Started {
public:
    Started(Client& client, std::string_view method, const Dynamic& arguments);
    void cancel() { stop_.request_stop(); }
    std::expected<Dynamic, Failure> wait() { return outcome_.get(); }

private:
    std::stop_source stop_;
    std::future<std::expected<Dynamic, Failure>> outcome_;
};

/// A server at one end of a cell, and clients at the other.
class Scene {
public:
    /// No multiple of 4096, a length that one of the protocols avoids.
    static constexpr std::size_t body_bytes_max = 262'200;

    /// err  throws what the server and the example modules throw
    explicit Scene(const Cell& cell);
    ~Scene();
    Scene(const Scene&) = delete;
    Scene& operator=(const Scene&) = delete;

    const ProtocolTraits& traits() const noexcept { return cell_.traits; }
    Stage& stage() noexcept { return stage_; }
    /// Connected once, to where the method is served.
    Client& client(std::string_view method, Key key = Key::none);
    /// End a client that was connected.
    void end_client(std::string_view method, Key key);
    /// That says of itself that it is Warren's, where the protocol needs to be told; in
    /// further: parameters of its address, as in "compress=zstd".
    /// err  throws Error: a parameter that the protocol refuses
    Client& client_of_warren(std::string_view method, std::string_view further = {});
    /// To where nobody serves.
    Client& client_of_nobody();

    /// As the protocol has them.
    Dynamic arguments_of(std::string_view method, Dynamic by_name) const;
    std::string call(std::string_view method, std::string_view arguments, Key key = Key::none);

private:
    bool has_one_method() const noexcept {
        return protocol_.method == endpoint::MethodSource::by_listener;
    }
    std::string queue_of(std::string_view method) const;
    std::string client_address(const std::string& queue) const;
    std::string address_at_listener(const std::string& queue) const;
    ClientOptions client_options() const;
    void listen(std::string queue, std::vector<std::string> methods);

    const Cell& cell_;
    const endpoint::ProtocolDescriptor& protocol_;
    std::vector<std::string> queues_;  // of each listener
    DeadPort nobody_;
    Stage stage_;
    Server server_;
    std::map<std::pair<std::string, Key>, std::unique_ptr<Client>> clients_;
};

}  // namespace warren::conformance
