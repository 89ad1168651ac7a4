#pragma once

#include "protocol/stream_protocol.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace warren::runtime {

/// Who has a secret that requests are signed under.
struct Signer {
    std::string name{};  // or the secret's key id; empty: nobody that is known
    bool is_named = false;
};

/// How the requests and responses of a stream server are read, written and signed. It never
/// changes: another one takes its place, and a call keeps the one that its request was read by.
class StreamSpeech {
public:
    /// in  signers: by the number of the key
    StreamSpeech(std::shared_ptr<protocol::StreamProtocol> protocol, std::vector<Signer> signers)
        : protocol_{std::move(protocol)}, signers_{std::move(signers)} {}

    /// thread as `StreamProtocol` has it
    protocol::StreamProtocol& protocol() const noexcept { return *protocol_; }

    /// A name that somebody gave says most, what the connection is known by more than a key's id.
    /// in   connection: who that is known to be          thread any
    std::string_view caller_of(const protocol::StreamTicket& ticket,
                               std::string_view connection) const noexcept {
        const bool is_known = ticket.key != 0 && ticket.key <= signers_.size();
        const Signer* const signer = is_known ? &signers_[ticket.key - 1U] : nullptr;
        return signer != nullptr && (signer->is_named || connection.empty()) ? signer->name
                                                                             : connection;
    }

private:
    const std::shared_ptr<protocol::StreamProtocol> protocol_;
    const std::vector<Signer> signers_;
};

}  // namespace warren::runtime
