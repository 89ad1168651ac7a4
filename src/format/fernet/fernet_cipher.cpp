#include "format/fernet/fernet_cipher.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <array>
#include <utility>

namespace warren::format {
namespace {

template <auto free_function>
struct Free {
    template <typename Object>
    void operator()(Object* object) const noexcept {
        free_function(object);
    }
};

using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, Free<EVP_CIPHER_CTX_free>>;
using MacContext = std::unique_ptr<EVP_MAC_CTX, Free<EVP_MAC_CTX_free>>;

/// Looked up once per process: a fetch takes locks and walks OpenSSL's providers. Never freed, as
/// OpenSSL's own exit handlers may run first.
struct Algorithms {
    EVP_CIPHER* cipher = EVP_CIPHER_fetch(nullptr, "AES-128-CBC", nullptr);
    EVP_MAC* mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
};

const Algorithms& algorithms() {
    static const Algorithms fetched;
    return fetched;
}

const unsigned char* octets_of(std::span<const std::byte> octets) noexcept {
    return reinterpret_cast<const unsigned char*>(octets.data());
}

unsigned char* writable_octets_of(std::span<std::byte> octets) noexcept {
    return reinterpret_cast<unsigned char*>(octets.data());
}

}  // namespace

/// The key schedules are in the contexts, so a use sets no more than the IV.
struct FernetCipher::Contexts {
    explicit Contexts(const FernetKey& key)
        : encrypting{EVP_CIPHER_CTX_new()}, decrypting{EVP_CIPHER_CTX_new()} {
        char digest[] = "SHA256";
        const std::array parameters{
            OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
            OSSL_PARAM_construct_end()};
        const unsigned char* encryption_key = octets_of(key.encryption_key());
        const auto signing_key = key.signing_key();
        mac.reset(algorithms().mac != nullptr ? EVP_MAC_CTX_new(algorithms().mac) : nullptr);
        usable = algorithms().cipher != nullptr && encrypting && decrypting && mac &&
                 EVP_EncryptInit_ex2(encrypting.get(), algorithms().cipher, encryption_key, nullptr,
                                     nullptr) == 1 &&
                 EVP_DecryptInit_ex2(decrypting.get(), algorithms().cipher, encryption_key, nullptr,
                                     nullptr) == 1 &&
                 EVP_MAC_init(mac.get(), octets_of(signing_key), signing_key.size(),
                              parameters.data()) == 1;
    }

    CipherContext encrypting;
    CipherContext decrypting;
    MacContext mac;
    bool usable = false;
};

/// Contexts for one use.
class FernetCipher::Loan {
public:
    explicit Loan(const FernetCipher& owner) : owner_{owner}, contexts_{owner.take()} {}
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    ~Loan() { owner_.release(std::move(contexts_)); }

    bool usable() const noexcept { return contexts_->usable; }
    Contexts* operator->() const noexcept { return contexts_.get(); }

private:
    const FernetCipher& owner_;
    std::unique_ptr<Contexts> contexts_;
};

FernetCipher::FernetCipher(const FernetKey& key) : key_{key} {}

FernetCipher::~FernetCipher() = default;

std::unique_ptr<FernetCipher::Contexts> FernetCipher::take() const {
    {
        const std::lock_guard lock{mutex_};
        if (!idle_.empty()) {
            auto contexts = std::move(idle_.back());
            idle_.pop_back();
            return contexts;
        }
    }
    return std::make_unique<Contexts>(key_);
}

void FernetCipher::release(std::unique_ptr<Contexts> contexts) const {
    if (contexts->usable) {
        const std::lock_guard lock{mutex_};
        idle_.push_back(std::move(contexts));
    }
}

bool FernetCipher::encrypt(std::string_view plaintext, std::span<const std::byte, 16> iv,
                           std::span<std::byte> target) const {
    const Loan contexts{*this};
    int written = 0;
    int last = 0;
    return contexts.usable() &&
           EVP_EncryptInit_ex2(contexts->encrypting.get(), nullptr, nullptr, octets_of(iv),
                               nullptr) == 1 &&
           EVP_EncryptUpdate(contexts->encrypting.get(), writable_octets_of(target), &written,
                             reinterpret_cast<const unsigned char*>(plaintext.data()),
                             static_cast<int>(plaintext.size())) == 1 &&
           EVP_EncryptFinal_ex(contexts->encrypting.get(), writable_octets_of(target) + written,
                               &last) == 1 &&
           static_cast<std::size_t>(written) + static_cast<std::size_t>(last) == target.size();
}

std::expected<std::string, FernetError> FernetCipher::decrypt(
    std::span<const std::byte> content, std::span<const std::byte, 16> iv) const {
    const Loan contexts{*this};
    // The last update may write up to a block more than it keeps.
    std::string plaintext(content.size() + 16, '\0');
    auto* target = reinterpret_cast<unsigned char*>(plaintext.data());
    int written = 0;
    int last = 0;
    if (!contexts.usable() ||
        EVP_DecryptInit_ex2(contexts->decrypting.get(), nullptr, nullptr, octets_of(iv), nullptr) !=
            1 ||
        EVP_DecryptUpdate(contexts->decrypting.get(), target, &written, octets_of(content),
                          static_cast<int>(content.size())) != 1) {
        OPENSSL_cleanse(plaintext.data(), plaintext.size());
        return std::unexpected{FernetError::unavailable};
    }
    if (EVP_DecryptFinal_ex(contexts->decrypting.get(), target + written, &last) != 1) {
        OPENSSL_cleanse(plaintext.data(), plaintext.size());
        return std::unexpected{FernetError::padding};
    }
    plaintext.resize(static_cast<std::size_t>(written) + static_cast<std::size_t>(last));
    return plaintext;
}

bool FernetCipher::sign(std::span<const std::byte> octets,
                        std::span<std::byte, 32> signature) const {
    const Loan contexts{*this};
    const auto signing_key = key_.signing_key();
    std::size_t size = 0;
    // The key goes in again: to start anew without one was not the same in every OpenSSL 3.0.
    return contexts.usable() &&
           EVP_MAC_init(contexts->mac.get(), octets_of(signing_key), signing_key.size(), nullptr) ==
               1 &&
           EVP_MAC_update(contexts->mac.get(), octets_of(octets), octets.size()) == 1 &&
           EVP_MAC_final(contexts->mac.get(), writable_octets_of(signature), &size,
                         signature.size()) == 1 &&
           size == signature.size();
}

}  // namespace warren::format
