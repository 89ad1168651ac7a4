#pragma once

#include <boost/asio/ip/tcp.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace warren::transport {

/// Which addresses have failed since they last did well, at whatever stage: a name's others are
/// tried before them.          thread the I/O thread
class AddressMemory {
public:
    using Address = boost::asio::ip::tcp::endpoint;

    void blame(const Address& address) {
        praise(address);
        if (blamed_.size() == addresses_max) {
            blamed_.erase(blamed_.begin());
        }
        blamed_.push_back({address, ++last_blame_});
    }
    /// It has done well.
    void praise(const Address& address) noexcept {
        std::erase_if(blamed_, [&](const Blamed& each) { return each.address == address; });
    }
    /// out  0 for one that is not blamed, otherwise the more the later it was
    std::uint64_t blame_of(const Address& address) const noexcept {
        const auto found = std::ranges::find(blamed_, address, &Blamed::address);
        return found == blamed_.end() ? 0 : found->blame;
    }

    static constexpr std::size_t addresses_max = 64;

private:
    struct Blamed {
        Address address;
        std::uint64_t blame = 0;
    };

    std::vector<Blamed> blamed_;  // the longest ago first
    std::uint64_t last_blame_ = 0;
};

}  // namespace warren::transport
