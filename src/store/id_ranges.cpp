#include "store/id_ranges.hpp"

namespace warren::store {

void IdRanges::add(std::uint64_t id) {
    if (count_++ == 0 || id != last_ + 1) {
        close();
        first_ = id;
    }
    last_ = id;
}

void IdRanges::close() {
    if (first_ == 0 || text_.size() > text_bytes_max) {
        return;
    }
    text_ += (text_.empty() ? "" : ", ") + std::to_string(first_);
    if (last_ != first_) {
        text_ += '-' + std::to_string(last_);
    }
    if (text_.size() > text_bytes_max) {
        text_ += ", ...";
    }
}

std::string IdRanges::text() const {
    IdRanges copy = *this;
    copy.close();
    return copy.text_;
}

}  // namespace warren::store
