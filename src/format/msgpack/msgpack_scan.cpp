#include "format/msgpack/msgpack_scan.hpp"

#include "format/msgpack/msgpack_head.hpp"

namespace warren::format {

void MsgpackScan::reset() noexcept {
    at_ = 0;
    pending_ = 1;
    count_ = 1;
    wanted_ = 1;
    fault_ = MsgpackFault::none;
    open_.clear();
}

MsgpackScan::State MsgpackScan::refuse(MsgpackFault fault) noexcept {
    fault_ = fault;
    return State::refused;
}

MsgpackScan::State MsgpackScan::open(std::uint64_t items, std::uint64_t values) {
    if (open_.size() == limits_.depth_max) {
        return refuse(MsgpackFault::depth_over_limit);
    }
    if (values > limits_.value_count_max - count_) {
        return refuse(MsgpackFault::count_over_limit);
    }
    count_ += values;
    pending_ += items;
    if (items == 0) {
        item_ends();
    } else {
        open_.push_back(items);
    }
    return State::complete;
}

void MsgpackScan::item_ends() noexcept {
    while (!open_.empty() && --open_.back() == 0) {
        open_.pop_back();
    }
}

MsgpackScan::State MsgpackScan::resume(std::span<const std::byte> input) {
    if (fault_ != MsgpackFault::none) {
        return State::refused;
    }
    if (limits_.value_count_max == 0) {
        return refuse(MsgpackFault::count_over_limit);
    }
    while (pending_ != 0) {
        MsgpackHead head;
        if (at_ >= input.size() || !msgpack_read_head(input.subspan(at_), head)) {
            // A head that is cut has at least one byte more than there is.
            wanted_ = at_ < input.size() ? input.size() + 1 : at_ + pending_;
            return wanted_ > limits_.bytes_max ? refuse(MsgpackFault::bytes_over_limit)
                                               : State::need_more;
        }
        if (at_ + head.size_bytes > limits_.bytes_max) {
            return refuse(MsgpackFault::bytes_over_limit);
        }
        --pending_;
        std::uint64_t body_bytes = 0;
        switch (head.kind) {
        case MsgpackHead::Kind::never_used:
            return refuse(MsgpackFault::never_used_byte);
        case MsgpackHead::Kind::list:
            if (open(head.bits, head.bits) == State::refused) {
                return State::refused;
            }
            break;
        case MsgpackHead::Kind::map:
            if (open(2 * head.bits, head.bits) == State::refused) {
                return State::refused;
            }
            break;
        case MsgpackHead::Kind::text:
        case MsgpackHead::Kind::bytes:
        case MsgpackHead::Kind::extension:
            body_bytes = head.bits;
            item_ends();
            break;
        case MsgpackHead::Kind::null:
        case MsgpackHead::Kind::boolean:
        case MsgpackHead::Kind::int64:
        case MsgpackHead::Kind::uint64:
        case MsgpackHead::Kind::float64:
            item_ends();
            break;
        }
        if (at_ + head.size_bytes + body_bytes + pending_ > limits_.bytes_max) {
            return refuse(MsgpackFault::bytes_over_limit);
        }
        at_ += head.size_bytes + body_bytes;
    }
    wanted_ = at_;
    return at_ <= input.size() ? State::complete : State::need_more;
}

}  // namespace warren::format
