#pragma once

#include "format/fernet/fernet.hpp"

#include <cstddef>
#include <expected>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace warren::format {

/// One key at work: AES-128-CBC and HMAC-SHA256 by OpenSSL. Setting a context up costs more than a
/// short token does, so contexts are kept, as many as threads ever used this key at once.
/// thread any, also the same object
class FernetCipher {
public:
    explicit FernetCipher(const FernetKey& key);
    FernetCipher(const FernetCipher&) = delete;
    FernetCipher& operator=(const FernetCipher&) = delete;
    ~FernetCipher();

    /// in   target: exactly the padded length
    /// err  false when OpenSSL refuses
    bool encrypt(std::string_view plaintext, std::span<const std::byte, 16> iv,
                 std::span<std::byte> target) const;
    /// err  padding | unavailable
    std::expected<std::string, FernetError> decrypt(std::span<const std::byte> content,
                                                    std::span<const std::byte, 16> iv) const;
    /// err  false when OpenSSL refuses
    bool sign(std::span<const std::byte> octets, std::span<std::byte, 32> signature) const;

private:
    struct Contexts;
    class Loan;

    std::unique_ptr<Contexts> take() const;
    void release(std::unique_ptr<Contexts> contexts) const;

    FernetKey key_;
    mutable std::mutex mutex_;
    mutable std::vector<std::unique_ptr<Contexts>> idle_;
};

}  // namespace warren::format
