#include "store/queue_record.hpp"

#include <openssl/evp.h>

#include <array>
#include <charconv>
#include <cstring>
#include <memory>
#include <system_error>

namespace warren::store {
namespace {

constexpr std::string_view magic = "warren-buffer-2 ";
constexpr std::size_t identity_characters = 32;
constexpr std::uint64_t id_of_records = 0;  // no entry's

struct FreeDigest {
    void operator()(EVP_MD_CTX* digest) const noexcept { EVP_MD_CTX_free(digest); }
};

/// The numbers of a record, in their order.
template <typename Record>
auto numbers_of(Record& record) {
    return std::array{&record.commits,
                      &record.first_id,
                      &record.last_id,
                      &record.totals.entries,
                      &record.totals.bytes,
                      &record.totals.failed_entries,
                      &record.totals.failed_bytes,
                      &record.totals.failed_discarded,
                      &record.totals.damaged_entries};
}

bool read_number(std::string_view& text, std::uint64_t& number) noexcept {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const auto length = static_cast<std::size_t>(end - text.data());
    if (error != std::errc{} || length >= text.size() || text[length] != ' ') {
        return false;
    }
    text.remove_prefix(length + 1);
    return true;
}

}  // namespace

std::int64_t checksum_of(std::string_view identity, std::uint64_t id, std::string_view bytes) {
    thread_local const std::unique_ptr<EVP_MD_CTX, FreeDigest> digest{EVP_MD_CTX_new()};
    std::array<unsigned char, sizeof id> number;
    for (std::size_t i = 0; i < number.size(); ++i) {
        number[i] = static_cast<unsigned char>(id >> (8 * i));
    }
    std::array<unsigned char, EVP_MAX_MD_SIZE> all{};
    EVP_DigestInit_ex(digest.get(), EVP_sha256(), nullptr);
    EVP_DigestUpdate(digest.get(), identity.data(), identity.size());
    EVP_DigestUpdate(digest.get(), number.data(), number.size());
    EVP_DigestUpdate(digest.get(), bytes.data(), bytes.size());
    EVP_DigestFinal_ex(digest.get(), all.data(), nullptr);
    std::int64_t first = 0;
    std::memcpy(&first, all.data(), sizeof first);
    return first;
}

std::string encode(const QueueRecord& record) {
    std::string text{magic};
    text += record.identity + ' ';
    for (const std::uint64_t* const number : numbers_of(record)) {
        text += std::to_string(*number) + ' ';
    }
    const auto checksum =
        static_cast<std::uint64_t>(checksum_of(record.identity, id_of_records, text));
    return text + std::to_string(checksum) + " \n";
}

std::optional<QueueRecord> decode_record(std::string_view text) {
    const std::string_view all = text;
    if (!text.starts_with(magic) || text.size() < magic.size() + identity_characters + 1) {
        return std::nullopt;
    }
    text.remove_prefix(magic.size());
    QueueRecord record{.identity = std::string{text.substr(0, identity_characters)}};
    text.remove_prefix(identity_characters + 1);
    for (std::uint64_t* const number : numbers_of(record)) {
        if (!read_number(text, *number)) {
            return std::nullopt;
        }
    }
    const std::string_view summed = all.substr(0, all.size() - text.size());
    std::uint64_t checksum = 0;
    if (!read_number(text, checksum) || checksum != static_cast<std::uint64_t>(checksum_of(
                                                        record.identity, id_of_records, summed))) {
        return std::nullopt;
    }
    return record;
}

}  // namespace warren::store
