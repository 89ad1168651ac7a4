// The tutorial's protocol: a message is read as a request and as a reply; what is accepted can be
// sent on, and is then read as the same.
#include "fuzz/message_protocol.hpp"
#include "protocol/tutorial.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace warren;
    static const auto protocol = protocol::make_tutorial_protocol("fibonacci", fuzz::limits);
    fuzz::check_message(*protocol, data, size);
    return 0;
}
