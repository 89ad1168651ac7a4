#include "app/address_option.hpp"

#include "transport/net/secret_file.hpp"

namespace warren::app {

std::expected<std::string, std::string> read_address(const std::string& given) {
    if (!given.starts_with('@')) {
        return given;
    }
    const std::string file = given.substr(1);
    auto address = transport::read_secret_file(file);
    if (!address) {
        return std::unexpected{"cannot read the file '" + file + "': " + address.error()};
    }
    return address;
}

}  // namespace warren::app
