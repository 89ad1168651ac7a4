#include "store/call_record.hpp"

#include <openssl/sha.h>

namespace warren::store {

RequestHash request_hash(std::string_view method, std::string_view arguments) {
    std::string bytes;
    bytes.reserve(method.size() + 1 + arguments.size());
    // No method's name holds a NUL.
    bytes.append(method).append(1, '\0').append(arguments);
    RequestHash hash{};
    SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
           reinterpret_cast<unsigned char*>(hash.data()));
    return hash;
}

}  // namespace warren::store
