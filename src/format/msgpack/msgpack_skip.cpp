#include "format/msgpack/msgpack_skip.hpp"

#include "format/msgpack/msgpack_head.hpp"

#include <algorithm>

namespace warren::format {

std::size_t MsgpackSkip::resume(std::span<const std::byte> input) noexcept {
    std::size_t at = 0;
    while (!is_over()) {
        const std::uint64_t skipped = std::min<std::uint64_t>(body_bytes_, input.size() - at);
        at += static_cast<std::size_t>(skipped);
        body_bytes_ -= skipped;
        MsgpackHead head;
        if (body_bytes_ != 0 || heads_ == 0 || at == input.size() ||
            !msgpack_read_head(input.subspan(at), head) ||
            head.kind == MsgpackHead::Kind::never_used) {
            break;
        }
        at += head.size_bytes;
        --heads_;
        switch (head.kind) {
        case MsgpackHead::Kind::list:
            heads_ += head.bits;
            break;
        case MsgpackHead::Kind::map:
            heads_ += 2 * head.bits;
            break;
        case MsgpackHead::Kind::text:
        case MsgpackHead::Kind::bytes:
        case MsgpackHead::Kind::extension:
            body_bytes_ = head.bits;
            break;
        case MsgpackHead::Kind::null:
        case MsgpackHead::Kind::boolean:
        case MsgpackHead::Kind::int64:
        case MsgpackHead::Kind::uint64:
        case MsgpackHead::Kind::float64:
        case MsgpackHead::Kind::never_used:
            break;
        }
    }
    return at;
}

}  // namespace warren::format
